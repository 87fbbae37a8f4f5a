import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/contract/base/role.ts';
import { MACHINE_VERBS, type MachineEvent } from '../../../src/model/machines/machine-states.ts';
import { machineEvent } from '../../../src/region/machines/lifecycle/event.ts';
import { createLifecycleTask } from '../../../src/region/machines/lifecycle/task.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { builtInScript, machineScriptsOf } from '../../kit/machine-scripts.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** The lifecycle of machines by its calls: what each begins, what is refused, and what ends it. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  const machineScripts = machineScriptsOf(builtInScript('one', '', 'script_type: testing; tags: default'));
  site = await startTestRegion(pg.get(), { machineScripts });
  const parameters = { power_address: '10.88.0.1', power_user: 'operator', power_pass: '' };
  await made('/bmcs', { name: 'm1-bmc', powerType: 'ipmi', parameters });
  await made('/bmcs', { name: 'hands', powerType: 'manual' });
});
afterAll(() => site.close());
beforeEach(async () => {
  await admin('delete from jobs');
  for (const { hostname } of (await say('GET', '/machines')).body['items'] as { hostname: string }[]) {
    await admin('delete from machine_states');
    await say('DELETE', `/machines/${hostname}`);
  }
  await made('/machines', { hostname: 'm1', bmc: 'm1-bmc' });
});

type By = { readonly role?: Role; readonly headers?: Readonly<Record<string, string>> };
const say = (method: Method, path: string, body?: unknown, by: By = {}) =>
  site.call(method, path, { ...by, ...(body === undefined ? {} : { body }) });
const ask = (verb: string, body: object = {}, by: By = {}) => say('POST', `/machines/m1/${verb}`, body, by);
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const made = async (path: string, body: object) => {
  const answer = await say('POST', path, body);
  if (answer.status !== 201) throw new Error(answer.raw);
};
const show = async (hostname = 'm1') => (await say('GET', `/machines/${hostname}`)).body;
const jobs = async () =>
  (await say('GET', '/jobs?sort=id')).body['items'] as {
    id: number;
    state: string;
    caller: string;
    targets: string[];
  }[];
const orders = () => admin("select payload -> 'order' as o from jobs order by id") as Promise<{ o: object }[]>;
const round = () => createLifecycleTask(site.db, realRandom).run();
const endJob = async (state: 'done' | 'failed', result: string) => {
  await admin(
    `update jobs set state = '${state}', result = '${result}', ended_at = clock_timestamp() where ended_at is null`,
  );
  await round();
};
const tell = async (event: MachineEvent, more: object = {}) => {
  const machineId = String((await show())['id']);
  return await change(site.db, (tx) => machineEvent(tx, { machineId, event, by: 'metadata', ...more }));
};
const passDeadline = async () => {
  await admin("update machine_states set deadline = clock_timestamp() - interval '1 s' where deadline is not null");
  await round();
};
const kinds = async () =>
  ((await say('GET', '/events?limit=1000&kind=machine')).body['items'] as { kind: string; data: object }[])
    .map(({ kind, data }) => ({ kind, ...data }))
    .filter(({ kind }) => kind.startsWith('machine.state') || kind === 'machine.locked');

describe('a machine that was made', () => {
  it('is new, nobody has it, and nothing is due of it', async () => {
    expect(await show()).toMatchObject({
      state: 'new',
      stateSince: expect.any(String),
      owner: null,
      locked: false,
      error: '',
      message: '',
      deadline: null,
      job: null,
      busy: false,
    });
    expect(await round()).toBeNull();
  });

  it('is found by state and owner', async () => {
    await ask('commission', {}, { role: 'operator' });
    await made('/machines', { hostname: 'm2' });
    const names = async (query: string) =>
      ((await say('GET', `/machines?${query}`)).body['items'] as { hostname: string }[]).map(
        ({ hostname }) => hostname,
      );
    expect(await names('state=commissioning')).toEqual(['m1']);
    expect(await names('state=new')).toEqual(['m2']);
    expect(await names('owner=operator')).toEqual(['m1']);
    expect(await names('owner=nobody')).toEqual([]);
    expect((await say('GET', '/machines?state=lost')).status).toBe(422);
  });
});

