import type { LeaseReport } from '../../../../src/contract/cluster/agent.ts';
import { storePlaces } from '../../../../src/store/queries/images/images.ts';
import { sha256 } from '../../images.ts';
import { readyMachine } from '../../maas-site.ts';
import type { TestRegion } from '../../region.ts';
import { change, value } from '../../store.ts';
import { addNodes, report } from './agents.ts';

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

const IMAGE = {
  format: 1,
  kind: 'deployable',
  architecture: 'amd64',
  name: 'debian-13',
  packages: {},
  content: { file: 'root.tar.zst', format: 'tar', compression: 'zst', cloudInit: true },
};

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
  await addImage(site);
  await addMachines(site, admin);
  await report(site);
  // Racks report their networks: then they may serve them.
  for (const vlan of ['vlan10', 'vlan20'])
    await call('PATCH', `/vlans/lab%2F${vlan}`, { dhcpOn: true, primaryRack: 'k1', secondaryRack: 'k2' });
  const { id } = (await site.call('GET', '/subnets/10.10.10.0%2F24')).body;
  value(await site.region.agents.leases('k1', leasesOf(id ?? 0)));
}

/** Eight phones have leases of k1. */
function leasesOf(subnetId: number): LeaseReport {
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

async function addImage(site: TestRegion): Promise<void> {
  const file = { size: 734_003_200, sha256: sha256('a root') };
  const manifest = JSON.stringify({ ...IMAGE, files: { 'root.tar.zst': file } });
  const made = await site.call('POST', '/images', { body: { manifest, name: 'debian-13' } });
  if (made.status >= 300) throw new Error(made.raw);
  const there = [{ image: sha256(manifest), file: 'root.tar.zst', state: 'there' as const }];
  value(
    await change(site.db, async (tx) => {
      for (const node of ['r1', 'r2', 'r3']) await storePlaces(tx, node, there);
      return {};
    }),
  );
}

/** Four machines: one deployed, one ready, one that is being commissioned, one allocated. */
async function addMachines(site: TestRegion, admin: Admin): Promise<void> {
  const ids: string[] = [];
  for (const [index, name] of ['m1', 'm2', 'm3', 'm10'].entries())
    ids.push(
      await readyMachine(site, async (text) => admin(`set regent.operation = 'test'; ${text}`), name, [
        `52:54:00:00:00:0${index + 1}`,
      ]),
    );
  const [first, , third, fourth] = ids;
  await admin(`set regent.operation = 'test';
    update machine_states set state = 'deployed', epoch = epoch + 1, owner = 'admin' where machine_id = '${first}';
    insert into machine_deployments (machine_id, image, image_name, deployed_at) values ('${first}', repeat('a', 64), 'debian-13', now() - interval '2 h');
    update machine_states set state = 'commissioning', epoch = epoch + 1, deadline = now() + interval '12 min', minutes = 12 where machine_id = '${third}';
    update machine_states set state = 'allocated', epoch = epoch + 1, owner = 'admin' where machine_id = '${fourth}'`);
}

/** So long before now, ISO 8601. */
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR).toISOString();
