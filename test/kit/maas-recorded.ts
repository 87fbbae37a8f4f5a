import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Answers of a MAAS, written by hand from what is known of its objects: some good, some that Regent cannot take. */
const VLAN = { id: 5001, vid: 0, name: 'untagged', fabric: 'fabric-0', fabric_id: 0, mtu: 1500, dhcp_on: true };
const STORAGE = {
  ...VLAN,
  id: 5002,
  vid: 30,
  name: 'storage',
  mtu: 9000,
  dhcp_on: false,
  relay_vlan: null,
  space: 'undefined',
};
const ODD = { ...VLAN, id: 5003, vid: 31, name: 'what?!', dhcp_on: false };
const subnet = (id: number, cidr: string, vlan: object) => ({
  id,
  name: cidr,
  cidr,
  vlan,
  managed: true,
  allow_dns: true,
});
const LAN = { ...subnet(1, '10.1.0.0/24', VLAN), gateway_ip: '10.1.0.1', dns_servers: ['10.1.0.2'], allow_proxy: true };
const SAN = { ...subnet(2, '10.1.30.0/24', STORAGE), gateway_ip: null, dns_servers: [], allow_proxy: false };
const card = (id: number, last: string, links: readonly object[]) => ({
  id,
  name: 'enp1s0',
  type: 'physical',
  mac_address: `52:54:00:aa:00:${last}`,
  vlan: VLAN,
  parents: [],
  tags: [],
  links,
  params: '',
});
const host = (systemId: string, hostname: string) => ({
  system_id: systemId,
  hostname,
  fqdn: `${hostname}.maas`,
  domain: { id: 0, name: 'maas' },
  zone: { name: 'default' },
  pool: { name: 'default' },
  owner: '',
  owner_data: {},
  locked: false,
  status: 4,
  status_name: 'Ready',
  tag_names: [],
  description: '',
  power_type: 'ipmi',
  architecture: 'amd64/generic',
  osystem: '',
  distro_series: '',
  interface_set: [] as readonly object[],
  blockdevice_set: [{ serial: 'not taken' }],
});

/** Machines: one deployed with a bond, one ready, one of a power type that Regent lacks, one whose name is refused, one whose MAC stands twice. */
const MACHINES = [
  {
    ...host('aaaaaa', 'web1'),
    owner: 'ada',
    owner_data: { rack: '17' },
    locked: true,
    status: 6,
    status_name: 'Deployed',
    osystem: 'ubuntu',
    distro_series: 'noble',
    tag_names: ['gpu', 'odd tag'],
    interface_set: [
      card(1, '01', []),
      { ...card(2, '02', []), name: 'enp2s0' },
      {
        ...card(3, '01', [{ id: 1, mode: 'auto', ip_address: '10.1.0.17', subnet: LAN }]),
        name: 'bond0',
        type: 'bond',
        parents: ['enp1s0', 'enp2s0'],
        params: {
          bond_mode: 'active-backup',
          bond_miimon: 100,
          bond_downdelay: 0,
          bond_updelay: 0,
          bond_num_grat_arp: 1,
        },
      },
    ],
  },
  { ...host('bbbbbb', 'web2'), interface_set: [card(4, '04', [{ id: 2, mode: 'dhcp', subnet: LAN }])] },
  {
    ...host('cccccc', 'web3'),
    power_type: 'amt',
    interface_set: [card(5, '05', [{ id: 3, mode: 'link_up', subnet: LAN }])],
  },
  { ...host('dddddd', 'bad_name'), interface_set: [card(6, '06', [])] },
  { ...host('eeeeee', 'web5'), interface_set: [card(7, '04', [])] },
];
const SCRIPT = Buffer.from('#!/bin/sh\nexit 0\n').toString('base64');