describe('commissioning', () => {
  it('has the machine cycled from the network by a job of the same transaction, and a deadline', async () => {
    const answer = await ask('commission', { comment: 'new rack' }, { role: 'operator' });
    expect(answer).toMatchObject({
      status: 202,
      body: { state: 'commissioning', owner: 'operator', busy: true, error: '' },
    });
    expect(answer.body['message']).toBe('The machine waits for its inventory and the end of its scripts.');
    const [job] = await jobs();
    expect(job).toMatchObject({ id: answer.body['job'], caller: 'operator', kind: 'machine-power' });
    expect(await orders()).toEqual([{ o: { verb: 'cycle', boot: 'pxe', stopMode: 'hard' } }]);
    const minutes = (Date.parse(String(answer.body['deadline'])) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(29);
    expect(minutes).toBeLessThan(31);
    expect((await kinds()).at(-1)).toMatchObject({
      kind: 'machine.state.commissioning',
      before: 'new',
      event: 'commission',
      by: 'operator',
      text: 'new rack',
    });
  });

  it('ends as failed when its deadline passes, and says what was not seen', async () => {
    await ask('commission');
    await passDeadline();
    expect(await show()).toMatchObject({ state: 'failed-commissioning', deadline: null, busy: false, job: null });
    expect((await show())['error']).toBe(
      'Its inventory and the end of its scripts did not come within 30 minutes. Its BMC did not report that the machine was switched on. See: regent job list.',
    );
    expect((await jobs())[0]).toMatchObject({ abortBy: 'system:lifecycle' });
    await admin('delete from jobs');
    await ask('commission');
    await endJob('done', 'm1 is on.');
    expect(await show()).toMatchObject({ state: 'commissioning', job: null, busy: true });
    await passDeadline();
    expect((await show())['error']).toMatch(
      /30 minutes\. The machine was switched on at 20\S+Z\. No rack saw it boot from the network\. Check its boot order, cable, VLAN and DHCP\.$/,
    );
  });

  it('takes its time from the setting', async () => {
    await say('PUT', '/settings/node_timeout', { value: 5 });
    const { body } = await ask('commission');
    expect((Date.parse(String(body['deadline'])) - Date.now()) / 60_000).toBeLessThan(5.5);
    await passDeadline();
    expect((await show())['error']).toContain('within 5 minutes.');
    for (const value of [0, 1441, 'long'])
      expect((await say('PUT', '/settings/node_timeout', { value })).status).toBe(422);
    await say('PUT', '/settings/node_timeout', { value: 30 });
  });

  it('fails with the job that was to switch it', async () => {
    await ask('commission');
    await endJob('failed', 'No node reaches m1-bmc.');
    expect(await show()).toMatchObject({ state: 'failed-commissioning', busy: false });
    expect((await show())['error']).toMatch(
      /^Job \d+, which had to switch the machine, failed: No node reaches m1-bmc\.$/,
    );
  });

  it('ends well once its scripts have passed, and it is switched off', async () => {
    await ask('commission', {}, { role: 'operator' });
    await endJob('done', 'm1 is on.');
    for (const event of ['boot-seen', 'inventory-posted'] as const) value(await tell(event));
    expect(await show()).toMatchObject({ state: 'commissioning' });
    value(await tell('scripts-passed'));
    expect(await show()).toMatchObject({
      state: 'ready',
      owner: null,
      deadline: null,
      busy: true,
      error: '',
      message: '',
    });
    expect((await orders()).at(-1)).toEqual({ o: { verb: 'off', stopMode: 'hard' } });
    await endJob('done', 'm1 is off.');
    expect(await show()).toMatchObject({ state: 'ready', busy: false });
    expect(await tell('inventory-posted')).toMatchObject({ kind: 'rejected', code: 'conflict' });
  });

  it('of a machine that nothing switches waits for a person', async () => {
    for (const bmc of [null, 'hands']) {
      await say('PATCH', '/machines/m1', { bmc });
      expect((await ask('commission')).body).toMatchObject({
        state: 'commissioning',
        job: null,
        message:
          'The machine has no BMC that switches it, so a person must start it from the network. The machine waits for its inventory and the end of its scripts.',
      });
      await passDeadline();
      expect((await show())['error']).toContain(
        'The machine has no BMC: a person must switch it on. No rack saw it boot',
      );
    }
    expect(await jobs()).toEqual([]);
  });

  it('of two at once is one, and one job', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask('commission')));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body.detail).toBe(
      'commission does not fit: m1 is commissioning. Rule: commission when it is new, failed-commissioning, missing, ready, broken, failed-testing. Possible now: abort, mark-broken, lock.',
    );
    expect(await jobs()).toHaveLength(1);
  });

  it('with one key is one, and tried it leaves nothing', async () => {
    expect(await say('POST', '/machines/m1/commission?dry_run=true', {})).toMatchObject({
      status: 200,
      body: { object: { state: 'commissioning' } },
    });
    expect(await show()).toMatchObject({ state: 'new' });
    expect(await jobs()).toEqual([]);
    const headers = { 'idempotency-key': 'commission-once' };
    const [first, second] = [await ask('commission', {}, { headers }), await ask('commission', {}, { headers })];
    expect(second.body).toEqual(first.body);
    expect(await jobs()).toHaveLength(1);
  });

  it('waits while another job holds the BMC, and is switched afterwards', async () => {
    await say('POST', '/machines/m1/power', { verb: 'query' });
    expect((await ask('commission')).body).toMatchObject({
      state: 'commissioning',
      job: null,
      busy: true,
      message: expect.stringMatching(
        /^Another job holds the BMC of the machine, which is switched after that job\. The machine waits for its inventory/,
      ),
    });
    expect(await round()).toBeNull();
    await endJob('done', 'm1 is off.');
    expect(await jobs()).toHaveLength(2);
    expect(await show()).toMatchObject({ job: (await jobs())[1]?.id });
  });

  it('whose order waits too long fails, and names the BMC', async () => {
    await say('POST', '/machines/m1/power', { verb: 'query' });
    await ask('commission');
    await admin("update machine_states set wanted_until = clock_timestamp() - interval '1 s'");
    await round();
    expect(await show()).toMatchObject({
      state: 'failed-commissioning',
      error: 'Other jobs held the BMC m1-bmc for too long, so the machine was not switched cycle.',
    });
  });
});

