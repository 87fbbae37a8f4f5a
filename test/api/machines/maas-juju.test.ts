import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { ok, readyMachine } from '../../kit/maas-site.ts';
import { shapeProblems } from '../../kit/maas-shape.ts';
import { SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What Juju's provider does, with the key of somebody who is no admin: it takes a machine, finds it again by its own name, and gives it back. */

const MODEL = 'b4a3c2d1-0000-4000-8000-000000000001';
const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
let machine = '';
let spaces: { id: number; name: string }[] = [];
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const user = { role: 'user' } as const;
const own = async () => ok(await maas.get('machines/', { agent_name: MODEL }, user));
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  maas = maasClient(site);
  machine = await readyMachine(site, admin, 'j1', ['52:54:00:00:80:01', '52:54:00:00:80:02']);
  const [fabric] = ok(await maas.get('fabrics/'));
  for (const [at, name] of ['inside', 'outside'].entries()) {
    const space = ok(await maas.post('spaces/', null, { name }));
    const vlan = ok(await maas.post(`fabrics/${fabric.id}/vlans/`, null, { vid: String(80 + at), space: name }));
    const cidr = `10.80.${at}.0/24`;
    const subnet = ok(await maas.post('subnets/', null, { cidr, vlan: String(vlan.id) }));
    const card = ok(await maas.get(`nodes/${machine}/interfaces/`))[at];
    ok(await maas.put(card.resource_uri, { vlan: String(vlan.id) }));
    ok(await maas.post(card.resource_uri, 'link_subnet', { mode: 'AUTO', subnet: String(subnet.id) }));
    spaces = [...spaces, space];
  }
});
afterAll(() => site.close());

describe('a machine of Juju', () => {
  it('is not taken where a space is not wanted', async () => {
    const wish = { interfaces: `a:space=${spaces[0]?.id}`, not_subnets: `space:${spaces[1]?.id}`, agent_name: MODEL };
    const none = await maas.post('machines/', 'allocate', wish, user);
    expect([none.status, none.raw]).toEqual([409, expect.stringMatching(/^No available machine/)]);
    const unknown = await maas.post('machines/', 'allocate', { not_subnets: 'space:nowhere' }, user);
    expect(unknown.status).toBe(404);
  });

  it('is taken by the numbers of spaces and by sizes, the root disk’s of zero', async () => {
    const [inside, outside] = spaces.map(({ id }) => id);
    const wish = {
      arch: 'amd64',
      cpu_count: '2',
      mem: '1024',
      agent_name: MODEL,
      interfaces: `${inside}:space=${inside};${outside}:space=outside`,
      storage: 'root:0,7:16',
    };
    const taken = ok(await maas.post('machines/', 'allocate', wish, user));
    expect([taken.system_id, taken.status_name, shapeProblems('machine', taken)]).toEqual([machine, 'Allocated', []]);
    const { interfaces, storage } = taken.constraints_by_type;
    expect(Object.keys(interfaces).sort()).toEqual([inside, outside].map(String).sort());
    const disks = taken.blockdevice_set.map(({ id }: { id: number }) => id);
    expect([storage['7'].length, disks.includes(storage['7'][0])]).toEqual([1, true]);
    expect((await own()).map((one: { system_id: string }) => one.system_id)).toEqual([machine]);
  });

  it('keeps what Juju notes with it, for whoever has it', async () => {
    const at = `machines/${machine}/`;
    const data = { 'juju-is-controller': 'true', 'juju-controller-uuid': MODEL };
    expect(ok(await maas.post(at, 'set_owner_data', data, user)).owner_data).toMatchObject(data);
    const other = await maas.put(at, { description: 'mine' }, user);
    expect(other.status).toBe(403);
    const free = await readyMachine(site, admin, 'j2', ['52:54:00:00:80:09']);
    expect((await maas.post(`machines/${free}/`, 'set_owner_data', data, user)).status).toBe(403);
    ok(await maas.remove(`machines/${free}/`), 204);
  });

  it('is nobody’s when it was given back, and given back again without an error', async () => {
    const back = { machines: [machine], comment: 'Released by Juju MAAS provider' };
    expect(ok(await maas.post('machines/', 'release', back, user))).toEqual([machine]);
    expect(await own()).toEqual([]);
    expect(ok(await maas.get(`machines/${machine}/`)).owner_data).toEqual({});
    expect(ok(await maas.post('machines/', 'release', back, user))).toEqual([]);
  });
});

describe('disks that are erased when a machine is given back', () => {
  it('are so by the settings of the site, too', async () => {
    const set = async (name: string, value: string) => ok(await maas.post('maas/', 'set_config', { name, value }));
    const id = await readyMachine(site, admin, 'j3', ['52:54:00:00:80:11']);
    ok(await maas.post('machines/', 'allocate', { name: 'j3' }));
    // How is of no matter without a wish to erase: clients send it all the same.
    expect(ok(await maas.post(`machines/${id}/`, 'release', { quick_erase: 'true' })).status_name).not.toBe(
      'Disk erasing',
    );
    await admin(`update machine_states set state = 'ready' where machine_id = '${id}'`);
    await set('enable_disk_erasing_on_release', 'true');
    ok(await maas.post('machines/', 'allocate', { name: 'j3' }));
    const erased = await maas.post('machines/', 'release', { machines: [id] });
    // No script for it is in a test's release; it was asked for all the same.
    expect([erased.status, erased.raw]).toEqual([501, expect.stringContaining('regent-erase-full')]);
    await set('enable_disk_erasing_on_release', 'false');
  });
});
