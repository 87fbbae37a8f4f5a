import { BACKUP_PLANS } from './cluster/backup-plans.ts';
import type { InnerTrust } from '../../src/core/node-identity.ts';
import { isRejected } from '../../src/core/errors.ts';
import type { HostFacts } from '../../src/core/host-values.ts';
import { contains, parseAddress, parseNetwork } from '../../src/core/ip.ts';
import type { IpRange } from '../../src/model/networks/ip-range.ts';
import type { Machine, MachineInterface } from '../../src/model/machines/machine.ts';
import type { Reservation } from '../../src/model/networks/reservation.ts';
import { COPY_KEY, type SigningKey } from '../../src/model/names/tsig-key.ts';
import type { DhcpSnippet } from '../../src/model/networks/dhcp-snippet.ts';
import { DEFAULT_SETTINGS } from '../../src/model/site/settings.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Subnet } from '../../src/model/networks/subnet.ts';
import type { Vlan } from '../../src/model/networks/vlan.ts';
import type { Cluster, Node, Recovered } from '../../src/model/cluster/node.ts';
import type { Domain } from '../../src/model/names/domain.ts';
import type { MachineStage } from '../../src/model/machines/stage.ts';
import type { DefaultImage } from '../../src/model/images/image.ts';
import type { RackNode } from '../../src/model/networks/serving.ts';

/** Wall time of every golden, in seconds: the first serial of each zone. */
export const GOLDEN_SECONDS = 1_790_000_000;

/** Facts of a host as the goldens see it. */
export const FACTS: HostFacts = {
  hostname: 'r1',
  os: { id: 'debian', version: '13' },
  isContainer: false,
  interfaces: [
    { name: 'eth0', mac: '52:54:00:00:00:01', addresses: ['10.77.0.11/24'], index: 2, isUp: true, hasCarrier: true },
    { name: 'eth1', mac: '52:54:00:00:00:02', addresses: ['10.10.10.1'], index: 3, isUp: true, hasCarrier: true },
    {
      name: 'eth2',
      mac: '52:54:00:00:00:03',
      addresses: ['10.20.0.1', '10.0.255.254', '198.51.100.1'],
      index: 4,
      isUp: true,
      hasCarrier: true,
    },
  ],
  versions: {},
};

/** The node that every case has. */
export const R1: Node = {
  id: 'n-r1',
  name: 'r1',
  isRegion: true,
  isRack: true,
  addresses: ['10.77.0.11'],
  state: 'member',
};