describe('abort', () => {
  it('makes a commissioning machine new, ends its job and has it switched off', async () => {
    await ask('commission');
    expect((await ask('abort')).body).toMatchObject({ state: 'new', owner: null, deadline: null, busy: true });
    // Its job never began: it has ended at once.
    expect(await jobs()).toMatchObject([{ state: 'aborted' }, { state: 'waiting' }]);
    expect((await orders()).map(({ o }) => o)).toEqual([
      { verb: 'cycle', boot: 'pxe', stopMode: 'hard' },
      { verb: 'off', stopMode: 'hard' },
    ]);
  });

  it('waits for a job that is under way before it switches anything', async () => {
    await ask('commission');
    await admin(
      "update jobs set state = 'running', epoch = 1, attempts = 1, lease_holder = 'x', lease_until = clock_timestamp() + interval '1 h'",
    );
    await ask('abort');
    expect(await jobs()).toMatchObject([{ state: 'running', abortBy: 'admin' }]);
    expect(await show()).toMatchObject({ state: 'new', busy: true, job: null });
    await admin(
      "update jobs set state = 'aborted', result = 'x', ended_at = clock_timestamp(), lease_holder = null, lease_until = null",
    );
    await round();
    expect((await orders()).at(-1)).toEqual({ o: { verb: 'off', stopMode: 'hard' } });
    expect(await show()).toMatchObject({ state: 'new' });
  });

  it('is refused when nothing runs, with what is possible', async () => {
    const answer = await ask('abort');
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(answer.body.detail).toBe(
      'abort does not fit: m1 is new. Rule: abort when it is commissioning, deploying, disk-erasing, testing. Possible now: commission, mark-broken, lock.',
    );
  });
});

