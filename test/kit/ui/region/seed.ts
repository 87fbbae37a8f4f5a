import type { LeaseReport } from '../../../../src/contract/cluster/agent.ts';
import { textDigest } from '../../../../src/core/stable-json.ts';
import {
  lockSiteCertificate,
  storeClusterCertificate,
} from '../../../../src/store/queries/cluster/site-certificate.ts';
import { storePlaces } from '../../../../src/store/queries/images/images.ts';
import { operatorCertificate } from '../../cluster/operator-certificate.ts';
import { sha256 } from '../../images.ts';
import { openCertificateAuthority } from '../../../../src/main/region/certificate-authority.ts';
import { realClock, realRandom } from '../../postgres.ts';
import type { CertificateAuthority } from '../../../../src/region/cluster/trust/port.ts';
import { SEALING_AUTHORITY } from '../../metadata.ts';
import type { TestRegion } from '../../region.ts';
import { change, value } from '../../store.ts';
import { addNodes, report } from './agents.ts';
import { addMachines } from './seed-machines.ts';
import { addWorks } from './seed-work.ts';

/** One without files that has a key to seal with, and a certificate for browsers to trust. */
export const AUTHORITY: CertificateAuthority = {
  ...openCertificateAuthority({ certificate: '', key: '', secrets: '' }, { clock: realClock, random: realRandom }),
  inheritance: () => SEALING_AUTHORITY.inheritance(),
  certificate: async () => ({ pem: '-----BEGIN CERTIFICATE-----\n', fingerprint: '0a1b'.repeat(16) }),
};

/** Runs SQL on the database of a site. */
type Admin = (text: string) => Promise<unknown>;
const HOUR = 3_600_000;

/** Calls of an operator, in their order: path and body of a POST. */
const CALLS: readonly (readonly [path: string, body: object])[] = [
  ['/fabrics', { name: 'lab' }],
  ['/spaces', { name: 'storage' }],
  ['/vlans', { fabric: 'lab', vid: 10, name: 'vlan10' }],
  ['/vlans', { fabric: 'lab', vid: 20, name: 'vlan20' }],
  ['/vlans', { fabric: 'lab', vid: 30, name: 'mgmt', space: 'storage' }],
  ['/subnets', { cidr: '10.10.10.0/24', vlan: 'lab/vlan10' }],
  ['/subnets', { cidr: '10.10.20.0/22', vlan: 'lab/vlan20' }],
  ['/subnets', { cidr: '10.20.0.0/16', vlan: 'lab/mgmt' }],
  ['/ranges', { subnet: '10.10.10.0/24', kind: 'dynamic', first: '10.10.10.100', last: '10.10.10.199' }],
  [
    '/ranges',
    { subnet: '10.10.10.0/24', kind: 'reserved', first: '10.10.10.3', last: '10.10.10.9', comment: 'switches' },
  ],
  ['/ranges', { subnet: '10.10.20.0/22', kind: 'dynamic', first: '10.10.21.1', last: '10.10.21.100' }],
  ['/domains', { name: 'lab.test' }],
  ['/domains', { name: 'example.test', ttl: 60, forwardTo: ['192.0.2.54:5353'], authoritative: false }],
  ['/records', { fqdn: 'www.lab.test', type: 'A', data: '10.10.10.20' }],
  ['/records', { fqdn: 'lab.test', type: 'TXT', data: 'hello world', ttl: 60 }],
  ['/reservations', { address: '10.10.10.50', mac: '02:00:00:00:00:50', hostname: 'printer' }],
  ['/dhcp-snippets', { name: 'phones', scope: '10.10.10.0/24', text: '{}' }],
  ['/tags', { name: 'rack7', definition: 'cpu.cores >= 8' }],
  ['/zones', { name: 'hall-1' }],
  [
    '/static-routes',
    { name: 'to-storage', source: '10.10.10.0/24', destination: '10.20.0.0/16', gateway: '10.10.10.254' },
  ],
  ['/tsig-keys', { name: 'ns-partner', algorithm: 'hmac-sha256' }],
  ['/package-repositories', { name: 'in-house', sourceUrl: 'https://packages.example.net/debian', components: 'main' }],
  ['/devices', { hostname: 'printer1', domain: 'lab.test', interfaces: [] }],
  ['/users', { name: 'ann', role: 'operator' }],
  ['/api-keys', { user: 'ann', label: 'terraform' }],
  ['/ssh-keys', { user: 'ann', key: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(42)}g ann@laptop` }],
  ['/notifications', { message: 'Hall 2 has no power on Sunday. Machines there are off.', users: true }],
  [
    '/notifications',
    { message: 'The lease of the line ends.', category: 'error', ident: 'line', users: true, dismissable: false },
  ],
  [
    '/boot-sources',
    {
      name: 'ours',
      type: 'regent',
      sourceUrl: 'https://images.example.test',
      keyring: '',
      selections: 'debian-13:amd64',
    },
  ],
];

const COMMON = { format: 1, architecture: 'amd64', packages: {} };
/** Manifests of images without their files: one that machines install themselves from, one that they are deployed with. */
const IMAGES = [
  { ...COMMON, kind: 'ephemeral', kernel: '6.12.57', files: ['vmlinuz', 'initrd.img', 'root.squashfs'] },
  {
    ...COMMON,
    kind: 'deployable',
    name: 'debian-13',
    content: { file: 'root.tar.zst', format: 'tar', compression: 'zst', cloudInit: true },
    files: ['root.tar.zst'],
  },
];

/** Fills a new region with a site of three region nodes and two racks that are all well, and something for each page. */
export async function seedSite(site: TestRegion, admin: Admin): Promise<void> {
  const call = async (method: 'POST' | 'PUT' | 'PATCH', path: string, body: object) => {
    const answer = await site.call(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.raw}`);
    return answer.body;
  };
  await addNodes(site);
  for (const [path, body] of CALLS) await call('POST', path, body);
  await call('PUT', '/settings/upstream_dns', { value: ['192.0.2.53'] });
  await addCertificates(site);
  await addImages(site);
  await addMachines(site, admin);
  await addWorks(site);
  await report(site);
  // Racks report their networks: then they may serve them.
  for (const vlan of ['vlan10', 'vlan20'])
    await call('PATCH', `/vlans/lab%2F${vlan}`, { dhcpOn: true, primaryRack: 'k1', secondaryRack: 'k2' });
  const { id } = (await site.call('GET', '/subnets/10.10.10.0%2F24')).body;
  for (const rack of ['k1', 'k2']) value(await site.region.agents.leases(rack, leasesOf(id ?? 0)));
}