/** An accepted rack by its number and node; its UUID ends in the number. */
export function aRack(number: number, nodeId: string, isMaster = false): RackNode {
  return { uuid: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`, number, nodeId, isMaster };
}

/** One node, the default domain, nothing else. */
export function emptySnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    revision: 1,
    observed: 0,
    settings: DEFAULT_SETTINGS,
    cluster: null,
    nodes: [R1],
    racks: [aRack(1, R1.id, true)],
    attachments: [],
    vlans: [],
    subnets: [],
    ranges: [],
    reservations: [],
    leaseNames: [],
    domains: [aDomain(1, 'regent.internal')],
    records: [],
    machines: [],
    versions: [],
    restarts: [],
    ...changes,
  };
}

/** What region nodes share; without a floating address unless `changes` say so. */
export function aCluster(changes: Partial<Cluster> = {}): Cluster {
  return { id: 'regent-0f3a9c21', vip: null, virtualRouter: 51, isSeed: false, ...changes };
}

/** Of a cluster that was made anew from r2. Its signature is a text of the same form. */
const RECOVERED: Recovered = {
  epoch: '2/4f2e90ab@1790000000123',
  id: '4f2e90ab',
  signature: 'MEUCIQDrZWNvdmVyZWQgZm9yIGEgdGVzdCwgc2lnbmVkIGJ5IG5vYm9keQIgAAAAAAAAAAA=',
  lost: [
    { name: 'r1', address: '10.77.0.31' },
    { name: 'r3', address: '10.77.0.33' },
  ],
};

/** An authority whose key nobody has, and its empty list; etcd reads both. Made once with openssl, for a hundred years. */
const INNER: InnerTrust = {
  authority: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBmTCCAT+gAwIBAgIUCeY7BRfqkOWKvvSYw7O9T7rwdAowCgYIKoZIzj0EAwIw',
    'GTEXMBUGA1UEAwwOcmVnZW50LWdvbGRlbnMwIBcNMjYxMTMwMTMzMzI5WhgPMjEy',
    'NjExMDYxMzMzMjlaMBkxFzAVBgNVBAMMDnJlZ2VudC1nb2xkZW5zMFkwEwYHKoZI',
    'zj0CAQYIKoZIzj0DAQcDQgAEkgXx7GfjAw41xhO01tlLYg/76sjJY61j/5W2zbB3',
    '0vwbAIUTi4QjBViNExibuvzbqUxFqOAsW6pRFKYcGM4qwaNjMGEwHQYDVR0OBBYE',
    'FK12GH/kRHE/T/btoUjBKbcSUwUZMB8GA1UdIwQYMBaAFK12GH/kRHE/T/btoUjB',
    'KbcSUwUZMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49',
    'BAMCA0gAMEUCIGyDT7sG81ALQAvIB0RhfOhk0O0Gyol6dqsmheH1SQSLAiEAmy6G',
    'RjkjiaWBS+DkfQJ30BqTFzkXthsoOZ3AEgJF27I=',
    '-----END CERTIFICATE-----',
    '',
  ].join('\n'),
  revocations: [
    '-----BEGIN X509 CRL-----',
    'MIGyMFoCAQEwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOcmVnZW50LWdvbGRlbnMX',
    'DTI2MTEzMDEzMzMyOVoYDzIxMjYxMTA2MTMzMzI5WqAOMAwwCgYDVR0UBAMCAQEw',
    'CgYIKoZIzj0EAwIDSAAwRQIgUeWBuvIQZ4eCZ9KfmHQPRBqEBvFJR6D1/ZcjxlXV',
    'j2cCIQDoKAnGEQjFuYPcqwBQcCv+vo8flxNqG5JgOAbIjs/h6Q==',
    '-----END X509 CRL-----',
    '',
  ].join('\n'),
  serials: ['4a0b', '5c0d'],
};

/** A key that no site has. */
export function aCopyKey(changes: Partial<SigningKey> = {}): SigningKey {
  const secret = 'bm90IGEgc2VjcmV0LCBvbmx5IGEgdGVzdCB2YWx1ZSE=';
  return { name: COPY_KEY, algorithm: 'hmac-sha256', secret, number: 1, ...changes };
}

/** The lab's cluster: region nodes r1–r3 with a floating address, racks k1 and k2. `changes` last. */
export function clusterSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const region = (number: number): Node => ({
    id: `n-r${number}`,
    name: `r${number}`,
    isRegion: true,
    isRack: false,
    addresses: [`10.77.0.1${number}`],
    state: 'member',
  });
  const rack = (number: number): Node => ({
    ...region(number),
    id: `n-k${number}`,
    name: `k${number}`,
    isRegion: false,
    isRack: true,
    addresses: [`10.77.0.2${number}`],
  });
  return emptySnapshot({
    cluster: aCluster({ vip: '10.77.0.10/24' }),
    nodes: [rack(1), rack(2), region(1), region(2), region(3)],
    racks: [aRack(1, 'n-k1', true), aRack(2, 'n-k2')],
    copyKey: aCopyKey(),
    ...changes,
  });
}

/** The lab's cluster, of which r1 is a rack, too: with k2 it serves two VLANs, each the primary one of one of them. */
function pairedSnapshot(): Snapshot {
  const cluster = clusterSnapshot();
  const [r1, k2] = [aRack(1, 'n-r1', true), aRack(2, 'n-k2')];
  const onVlan = (nodeId: string, id: number, host: number) => ({
    nodeId,
    vlanId: id,
    interface: `eth${id}`,
    addresses: [id === 1 ? `10.10.10.${host}/24` : `10.20.0.${host}/16`],
  });
  return {
    ...cluster,
    nodes: cluster.nodes.map((node) => (node.name === 'r1' ? { ...node, isRack: true } : node)),
    racks: [r1, k2],
    vlans: [
      aVlan(1, 10, { dhcpOn: true, primaryRackId: r1.uuid, secondaryRackId: k2.uuid }),
      aVlan(2, 20, { dhcpOn: true, primaryRackId: k2.uuid, secondaryRackId: r1.uuid }),
    ],
    subnets: [aSubnet(1, 'web', '10.10.10.0/24'), aSubnet(2, 'store', '10.20.0.0/16', { vlanId: 2 })],
    ranges: [
      { id: 1, subnetId: 1, kind: 'dynamic', first: '10.10.10.100', last: '10.10.10.199', comment: '' },
      { id: 2, subnetId: 2, kind: 'dynamic', first: '10.20.1.0', last: '10.20.1.255', comment: '' },
    ],
    attachments: [onVlan('n-k2', 1, 2), onVlan('n-k2', 2, 2), onVlan('n-r1', 1, 1), onVlan('n-r1', 2, 1)],
    // Of VLAN 1, without an address: it boots by iSCSI.
    machines: [machine('small1', 1, { eth0: [] })],
    machineStages: [aStage('small1', { bootMedia: 'iscsi' })],
    defaultImages: [anImage()],
  };
}

/** A rack (the node of the goldens) of a region node elsewhere: it stands on a VLAN with DHCP, an upstream is set, other servers copy a domain. */
function rackSnapshot(): Snapshot {
  const cluster = clusterSnapshot();
  const rack: Node = { ...R1, isRegion: false };
  return {
    ...cluster,
    settings: {
      ...cluster.settings,
      upstream_dns: ['192.0.2.53'],
      ntp_servers: ['ntp1.example.test', '192.0.2.123'],
      ntp_external_only: true,
    },
    nodes: [rack, ...cluster.nodes.filter((node) => node.isRegion && node.id !== R1.id)],
    racks: [aRack(1, R1.id, true)],
    attachments: [{ nodeId: R1.id, vlanId: 1, interface: 'eth1', addresses: ['10.10.10.1/24'] }],
    vlans: [aVlan(1, 10, { dhcpOn: true })],
    subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24')],
    ranges: [aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.199'])],
    domains: [
      aDomain(1, 'regent.internal'),
      aDomain(2, 'example.test', { transferTo: ['192.0.2.5'], transferKey: 'ns-partner' }),
      aDomain(3, 'corp.test', { authoritative: false, forwardTo: ['192.0.2.54'] }),
    ],
    tsigKeys: [aCopyKey({ name: 'ns-partner', algorithm: 'hmac-sha512' })],
    machines: [machine('web1', 2, { eth0: ['10.10.10.21'] })],
  };
}

/** Which subnet of the cases below an address lies in, by how it begins; the first one for all others. */
const SUBNET_IDS: readonly (readonly [string, number])[] = [
  ['127.', 0],
  ['10.8.', 2],
  ['192.0.2.', 3],
  ['172.20.4.', 4],
  ['2001:db8:10:', 5],
];

function subnetIdOf(address: string): number {
  return SUBNET_IDS.find(([start]) => address.startsWith(start))?.[1] ?? 1;
}

/** A machine; `nics` name each interface's addresses as `name: [address, …]`, the first one carries the host name. */
export function machine(
  hostname: string,
  domainId: number,
  nics: Readonly<Record<string, readonly string[]>>,
): Machine {
  const interfaces = Object.entries(nics).map(
    ([name, addresses], index): MachineInterface => ({
      id: index + 1,
      name,
      mac: `52:54:00:00:00:${(index + 16).toString(16)}`,
      kind: 'physical',
      vlanId: 1,
      addresses: addresses.map((address) => ({ subnetId: subnetIdOf(address), address })),
    }),
  );
  return { id: hostname.slice(0, 6), hostname, domainId, interfaces };
}

/** Where a machine is: it is commissioned, but for what `changes` says. */
export function aStage(machineId: string, changes: Partial<MachineStage> = {}): MachineStage {
  const none = { before: null, until: null, uuid: null, staysOn: false, isEnlisting: false };
  return { machineId, state: 'commissioning', ...none, ...changes };
}

/** What machines commission by: an image with a root, and with its part for iSCSI. */
export function anImage(changes: Partial<DefaultImage> = {}): DefaultImage {
  const files = ['initrd.img', 'iscsi.img', 'root.squashfs', 'vmlinuz'];
  return {
    digest: '0123456789abcdef'.repeat(4),
    name: 'ephemeral/6.12',
    architecture: 'amd64',
    files: files.map((name, index) => ({ name, sha256: String(index + 1).repeat(64) })),
    ...changes,
  };
}

/** A domain with the site's TTL and without names of leases, but for what `changes` says. */
export function aDomain(id: number, name: string, changes: Partial<Domain> = {}): Domain {
  return { id, name, ttl: null, leaseNames: false, ...changes };
}

/** A VLAN of the first fabric, DHCP off, DNS on, but for what `changes` says. */
export function aVlan(id: number, vid: number, changes: Partial<Vlan> = {}): Vlan {
  const name = `vlan${vid}`;
  const off = { dhcpOn: false, dnsOn: true, relayVlanId: null, primaryRackId: null, secondaryRackId: null };
  return { id, fabricId: 1, spaceId: null, name, vid, ...off, ...changes };
}

/** A subnet of VLAN 1 without gateway and resolvers of its own, everything on, but for what `changes` says. */
export function aSubnet(id: number, name: string, cidr: string, changes: Partial<Subnet> = {}): Subnet {
  const on = { isManaged: true, dnsOn: true, proxyOn: true };
  const told = { dhcpOptions: [], leaseTime: null, bootServer: null, bootFile: null, ignoreUnknown: false };
  const plain = { gateway: null, resolvers: [], ...on, ...told };
  return { id, vlanId: 1, name, cidr, ...plain, ...changes };
}

/** A range of a subnet, without a comment. */
export function aRange(
  id: number,
  subnetId: number,
  kind: IpRange['kind'],
  [first, last]: readonly [string, string],
): IpRange {
  return { id, subnetId, kind, first, last, comment: '' };
}

/** A reserved address without MAC, name and comment, but for what `changes` says. */
export function aReservation(
  id: number,
  subnetId: number,
  address: string,
  changes: Partial<Reservation> = {},
): Reservation {
  return { id, subnetId, address, mac: null, hostname: null, comment: '', dhcpOptions: [], ...changes };
}

/** A snippet of this fragment. */
export function aSnippet(id: number, name: string, scope: string, fragment: object): DhcpSnippet {
  return { id, name, scope, text: JSON.stringify(fragment, null, 2) };
}

const DOMAINS: readonly Domain[] = [
  aDomain(1, 'regent.internal'),
  aDomain(2, 'example.test', { ttl: 300, transferTo: ['192.0.2.5', '2001:db8::5'] }),
  aDomain(3, 'lab.example.test', { transferTo: ['192.0.2.6'], transferKey: 'ns-partner' }),
  aDomain(4, 'corp.example.test', { authoritative: false, forwardTo: ['192.0.2.54', '[2001:db8::54]:5353'] }),
  aDomain(5, 'elsewhere.test', { authoritative: false }),
];

/** Three nodes, three domains of which one lies in another, both families, every record type, settings off their defaults. */
export function typicalSnapshot(): Snapshot {
  return emptySnapshot({
    revision: 40,
    settings: {
      ...DEFAULT_SETTINGS,
      upstream_dns: ['192.0.2.53', '2001:db8::53'],
      dnssec_validation: 'no',
      dns_trusted_acl: ['198.51.100.0/24', '2001:db8:77::/48'],
      dns_rate_limit: 50,
      ntp_servers: ['ntp1.example.test', '192.0.2.123', '2001:db8::123'],
      maas_proxy_port: 3128,
      http_proxy: 'http://proxy.example.test:8080',
      proxy_cache_size: 20_480,
      dhcp_options: ['log-servers=192.0.2.14, 192.0.2.15'],
    },
    nodes: [
      { ...R1, addresses: ['10.77.0.11', 'fd00:77::11'] },
      { id: 'n-r2', name: 'r2', isRegion: true, isRack: false, addresses: ['10.77.0.12'], state: 'member' },
      { id: 'n-rack1', name: 'rack1', isRegion: false, isRack: true, addresses: ['10.77.0.21'], state: 'member' },
    ],
    attachments: [
      { nodeId: 'n-r1', vlanId: 1, interface: 'eth1', addresses: ['10.10.10.1/24'] },
      { nodeId: 'n-r1', vlanId: 2, interface: 'eth2', addresses: ['10.20.0.1/16'] },
      { nodeId: 'n-r2', vlanId: 1, interface: 'eth1', addresses: ['10.10.10.2/24'] },
    ],
    vlans: [aVlan(1, 10, { dhcpOn: true }), aVlan(2, 20, { dhcpOn: true, dnsOn: false })],
    ranges: [
      aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.149']),
      aRange(2, 1, 'reserved', ['10.10.10.150', '10.10.10.199']),
      aRange(3, 1, 'dynamic', ['10.10.10.200', '10.10.10.254']),
      aRange(4, 4, 'dynamic', ['172.20.5.0', '172.20.5.255']),
      aRange(5, 7, 'dynamic', ['10.20.128.0', '10.20.255.254']),
    ],
    reservations: [
      aReservation(1, 1, '10.10.10.30', {
        mac: '52:54:00:00:01:01',
        hostname: 'printer',
        dhcpOptions: ['43.1:ipv4-address=192.0.2.1', '43.2:string=queue'],
      }),
      aReservation(2, 1, '10.10.10.31', { mac: '52:54:00:00:01:02' }),
      aReservation(3, 1, '10.10.10.160', { mac: '52:54:00:00:01:03', hostname: 'camera' }),
      aReservation(4, 1, '10.10.10.32'),
      aReservation(5, 7, '10.20.0.20', { mac: '52:54:00:00:00:10' }),
    ],
    subnets: [
      aSubnet(1, 'vlan10', '10.10.10.0/24', {
        gateway: '10.10.10.254',
        dhcpOptions: [
          '224:string=site',
          'classless-static-route=192.0.2.0/24 via 10.10.10.253',
          'ntp-servers=192.0.2.123',
        ],
        leaseTime: 3600,
      }),
      aSubnet(2, 'management', '10.77.0.0/24', { dnsOn: false }),
      aSubnet(3, 'small', '192.0.2.64/26', { proxyOn: false }),
      aSubnet(4, 'wide', '172.20.4.0/22', {
        isManaged: false,
        resolvers: ['192.0.2.53', '2001:db8::53'],
        ignoreUnknown: true,
      }),
      aSubnet(5, 'six', '2001:db8:10::/64'),
      aSubnet(6, 'six-nodes', 'fd00:77::/64', { dnsOn: false }),
      aSubnet(7, 'vlan20', '10.20.0.0/16', {
        vlanId: 2,
        gateway: '10.20.0.254',
        bootServer: '192.0.2.66',
        bootFile: 'pxe/start.0',
      }),
    ],
    snippets: [
      aSnippet(1, 'timers', 'global', { 'renew-timer': 200, 'calculate-tee-times': false }),
      aSnippet(2, 'phones', 'global', {
        'client-classes': [
          {
            name: 'phones',
            test: "substring(option[60].hex,0,5) == 'Phone'",
            'option-data': [{ code: 225, data: '01' }],
          },
        ],
      }),
      aSnippet(3, 'hall', '10.10.10.0/24', {
        'option-data': [{ name: 'domain-name-servers', data: '192.0.2.53', 'always-send': true }],
        'max-valid-lifetime': 7200,
      }),
      aSnippet(4, 'printer', '52:54:00:00:01:01', { 'boot-file-name': 'printer.cfg', 'next-server': '192.0.2.7' }),
      aSnippet(5, 'elsewhere', '192.0.2.64/26', { 'renew-timer': 5 }),
    ],
    leaseNames: [
      { hostname: 'laptop', address: '10.10.10.100', domainId: 1 },
      // Names and addresses that somebody has by configuration.
      { hostname: 'r2', address: '10.10.10.101', domainId: 1 },
      { hostname: 'printer', address: '10.10.10.102', domainId: 1 },
      { hostname: 'guest', address: '10.10.10.30', domainId: 1 },
      { hostname: 'tablet', address: '172.20.5.7', domainId: 3 },
    ],
    domains: DOMAINS,
    tsigKeys: [aCopyKey({ name: 'ns-partner', algorithm: 'hmac-sha384', number: 3 })],
    records: [
      { id: 1, domainId: 2, name: '@', type: 'A', data: '192.0.2.80', ttl: null },
      { id: 2, domainId: 2, name: 'www', type: 'CNAME', data: 'example.test', ttl: 60 },
      { id: 3, domainId: 2, name: 'alias', type: 'A', data: '10.10.10.21', ttl: null },
      { id: 4, domainId: 2, name: '*.apps', type: 'A', data: '192.0.2.81', ttl: null },
      { id: 5, domainId: 2, name: '_dmarc', type: 'TXT', data: 'v=DMARC1; p=reject', ttl: 3600 },
      { id: 6, domainId: 2, name: 'shared', type: 'A', data: '172.20.5.1', ttl: 600 },
      { id: 7, domainId: 2, name: 'shared', type: 'A', data: '172.20.6.1', ttl: 120 },
      { id: 8, domainId: 2, name: 'six.lab', type: 'AAAA', data: '2001:db8:10::99', ttl: null },
      { id: 9, domainId: 2, name: 'b', type: 'A', data: '172.20.7.9', ttl: null },
      { id: 10, domainId: 2, name: 'a', type: 'A', data: '172.20.7.9', ttl: null },
    ],
    machines: [
      {
        ...machine('web1', 2, { eno1: ['10.10.10.21', '2001:db8:10::21'], eno2: ['172.20.4.21'], bmc: ['192.0.2.70'] }),
        dhcpOptions: ['root-path=/srv/web1', 'domain-name=web.example.test'],
      },
      machine('web2', 3, { eno1: ['10.10.10.22'] }),
    ],
    restarts: [{ nodeId: 'n-r1', service: 'dns', nonce: 'f00d' }],
  });
}

/** `count` machines with two interfaces in two wide subnets, and a record for every third. */
function largeSnapshot(count = 300): Snapshot {
  const hosts = Array.from({ length: count }, (_, index) => index);
  const address = (index: number, second: number) => `10.${second}.${index >> 8}.${index & 255}`;
  return emptySnapshot({
    revision: 900,
    attachments: [{ nodeId: 'n-r1', vlanId: 1, interface: 'eth2', addresses: ['10.0.255.254/16'] }],
    vlans: [aVlan(1, 10, { dhcpOn: true })],
    ranges: [
      aRange(1, 1, 'dynamic', ['10.0.128.0', '10.0.191.255']),
      aRange(2, 2, 'dynamic', ['10.8.128.0', '10.8.191.255']),
    ],
    subnets: [aSubnet(1, 'first', '10.0.0.0/16'), aSubnet(2, 'second', '10.8.0.0/16')],
    domains: [...DOMAINS.slice(0, 1), aDomain(2, 'example.test')],
    machines: hosts.map((index) =>
      machine(`node-${String(index).padStart(5, '0')}`, 2, {
        eno1: [address(index + 1, 0)],
        eno2: [address(index + 1, 8)],
      }),
    ),
    records: hosts
      .filter((index) => index % 3 === 0)
      .map((index) => ({
        id: index + 1,
        domainId: 2,
        name: `service-${index}`,
        type: 'CNAME' as const,
        data: `node-${String(index).padStart(5, '0')}.example.test`,
        ttl: null,
      })),
  });
}

/** Everything that the grammars of names and texts let through and that means something to a daemon. */
export function hostileSnapshot(): Snapshot {
  const label = 'a'.repeat(63);
  // 242 characters, too long for a file name with what installing adds to it.
  const long = `${label}.${label}.${label}.${'b'.repeat(47)}`;
  const texts = [
    '"; }; zone "x" { type primary; file "/etc/shadow"; }; //',
    '\\',
    '\\"',
    '" A 6.6.6.6',
    '; comment',
    '( not continued',
    ') not closed',
    '$INCLUDE /etc/shadow',
    '@ {{name}} {{#if x}} ${a} `id` $(id) %s %n',
    ' leading and trailing blanks ',
    "'single' # hash // slashes /* stars */",
    '\\000\\010\\032',
    'x'.repeat(255),
    'y'.repeat(256),
    `${'"'.repeat(300)}${'\\'.repeat(300)}`,
    'z'.repeat(4096),
  ];
  return emptySnapshot({
    revision: 666,
    settings: {
      ...DEFAULT_SETTINGS,
      default_ttl: 604_800,
      upstream_dns: ['2001:db8::ffff:ffff'],
      dns_trusted_acl: ['0.0.0.0/0', '::/0'],
      dns_rate_limit: 0,
      ntp_servers: ['server', 'allow.all', 'pool.0', '2001:db8::1', '*.example.test', '_ntp._udp.example.test'],
      maas_proxy_port: 65_535,
      http_proxy: 'http://[2001:db8::ffff]:1',
      proxy_cache_size: 64,
      dhcp_options: [`root-path="}], "subnet4": [{{x}} , 'a' /* # // <?include "/etc/shadow"?>`, '254:binary=00ff0a0d'],
    },
    attachments: [{ nodeId: 'n-r1', vlanId: 1, interface: 'eth2', addresses: ['198.51.100.1/24'] }],
    vlans: [aVlan(1, 4094, { name: 'member', dhcpOn: true })],
    ranges: [aRange(1, 3, 'dynamic', ['198.51.100.250', '198.51.100.250'])],
    reservations: [
      aReservation(1, 3, '198.51.100.2', {
        mac: 'fe:ff:ff:ff:ff:ff',
        hostname: 'x'.repeat(63),
        dhcpOptions: [`tftp-server-name=${'~'.repeat(255)}`, '43.254:fqdn[]=a.test, b.test'],
      }),
      aReservation(2, 3, '198.51.100.253', { mac: '00:00:00:00:00:01', hostname: 'xn--bcher-kva' }),
      aReservation(3, 3, '198.51.100.252', { comment: '"}], "subnet4": [' }),
    ],
    subnets: [
      aSubnet(1, 'zone "x" {', '10.0.0.0/31'),
      aSubnet(2, 'options', '2001:db8::/127'),
      aSubnet(3, 'subnet4', '198.51.100.0/24', { gateway: '198.51.100.254' }),
    ],
    snippets: [
      aSnippet(1, 'subnet4', 'global', {
        'option-data': [{ name: 'root-path', data: '"}], "subnet4": [{{x}} /* # // <?include "/etc/shadow"?> \\' }],
      }),
    ],
    leaseNames: ['in', 'soa', '1h', 'x'.repeat(63), 'xn--bcher-kva', 'a--b', '0x1'].map((hostname, index) => ({
      hostname,
      address: `198.51.100.${index + 10}`,
      domainId: index % 2 === 0 ? 1 : 2,
    })),
    domains: [
      aDomain(1, 'regent.internal', { ttl: 1 }),
      aDomain(2, `${long}.zz`),
      aDomain(3, 'xn--bcher-kva.example'),
      aDomain(4, 'include'),
      aDomain(5, '0.0.a0'),
    ],
    records: [
      ...texts.map((data, index) => ({
        id: index + 1,
        domainId: 1,
        name: `t${index}`,
        type: 'TXT' as const,
        data,
        ttl: 1,
      })),
      { id: 101, domainId: 2, name: 'c'.repeat(10), type: 'A', data: '255.255.255.255', ttl: 604_800 },
      { id: 102, domainId: 3, name: '*', type: 'AAAA', data: '::', ttl: null },
      { id: 103, domainId: 3, name: 'ttl', type: 'A', data: '0.0.0.0', ttl: null },
      { id: 104, domainId: 3, name: 'in', type: 'CNAME', data: '*.example', ttl: null },
      { id: 105, domainId: 4, name: '_a._b', type: 'A', data: '10.0.0.0', ttl: null },
      { id: 106, domainId: 4, name: 'soa', type: 'CNAME', data: 'include', ttl: null },
      { id: 107, domainId: 5, name: '0', type: 'A', data: '10.0.0.1', ttl: null },
      { id: 108, domainId: 5, name: '600', type: 'A', data: '10.0.0.1', ttl: null },
      { id: 109, domainId: 5, name: '1h', type: 'A', data: '10.0.0.1', ttl: null },
    ],
    machines: [machine('localhost', 4, { lo: ['127.0.0.1', '::1'] }), machine('ns', 3, { zone: ['10.0.0.1'] })],
  });
}

