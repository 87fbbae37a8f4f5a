import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MachineTimeline } from '../../../src/contract/machines/machine-timeline.ts';
import { BOOT_STEPS_PATH, type BootStep, STEPS_PER_REPORT } from '../../../src/contract/machines/boot-steps.ts';
import type { MachineEvent } from '../../../src/model/machines/machine-states.ts';
import type { RackStep, StepSource } from '../../../src/model/machines/timeline/step.ts';
import { createAgainTask } from '../../../src/region/machines/lifecycle/again.ts';
import { machineEvent } from '../../../src/region/machines/lifecycle/event.ts';
import { purge } from '../../../src/store/purge.ts';
import { realClock, realRandom, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** Steps of machines that boot: from racks' reports to the timeline, what comes next, and why it is late. */

const MAC = '52:54:00:00:00:01';
const HERE = '10.10.10.21';
const pg = usePostgres();
let site: TestRegion;
let id: string;
let number = 0;
let epoch = 0;

const admin = (text: string) => pg.get().admin(text, site.connection.database);
const post = (path: string, body: object) => site.call('POST', path, { body });
const tell = async (event: MachineEvent) =>
  value(await change(site.db, (tx) => machineEvent(tx, { machineId: id, event, by: 'test' })));
const timeline = async (query = '') =>
  (await site.call('GET', `/machines/m1/timeline${query}`)).body as unknown as MachineTimeline;
const whats = async (query = '') => (await timeline(query)).steps.map(({ source, what }) => `${source} ${what}`);
const codes = async () => (await timeline()).causes.map(({ code }) => code);

type Told = Partial<Omit<BootStep, 'sequence' | 'source' | 'what'>>;
/** A step `ago` ms before its sending. */
function seen(source: StepSource, what: RackStep, more: Told = {}, ago = 0): BootStep {
  number += 1;
  return {
    sequence: number,
    at: new Date(Date.now() - ago).toISOString(),
    source: source as BootStep['source'],
    what,
    mac: MAC,
    address: HERE,
    outcome: 'done',
    facts: {},
    ...more,
  };
}
const report = (node: string, steps: readonly BootStep[], at = Date.now()) =>
  site.region.agents.bootSteps(node, { epoch: epoch.toString(16), at: new Date(at).toISOString(), steps: [...steps] });
const SCRIPT = { facts: { decision: 'kernel', reason: 'm1 is commissioned', loader: 'ipxe', architecture: 'amd64' } };
/** As if all of it had been so many seconds earlier. */
const late = (seconds: number) =>
  change(site.db, async (tx) => {
    for (const [table, column] of [
      ['machine_steps', 'at'],
      ['machine_states', 'since'],
      ['machine_states', 'powered_at'],
      ['events', 'at'],
      ['machine_tokens', 'begun_at'],
      ['machine_tokens', 'ended_at'],
      ['machines', 'created_at'],
    ] as const)
      await tx.run(
        sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.ref(column)} - make_interval(secs => ${seconds})`,
      );
    return {};
  }).then(value);

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  const parameters = { power_address: '10.88.0.1', power_user: 'operator', power_pass: '' };
  await post('/bmcs', { name: 'm1-bmc', powerType: 'ipmi', parameters });
  await post('/subnets', { cidr: '10.10.10.0/24' });
  await change(site.db, async (tx) => {
    await tx.run(sql`insert into nodes (id, name, is_rack) values ('k1', 'k1', true)`);
    // Both are the racks of the machine's VLAN: what others report of it does not count.
    for (const [uuid, node] of [
      ['11111111-1111-4111-8111-111111111111', 'k1'],
      ['22222222-2222-4222-8222-222222222222', 'r1'],
    ] as const)
      await tx.run(sql`insert into racks (uuid, state, node_id, name, public_key, accepted_at)
        values (${uuid}, 'accepted', ${node}, ${node}, ${node.padEnd(43, 'x')}, now())`);
    return {};
  });
  await admin(`set session_replication_role = replica; update vlans set dhcp_on = true, primary_rack_id = '11111111-1111-4111-8111-111111111111',
    secondary_rack_id = '22222222-2222-4222-8222-222222222222' where id = 1`);
});
afterAll(() => site.close());
beforeEach(async () => {
  await admin(
    'delete from jobs; delete from machine_steps; delete from boot_step_series; delete from machine_states; delete from leases; delete from lease_series',
  );
  await site.call('DELETE', '/machines/m1');
  id = String(
    (
      await post('/machines', {
        hostname: 'm1',
        bmc: 'm1-bmc',
        interfaces: [{ mac: MAC, addresses: [{ address: HERE }] }],
      })
    ).body.id,
  );
  epoch += 1;
  number = 0;
});

describe('the way of a machine', () => {
  it('is one story over all racks, by the database’s clock, with what comes next', async () => {
    await tell('commission');
    expect(await timeline()).toMatchObject({
      state: 'commissioning',
      next: { stage: 'asked', next: 'power on', isLate: false },
      causes: [],
    });
    await tell('power-done');
    await late(10);
    // The clock of k1 is an hour behind: its steps stand where they belong.
    const hour = 3_600_000;
    const early = (step: BootStep): BootStep => ({ ...step, at: new Date(Date.parse(step.at) - hour).toISOString() });
    await report('r1', [seen('tftp', 'loader', { mac: null, facts: { file: 'snponly.efi' } }, 9000)]);
    await report('k1', [early(seen('boot', 'script', SCRIPT, 6000))], Date.now() - hour);
    await report('r1', [seen('http', 'kernel', { facts: { file: 'vmlinuz', status: 200, bytes: 9_000_000 } }, 3000)]);
    const { steps, next, run } = await timeline('?all=true');
    expect(
      steps.filter(({ source }) => source !== 'state' && source !== 'bmc').map(({ node, what }) => `${node} ${what}`),
    ).toEqual(['r1 loader', 'k1 script', 'r1 kernel']);
    const [, , kernel] = steps.filter(({ node }) => node !== '');
    expect(kernel).toMatchObject({ detail: 'vmlinuz HTTP 200 8.6 MiB from 10.10.10.21', address: HERE });
    expect(kernel?.afterMs).toBeGreaterThan(1000);
    expect(next).toMatchObject({ stage: 'kernel', next: 'its initrd', isLate: false });
    expect(run).toBeNull();
    expect((await timeline()).run).toMatchObject({ purpose: 'commissioning', endedAt: null });
  });

  it('tells the lifecycle of each start once, and of no machine at rest', async () => {
    const all = async () =>
      Number(
        ((await admin("select count(*)::int as n from events where kind = 'machine.boot-seen'")) as { n: number }[])[0]
          ?.n,
      );
    const before = await all();
    const booted = async () => (await all()) - before;
    await report('r1', [seen('boot', 'script', SCRIPT)]);
    expect(await booted()).toBe(0);
    await tell('commission');
    const first = seen('boot', 'script', SCRIPT);
    await report('r1', [first]);
    await report('r1', [first, seen('boot', 'script', SCRIPT)]);
    expect(await booted()).toBe(1);
    await admin("update machine_states set booted_at = booted_at - interval '2 min'");
    await report('r1', [seen('boot', 'script', SCRIPT)]);
    expect(await booted()).toBe(2);
    expect((await admin('select booted_at is not null as is from machine_states')) as object[]).toEqual([{ is: true }]);
  });

  it('takes a report that comes twice once, and goes on after a gap and with a new agent', async () => {
    const steps = [seen('tftp', 'loader'), seen('boot', 'script', SCRIPT)];
    await report('r1', steps);
    await report('r1', steps);
    number += 10;
    await report('r1', [...steps, seen('http', 'kernel')]);
    epoch += 1;
    number = 0;
    await report('r1', [seen('http', 'initrd')]);
    expect(await whats('?all=true')).toEqual(['tftp loader', 'boot script', 'http kernel', 'http initrd']);
  });

  it('has a lease once, though both racks tell of it, with its VLAN; and steps from before it was known whose address it is', async () => {
    await site.call('DELETE', '/machines/m1');
    id = String((await post('/machines', { hostname: 'm1', bmc: 'm1-bmc', interfaces: [{ mac: MAC }] })).body.id);
    await tell('commission');
    await report('r1', [seen('tftp', 'loader', { mac: null, facts: { file: 'undionly.kpxe' } })]);
    expect(await whats()).toEqual(['state state']);
    const subnetId = Number(
      ((await site.call('GET', '/subnets')).body['items'] as { id: number; cidr: string }[]).find(
        ({ cidr }) => cidr === '10.10.10.0/24',
      )?.id,
    );
    const now = Math.floor(Date.now() / 1000) * 1000;
    const lease = {
      address: HERE,
      subnetId,
      mac: MAC,
      clientId: null,
      hostname: '',
      state: 'active' as const,
      startsAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 600_000).toISOString(),
    };
    for (const node of ['r1', 'k1'])
      await site.region.agents.leases(node, {
        epoch: 'a1',
        sequence: 1,
        at: new Date().toISOString(),
        leases: [lease],
        gone: [],
        whole: null,
      });
    const found = await timeline();
    expect(found.steps.map(({ source, what }) => `${source} ${what}`).toSorted()).toEqual([
      'dhcp lease',
      'state state',
      'tftp loader',
    ]);
    expect(found.steps.find(({ what }) => what === 'lease')).toMatchObject({
      node: 'r1',
      detail: expect.stringMatching(/^10\.10\.10\.21 on VLAN fabric-\d\//) as string,
    });
  });

  it('says of a run what belongs to it', async () => {
    await tell('commission');
    await report('r1', [seen('boot', 'script', SCRIPT)]);
    await tell('abort');
    await late(3600);
    await tell('commission');
    await report('r1', [seen('tftp', 'loader')]);
    expect(await whats()).toEqual(['state state', 'tftp loader']);
    const { runs } = await timeline();
    expect(runs).toHaveLength(2);
    expect(await whats(`?run=${runs[1]}`)).toEqual(['state state', 'boot script', 'state state']);
    expect((await whats('?all=true')).length).toBe(5);
    expect((await site.call('GET', '/machines/m1/timeline?run=99999')).body).toMatchObject({ code: 'not_found' });
  });
});

describe('what may come', () => {
  it('is bounded: of a machine, of strangers, by age', async () => {
    await admin(`insert into machine_steps (machine_id, at, node, source, what, outcome) select '${id}', now(), 'r1', 'http', 'image', 'done' from generate_series(1, 1200);
      insert into machine_steps (mac, at, node, source, what, outcome) select '52:54:00:00:00:99', now(), 'r1', 'http', 'image', 'done' from generate_series(1, 1200)`);
    await report('r1', [seen('http', 'kernel')]);
    expect(
      await admin('select machine_id is null as strange, count(*)::int as n from machine_steps group by 1 order by 1'),
    ).toEqual([
      { strange: false, n: 1000 },
      { strange: true, n: 1000 },
    ]);
    expect(await timeline('?all=true')).toMatchObject({ isCut: true });
    expect((await timeline('?all=true')).steps).toHaveLength(500);
    await admin("update machine_steps set at = now() - interval '31 days'; update chores set last_ran = '2000-01-01'");
    await purge(site.db, 'test');
    expect(await admin('select count(*)::int as n from machine_steps')).toEqual([{ n: 0 }]);
  });

  it('is refused where it breaks the grammar, and nobody but a node tells', async () => {
    const say = (body: unknown, secret = NODE_SECRET) =>
      site.agentApi.inject({
        method: 'POST',
        url: BOOT_STEPS_PATH,
        headers: { authorization: `Bearer node:r1:${secret}`, 'content-type': 'application/json' },
        payload: JSON.stringify(body),
      });
    const at = new Date().toISOString();
    const body = (step: object) => ({ epoch: 'ab', at, steps: [{ ...seen('http', 'kernel'), ...step }] });
    expect((await say(body({}))).statusCode).toBe(204);
    expect((await say(body({}), 'another-secret-01234567')).statusCode).toBe(401);
    for (const wrong of [
      { mac: 'no mac' },
      { address: '10.0.0.999' },
      { facts: { file: 'a\u001b[2J' } },
      { facts: { reason: 'x'.repeat(500) } },
      { what: 'coffee' },
      { sequence: 0 },
    ])
      expect((await say(body(wrong))).statusCode, JSON.stringify(wrong)).toBe(422);
    const many = Array.from({ length: STEPS_PER_REPORT + 1 }, () => seen('http', 'kernel'));
    expect((await say({ epoch: 'ab', at, steps: many })).statusCode).toBe(422);
  });
});

describe('why it is late', () => {
  it('is not said of what has its time, and at once of what was refused', async () => {
    await tell('commission');
    await tell('power-done');
    await report('r1', [seen('boot', 'script', SCRIPT)]);
    expect(await codes()).toEqual([]);
    await report('r1', [seen('http', 'kernel', { outcome: 'failed', facts: { file: 'vmlinuz', status: 404 } })]);
    const { causes } = await timeline();
    expect(causes[0]).toEqual({
      code: 'image-missing',
      sentence: 'The rack r1 did not give out vmlinuz (HTTP 404): no region has that file.',
      remedy: expect.stringContaining('regent image list') as string,
    });
  });

  it('is asked of the site: a VLAN without DHCP, then a failed way', async () => {
    await admin('set session_replication_role = replica; update vlans set dhcp_on = false where id = 1');
    await tell('commission');
    await tell('power-done');
    await late(400);
    const found = await timeline();
    expect(found.next).toMatchObject({
      stage: 'powered',
      isLate: true,
      sentence: expect.stringMatching(/^Late: DHCP should/) as string,
    });
    expect(found.causes.map(({ code }) => code)).toEqual(['vlan-without-dhcp', 'no-dhcp', 'image-unset']);
    await tell('deadline-passed');
    expect(await timeline()).toMatchObject({ state: 'failed-commissioning', next: null });
    expect(await codes()).toEqual(['vlan-without-dhcp', 'no-dhcp', 'image-unset']);
  });

  it('is asked of the run, which says how long a script may take, and of the inventory', async () => {
    await tell('commission');
    await late(300);
    const run = (await timeline()).run?.id;
    const runs = (timeout: number) =>
      admin(`delete from run_scripts; insert into run_scripts (run, name, position, instance_of, hardware, timeout, is_parallel, parameters, given, content)
        values (${run}, 'memory', 1, 'memory', 'memory', ${timeout}, false, '{}', '{}', '#!/bin/sh')`);
    await admin(`insert into machine_inventories (machine_id, inventory) values ('${id}', '{"disks": []}');
      insert into machine_script_results (machine_id, run, purpose, script, state, started_at)
        values ('${id}', ${run}, 'commissioning', 'memory', 'running', now() - interval '120 s')`);
    await runs(60);
    expect(await codes()).toEqual(['script-hangs', 'disk-absent']);
    expect((await timeline()).causes[0]?.sentence).toBe('memory has run for 120 s and may run for 90 s: it hangs.');
    await runs(600);
    expect(await timeline()).toMatchObject({ causes: [], next: { stage: 'scripts', isLate: false } });
    await runs(0);
    expect(await timeline()).toMatchObject({ causes: [], next: { isLate: false } });
  });
});

describe('a machine that stands still at its start', () => {
  const again = () => createAgainTask(site.db, { clock: realClock, latestReportOf: () => null }, realRandom).run();
  const verbs = () =>
    change(site.db, async (tx) => ({
      rows: await tx.all(sql<{ verb: string }>`select payload -> 'order' ->> 'verb' as verb from jobs order by id`),
    }))
      .then(value)
      .then(({ rows }) => rows.map(({ verb }) => verb));
  const endJobs = () => admin(`update jobs set state = 'done', result = 'x', ended_at = now() where ended_at is null`);
  const switched = async () => {
    await endJobs();
    await admin('update machine_states set job_id = null');
    await tell('power-done');
  };
  const FETCHED = ['kernel', 'initrd'] as const;
  const fetches = (whats: readonly RackStep[] = FETCHED, last: Told = {}) =>
    report('k1', [
      seen('boot', 'script', SCRIPT),
      ...whats.map((what, index) => seen('http', what, index === whats.length - 1 ? last : {})),
    ]);

  it('is started anew when it has been silent twice as long as it may, and only once', async () => {
    await tell('commission');
    await switched();
    await fetches();
    await late(120);
    expect(await codes()).toEqual(['system-mute']);
    expect(await again()).toBeNull();
    await late(90);
    const { body: before } = await site.call('GET', '/machines/m1');
    expect(await again()).toBe('1 machine restarted: the rack died, or the start hung');
    expect(await verbs()).toEqual(['cycle', 'cycle']);
    expect((await site.call('GET', '/machines/m1')).body).toMatchObject({
      state: 'commissioning',
      deadline: before['deadline'],
    });
    expect(await again()).toBeNull();
    await switched();
    const { steps } = await timeline();
    expect(steps.find(({ detail }) => detail.includes('boots again'))?.detail).toMatch(
      /never requested metadata.* It is restarted once\.$/,
    );
    // Another start stands still, too: its deadline ends its way.
    await fetches();
    await late(400);
    expect(await codes()).toEqual(['system-mute']);
    expect(await again()).toBeNull();
    expect(await verbs()).toEqual(['cycle', 'cycle']);
  });

  it.each<[string, RackStep[]]>([
    ['it fetched no kernel', []],
    ['it fetched no initrd', ['kernel']],
    ['it fetched its root', [...FETCHED, 'root']],
  ])('is started anew where %s', async (_what, steps) => {
    await tell('commission');
    await switched();
    await fetches(steps);
    await late(400);
    expect(await again()).toBe('1 machine restarted: the rack died, or the start hung');
  });

  it.each<[string, RackStep[], Told]>([
    ['its system spoke', [...FETCHED, 'metadata'], {}],
    ['its image is missing', ['kernel'], { outcome: 'failed', facts: { status: 404 } }],
  ])('is left alone where %s', async (_what, steps, last) => {
    await tell('commission');
    await switched();
    await fetches(steps, last);
    await late(400);
    expect(await again()).toBeNull();
    expect(await verbs()).toEqual(['cycle']);
  });

  it('is left alone where a person must switch it, while an order is on its way, and at rest', async () => {
    await tell('commission');
    await switched();
    await fetches();
    await late(400);
    await admin(
      `update machine_states set wanted = '{"verb": "off"}', wanted_by = 'x', wanted_until = now() + interval '1 h'`,
    );
    expect(await again()).toBeNull();
    await admin('update machine_states set wanted = null, wanted_by = null, wanted_until = null');
    expect((await site.call('PATCH', '/machines/m1', { body: { bmc: null } })).status).toBe(200);
    expect(await again()).toBeNull();
    await tell('abort');
    expect(await again()).toBeNull();
    expect(await verbs()).toEqual(['cycle']);
  });
});

describe('a machine whose run is over', () => {
  it('is refused with its old credentials as it should be: that is no failed step, and one within its run is', async () => {
    await tell('commission');
    await report('k1', [
      seen('http' as StepSource, 'metadata', { outcome: 'failed', facts: { file: 'POST status/x', status: 401 } }),
    ]);
    const outcomes = async () =>
      (await timeline()).steps.filter(({ what }) => what === 'metadata').map(({ outcome }) => outcome);
    expect(await outcomes()).toEqual(['failed']);
    // What comes within two seconds before the end of a run counts as its end: that step was earlier.
    await admin(`update machine_tokens set begun_at = begun_at - interval '5 s';
      update machine_steps set at = at - interval '3 s' where what = 'metadata'`);
    await tell('scripts-passed');
    await report('k1', [
      seen('http' as StepSource, 'metadata', { outcome: 'failed', facts: { file: 'POST status/x', status: 401 } }),
    ]);
    expect((await outcomes()).at(-1)).toBe('done');
    expect((await timeline()).steps.at(-1)?.detail).toContain('its run was over');
  });
});
