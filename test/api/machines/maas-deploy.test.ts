import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeploySite, useDeploySite } from '../../kit/deploy-site.ts';
import { type MaasClient, maasClient } from '../../kit/maas.ts';
import { ok } from '../../kit/maas-site.ts';
import { usePostgres } from '../../kit/postgres.ts';

/** Deployments by tools for MAAS: what they are called by, and what only warns. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
let maas: MaasClient;
let at: string;
beforeAll(async () => {
  on = deploying.get();
  maas = maasClient(on.site);
  at = `machines/${String((await on.show())['id'])}/`;
});
beforeEach(() => on.reset());

const user = { role: 'user' } as const;
const named = async (name: string) =>
  ((await maas.get('machines/', { agent_name: name }, user)).body as { hostname: string }[]).map(
    ({ hostname }) => hostname,
  );
const READY = `delete from machine_states; insert into machine_states (machine_id, state, epoch, commissioned_at) select id, 'ready', 1, now() from machines`;
const annotations = async () => (await on.show())['annotations'];

describe('a deployment by a tool for MAAS', () => {
  it('goes on where something only warns, as tools have no word to insist', async () => {
    // The VLAN has one rack, and nobody has an SSH key.
    expect((await on.ask('deploy', { image: 'debian-13' })).status).toBe(409);
    const begun = ok(await maas.post(at, 'deploy', { distro_series: 'debian-13' }, user));
    expect([begun.status_name, begun.owner]).toEqual(['Deploying', 'user']);
  });

  it('keeps the name of the tool, beside what else is kept, until the machine is given back by whoever', async () => {
    ok(await maas.post(at, 'set_owner_data', { note: 'kept' }, user));
    const begun = ok(await maas.post(at, 'deploy', { distro_series: 'debian-13', agent_name: 'model-7' }, user));
    expect([begun.owner_data, await named('model-7'), await named('model')]).toEqual([{ note: 'kept' }, ['m1'], []]);
    expect(await annotations()).toEqual({ note: 'kept', 'maas/agent-name': 'model-7' });
    // Not by a tool for MAAS: what people keep with the machine stays, the tool's name goes.
    expect((await on.ask('release')).status).toBe(202);
    expect([await annotations(), await named('model-7')]).toEqual([{ note: 'kept' }, []]);
  });

  it('keeps no name when it is refused', async () => {
    const refused = await maas.post(at, 'deploy', { distro_series: 'nothing', agent_name: 'model-8' }, user);
    expect([refused.status, await named('model-8')]).toEqual([400, []]);
    await on.admin('delete from image_places');
    const alone = await maas.post(at, 'deploy', { distro_series: 'debian-13', agent_name: 'model-8' }, user);
    expect([alone.status, await named('model-8')]).toEqual([409, []]);
  });
});

describe('a machine that is taken', () => {
  it('has the annotations of the call, and none of them when it is not', async () => {
    await on.admin(READY);
    const body = { machines: ['m1'], annotations: { 'ci/job': '17' } };
    const taken = await on.site.call('POST', '/machines/allocate', { body, role: 'user' });
    expect(taken.body['machine']).toMatchObject({ owner: 'user', annotations: { 'ci/job': '17' } });
    await on.admin(READY);
    const bad = { machines: ['m1'], annotations: { '-': 'x' } };
    const refused = await on.site.call('POST', '/machines/allocate', { body: bad, role: 'user' });
    expect([refused.status, (await on.show())['state']]).toEqual([422, 'ready']);
  });
});