/** Machines as the database has them: every MAC once, every address in its subnet; an address outside of all is of none (0). */
function placed(snapshot: Snapshot): Snapshot {
  const networks = snapshot.subnets.flatMap((subnet) => {
    const network = parseNetwork(subnet.cidr);
    return isRejected(network) ? [] : [{ subnet, network }];
  });
  const subnetOf = (text: string) => {
    const address = parseAddress(text);
    return networks.find(({ network }) => !isRejected(address) && contains(network, address))?.subnet;
  };
  let last = 15;
  const machines = snapshot.machines.map((host) => ({
    ...host,
    interfaces: host.interfaces.map((nic) => {
      last += 1;
      const mac = `52:54:00:${last
        .toString(16)
        .padStart(6, '0')
        .replaceAll(/(..)(?=.)/g, '$1:')}`;
      const subnets = nic.addresses.map(({ address }) => subnetOf(address));
      const addresses = nic.addresses.map(({ address }, index) => ({ subnetId: subnets[index]?.id ?? 0, address }));
      return { ...nic, mac, vlanId: subnets[0]?.vlanId ?? 1, addresses };
    }),
  }));
  return { ...snapshot, machines };
}

/** The cases that every service has goldens for; a service that is not needed in one has `null` there. */
export const CASES: Readonly<Record<string, Snapshot>> = {
  empty: emptySnapshot(),
  typical: placed(typicalSnapshot()),
  large: placed(largeSnapshot()),
  'hostile-strings': placed(hostileSnapshot()),
  cluster: clusterSnapshot({
    closedAddresses: ['192.0.2.7', '2001:db8::7'],
    closedNames: ['bmc7.corp.example'],
    backup: BACKUP_PLANS.folder,
  }),
  external: { ...clusterSnapshot(), cluster: aCluster({ vip: '10.77.0.10/24', isDatabaseExternal: true }) },
  pair: { ...pairedSnapshot(), backup: BACKUP_PLANS.s3 },
  rack: rackSnapshot(),
  recovered: {
    ...clusterSnapshot({ backup: BACKUP_PLANS.sftp }),
    cluster: aCluster({ vip: '10.77.0.10/24', recovered: RECOVERED, inner: INNER }),
  },
};