/** The certificate of the cluster's authority, and an own one in front of it. */
async function addCertificates(site: TestRegion): Promise<void> {
  const make = (name: string) =>
    operatorCertificate({ names: [name], addresses: ['10.77.0.10'], kind: 'ec', days: 60 });
  const [cluster, own] = [await make('cluster.example'), await make('regent.example')];
  const pair = { certificate: cluster.leaf, sealedKey: '', digest: textDigest(cluster.leaf) };
  value(
    await change(site.db, async (tx) => {
      await lockSiteCertificate(tx);
      await storeClusterCertificate(tx, pair);
      return {};
    }),
  );
  const certificate = own.leaf + own.middle + own.root;
  const set = await site.call('PUT', '/site-certificate', { body: { certificate, privateKey: own.key } });
  if (set.status >= 300) throw new Error(set.raw);
}

/** The last change: its files and findings are those of a publication of its own. */
export async function seedLastChange(site: TestRegion): Promise<void> {
  const body = { subnet: '10.10.10.0/24', kind: 'dynamic', first: '10.10.10.210', last: '10.10.10.211' };
  const answer = await site.call('POST', '/ranges', { body });
  if (answer.status >= 300) throw new Error(answer.raw);
}

/** Eight phones have leases, which both racks of a pair know. */
export function leasesOf(subnetId: number): LeaseReport {
  const leases = Array.from({ length: 8 }, (_, index) => ({
    address: `10.10.10.${100 + index}`,
    subnetId,
    mac: `02:00:00:00:01:0${index}`,
    clientId: null,
    hostname: `phone${index}`,
    state: 'active' as const,
    startsAt: hoursAgo(1),
    expiresAt: hoursAgo(-11),
  }));
  return { epoch: 'a1', sequence: 1, at: hoursAgo(0), leases, gone: [], whole: null };
}

/** Makes the images known, as if every region had their files. */
async function addImages(site: TestRegion): Promise<void> {
  for (const { files, ...image } of IMAGES) {
    const told = Object.fromEntries(files.map((name) => [name, { size: 734_003_200, sha256: sha256(name) }]));
    const manifest = JSON.stringify({ ...image, files: told });
    const made = await site.call('POST', '/images', {
      body: { manifest, name: image.kind === 'ephemeral' ? 'ephemeral' : 'debian-13' },
    });
    if (made.status >= 300) throw new Error(made.raw);
    const there = files.map((file) => ({ image: sha256(manifest), file, state: 'there' as const }));
    value(
      await change(site.db, async (tx) => {
        for (const node of ['r1', 'r2', 'r3']) await storePlaces(tx, node, there);
        return {};
      }),
    );
    if (image.kind !== 'ephemeral') continue;
    const isDefault = await site.call('POST', `/images/${sha256(manifest)}/default`, { body: {} });
    if (isDefault.status >= 300) throw new Error(isDefault.raw);
  }
}

/** So long before now, ISO 8601. */
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR).toISOString();