describe('a locked machine', () => {
  it('is neither changed in state, nor switched off, nor deleted before it is unlocked', async () => {
    expect((await ask('lock')).body).toMatchObject({ state: 'new', locked: true });
    for (const verb of Object.keys(MACHINE_VERBS).filter((one) => !one.endsWith('lock'))) {
      const answer = await ask(verb);
      expect(answer, verb).toMatchObject({ status: 409 });
      expect(answer.body.detail).toBe(`m1 is locked and stays new. Rule: no ${verb} before regent machine unlock m1.`);
    }
    const rule = 'm1.regent.internal is locked. Rule: it is';
    for (const verb of ['off', 'cycle'])
      expect((await say('POST', '/machines/m1/power', { verb })).body.detail).toContain(
        `${rule} switched off or cycled`,
      );
    expect((await say('POST', '/machines/m1/power', { verb: 'on' })).status).toBe(202);
    await admin('delete from jobs');
    expect((await say('DELETE', '/machines/m1')).body.detail).toContain(`${rule} deleted once it is unlocked`);
    expect((await ask('unlock')).body).toMatchObject({ locked: false });
    expect((await say('DELETE', '/machines/m1')).status).toBe(200);
  });
});

describe('a broken machine', () => {
  it('says why, and is what it was before when it is repaired', async () => {
    await ask('commission');
    await endJob('done', 'on');
    value(await tell('scripts-passed'));
    expect((await ask('mark-broken', { comment: 'fan 2 stands still' })).body).toMatchObject({
      state: 'broken',
      error: 'fan 2 stands still',
    });
    expect((await ask('mark-fixed')).body).toMatchObject({ state: 'ready', error: '' });
    expect((await ask('mark-broken')).body).toMatchObject({ error: 'mark-broken, by admin.' });
  });

  it('that was never commissioned is new again', async () => {
    await ask('mark-broken');
    expect((await ask('mark-fixed')).body).toMatchObject({ state: 'new' });
  });
});