const LISTS: Readonly<Record<string, unknown>> = {
  'fabrics/': [{ id: 0, name: 'fabric-0', class_type: null, vlans: [VLAN, STORAGE, ODD] }],
  'spaces/': [{ id: -1, name: 'undefined' }],
  'subnets/': [LAN, SAN, subnet(3, '10.9.0.0/24', ODD), subnet(4, '10.1.0.0/16', STORAGE)],
  'ipranges/': [{ id: 1, type: 'dynamic', start_ip: '10.1.0.100', end_ip: '10.1.0.200', comment: '', subnet: LAN }],
  'reservedips/': [
    { id: 1, ip: '10.1.0.30', mac_address: '52:54:00:aa:00:30', comment: 'printer', subnet: LAN },
    { id: 2, ip: '10.1.0.17', mac_address: '52:54:00:aa:00:01', comment: 'of web1', subnet: LAN },
  ],
  'ipaddresses/': [
    { alloc_type: 4, alloc_type_name: 'User reserved', ip: '10.1.0.31', owner: { username: 'ada' } },
    { alloc_type: 1, alloc_type_name: 'Sticky', ip: '10.1.0.17', owner: null },
  ],
  'domains/': [
    { id: 0, name: 'maas', authoritative: true, ttl: null, is_default: true },
    { id: 1, name: 'other.test', authoritative: false, ttl: null, is_default: false },
  ],
  'dnsresources/': [
    { id: 1, fqdn: 'www.maas', address_ttl: 300, ip_addresses: [{ ip: '10.1.0.80' }], resource_records: [] },
    { id: 3, fqdn: 'web1.maas', address_ttl: null, ip_addresses: [{ ip: '10.1.0.17' }], resource_records: [] },
    { id: 2, fqdn: 'www.other.test', address_ttl: null, ip_addresses: [], resource_records: [] },
  ],
  'static-routes/': [{ id: 1, source: LAN, destination: SAN, gateway_ip: '10.1.0.254', metric: 10 }],
  'zones/': [{ id: 1, name: 'default', description: '' }],
  'resourcepools/': [{ id: 0, name: 'default', description: 'Default pool' }],
  'tags/': [
    { name: 'gpu', definition: '', comment: 'has one', kernel_opts: '' },
    { name: 'odd tag', definition: '', comment: '', kernel_opts: '' },
  ],
  'users/': [
    { username: 'MAAS', email: '', is_superuser: true },
    { username: 'ada', email: 'ada@example.test', is_superuser: false },
    { username: 'root', email: 'root@example.test', is_superuser: true },
  ],
  'account/prefs/sshkeys/': [
    { id: 1, key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g root@desk' },
  ],
  'scripts/': [
    { id: 1, name: 'smartctl-validate', type_name: 'Testing script', default: true, history: [] },
    {
      id: 9,
      name: 'check-raid',
      type_name: 'Testing script',
      default: false,
      tags: ['raid'],
      history: [{ id: 1, data: SCRIPT }],
    },
  ],
  'package-repositories/': [{ id: 1, name: 'main_archive', url: 'http://archive.ubuntu.com/ubuntu' }],
  'devices/': [{ ...host('ffffff', 'switch1'), node_type_name: 'Device', interface_set: [card(8, '08', [])] }],
  'dhcp-snippets/': [{ id: 1, name: 'ntp', value: 'option ntp-servers 10.1.0.9;' }],
  'boot-resources/': [{ id: 1, name: 'ubuntu/noble' }],
};
export const MAAS_SECRET = 'calvin-of-the-bmc';
const POWER = Object.fromEntries(
  MACHINES.map(({ system_id }, index) => [
    system_id,
    { power_address: `10.2.0.${index + 1}`, power_user: 'root', power_pass: MAAS_SECRET, power_driver: 'LAN_2_0' },
  ]),
);

/** How the recorded MAAS differs. `fail`: answers 500 to this request (from 1 on) and the following ones; `machines`: more of them. */
export interface RecordedOptions {
  readonly version?: string;
  readonly isAdmin?: boolean;
  readonly key?: string;
  fail?(path: string, count: number): boolean;
  /** Another answer altogether. */
  answer?(request: IncomingMessage, response: ServerResponse): boolean;
  readonly machines?: number;
  /** It speaks TLS by this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A MAAS that answers from what is recorded. */
export interface RecordedMaas {
  readonly url: string;
  /** Paths with their queries, in order. */
  readonly seen: string[];
  close(): Promise<void>;
}

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const hex = index.toString(16).padStart(6, '0');
    const mac = `52:54:01:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
    return {
      ...host(`m${index.toString(36).padStart(5, '0')}`, `n${index}`),
      interface_set: [{ ...card(index, '00', []), mac_address: mac }],
    };
  });

/** Starts it. */
export async function recordedMaas(options: RecordedOptions = {}): Promise<RecordedMaas> {
  const { version = '3.6.1', isAdmin = true, key = 'con:tok:sec' } = options;
  const machines = options.machines === undefined ? MACHINES : many(options.machines);
  const power =
    options.machines === undefined ? POWER : Object.fromEntries(machines.map(({ system_id }) => [system_id, {}]));
  const seen: string[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const asked = new URL(request.url ?? '/', 'http://maas');
    const path = asked.pathname.replace('/MAAS/api/2.0/', '');
    seen.push(`${path}${asked.search}`);
    if (options.answer?.(request, response)) return;
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    const secret = key.split(':')[2] ?? '';
    if (request.method !== 'GET') return send(405, 'only GET');
    if (options.fail?.(path, seen.length)) return send(500, 'Internal Server Error');
    if (!request.headers.authorization?.includes(`oauth_signature="%26${secret}"`) && path !== 'version/')
      return send(401, 'Authorization Error');
    const op = asked.searchParams.get('op');
    if (path === 'version/') return send(200, { version, subversion: '', capabilities: ['networks-management'] });
    if (path === 'users/' && op === 'whoami') return send(200, { username: 'root', email: '', is_superuser: isAdmin });
    if (path === 'machines/' && op === 'power_parameters') return send(200, power);
    const ids = asked.searchParams.getAll('id');
    if (path === 'machines/')
      return send(200, ids.length === 0 ? machines : machines.filter((one) => ids.includes(one.system_id)));
    return LISTS[path] === undefined ? send(404, 'Not Found') : send(200, LISTS[path]);
  };
  const server = options.tls === undefined ? createServer(handle) : createSecureServer(options.tls, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