describe('rescue and tests', () => {
  beforeEach(async () => {
    await ask('commission');
    await endJob('done', 'on');
    value(await tell('scripts-passed'));
    await endJob('done', 'off');
  });

  it('go to rescue mode, and back once it is switched off', async () => {
    expect((await ask('rescue')).body).toMatchObject({
      state: 'entering-rescue-mode',
      message: 'The machine waits for its rescue system.',
    });
    await endJob('done', 'on');
    value(await tell('rescue-up'));
    expect(await show()).toMatchObject({ state: 'rescue-mode', deadline: null });
    expect((await ask('exit-rescue')).body).toMatchObject({ state: 'exiting-rescue-mode', busy: true });
    await endJob('done', 'off');
    expect(await show()).toMatchObject({ state: 'ready', busy: false, message: '' });
  });

  it('leave a broken machine broken, and for the same reason', async () => {
    await ask('mark-broken', { comment: 'fan 2 stands still' });
    await ask('rescue');
    expect(await show()).toMatchObject({ state: 'entering-rescue-mode', error: '' });
    await endJob('done', 'on');
    value(await tell('rescue-up'));
    await ask('exit-rescue');
    await endJob('done', 'off');
    expect(await show()).toMatchObject({ state: 'broken', error: 'fan 2 stands still' });
    await ask('test');
    expect((await ask('abort')).body).toMatchObject({ state: 'broken', error: 'fan 2 stands still' });
    expect((await ask('mark-fixed')).body).toMatchObject({ state: 'ready', error: '' });
  });

  it('leave rescue mode at once where a person switches', async () => {
    await say('PATCH', '/machines/m1', { bmc: null });
    await ask('rescue');
    value(await tell('rescue-up'));
    expect((await ask('exit-rescue')).body).toMatchObject({
      state: 'ready',
      message: 'The machine has no BMC that switches it, so a person must switch it off.',
    });
  });

  it('fail visibly when nothing comes, and can be asked for again', async () => {
    await ask('rescue');
    await endJob('done', 'on');
    await passDeadline();
    expect(await show()).toMatchObject({ state: 'failed-entering-rescue-mode' });
    expect((await ask('exit-rescue')).status).toBe(202);
    await endJob('failed', 'no answer');
    expect(await show()).toMatchObject({ state: 'failed-exiting-rescue-mode' });
    await ask('exit-rescue');
    await endJob('done', 'off');
    expect(await show()).toMatchObject({ state: 'ready' });
  });

  it('test a machine, and bring it back', async () => {
    expect((await ask('test')).body).toMatchObject({ state: 'testing' });
    await endJob('done', 'on');
    value(await tell('scripts-failed', { text: 'memtest found 3 errors.' }));
    expect(await show()).toMatchObject({ state: 'failed-testing', error: 'memtest found 3 errors.' });
    await ask('test');
    await endJob('done', 'on');
    value(await tell('scripts-passed'));
    expect(await show()).toMatchObject({ state: 'ready', error: '' });
    await endJob('done', 'off');
    await ask('test');
    expect((await ask('abort')).body).toMatchObject({ state: 'ready' });
  });
});

describe('what is told', () => {
  it('of an earlier epoch is refused', async () => {
    await ask('commission');
    const epoch = Number((await admin('select epoch from machine_states'))[0]?.['epoch']);
    await ask('abort');
    await ask('commission');
    expect(await tell('inventory-posted', { epoch })).toMatchObject({ kind: 'rejected', code: 'conflict' });
    value(await tell('inventory-posted', { epoch: epoch + 2 }));
  });

  it('is in the history, in order', async () => {
    const before = (await kinds()).length;
    await ask('commission');
    await ask('abort');
    await ask('lock');
    expect((await kinds()).slice(before).map(({ kind }) => kind)).toEqual([
      'machine.state.commissioning',
      'machine.state.new',
      'machine.locked',
    ]);
  });

  it('raises no revision, and is not taken back', async () => {
    const newest = async () =>
      ((await say('GET', '/config/history?limit=1')).body['items'] as { summary: string }[])[0]?.summary;
    const summary = await newest();
    await ask('commission');
    expect(await newest()).toBe(summary);
  });
});

describe('a call', () => {
  it.each(['user', 'auditor'] as const)('is not for the role %s', async (role) => {
    const own = role === 'user' ? ['allocate', 'deploy', 'release'] : [];
    for (const verb of Object.keys(MACHINE_VERBS).filter((one) => !own.includes(one)))
      expect((await ask(verb, {}, { role })).status, verb).toBe(403);
  });

  it.each([
    ['no body', undefined, 400],
    ['a member that it does not have', { speed: 'high' }, 422],
    ['a long comment', { comment: 'a'.repeat(201) }, 422],
    ['a comment on two lines', { comment: 'a\nb' }, 422],
    ['a comment that is no text', { comment: 5 }, 422],
  ])('is refused: %s', async (_, body, status) => {
    for (const verb of Object.keys(MACHINE_VERBS))
      expect((await say('POST', `/machines/m1/${verb}`, body)).status).toBe(status);
    expect((await say('POST', '/machines/nobody/commission', {})).status).toBe(404);
  });

  it('of an unknown verb is none', async () => {
    expect((await ask('explode')).status).toBe(404);
  });
});
