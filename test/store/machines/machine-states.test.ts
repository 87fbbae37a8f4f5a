import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { isRejected, type Rejected } from '../../../src/core/errors.ts';
import type { MachineEvent } from '../../../src/model/machines/machine-states.ts';
import { machineEvent } from '../../../src/region/machines/lifecycle/event.ts';
import { createLifecycleTask } from '../../../src/region/machines/lifecycle/task.ts';
import type { Database } from '../../../src/store/database.ts';
import { createDeclared } from '../../../src/store/declared/rows.ts';
import {
  createMachine,
  deleteMachine,
  findMachine,
  type MachineRow,
} from '../../../src/store/queries/machines/machines.ts';
import {
  lockMachineState,
  machinesWithoutRack,
  storeAgain,
  storeMachineState,
} from '../../../src/store/queries/machines/machine-states.ts';
import { deleteUser } from '../../../src/store/queries/people/users.ts';
import type { WriteTx } from '../../../src/store/write.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { seed } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** The rows of machines' lifecycle, and two regions that want the same machine. */

const postgres = usePostgres();
const M = 'aaaaaa';
let one: Database;
let other: Database;
let database: string;
const say = async <T>(body: (tx: WriteTx) => Promise<T>, db = one) => value(await change(db, body));
const tell = (db: Database, event: MachineEvent, more: object = {}) =>
  change(db, (tx) => machineEvent(tx, { machineId: M, event, by: 'operator', ...more }));
const show = () => say((tx) => findMachine(tx, { id: M }));
const jobs = () =>
  say((tx) =>
    tx.all(sql<{ id: number; verb: string }>`select id, payload -> 'order' ->> 'verb' as verb from jobs order by id`),
  );
const states = () =>
  say((tx) => tx.all(sql<{ kind: string }>`select kind from events where kind like 'machine.state.%' order by id`));
const round = (db: Database) => createLifecycleTask(db, realRandom).run();
beforeEach(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  one = postgres.get().open(connection);
  other = postgres.get().open(connection);
  await seed(one);
  await say(async (tx) => {
    const bmc = { name: 'm1-bmc', powerType: 'ipmi', parameters: { power_address: '10.88.0.1' } } as const;
    const { id: bmcId } = await createDeclared(tx, 'bmc', bmc);
    const { id: domainId = 0 } = (await tx.one(sql<{ id: number }>`select id from domains order by id limit 1`)) ?? {};
    await createMachine(tx, { id: M, hostname: 'm1', domainId, interfaces: [], bmcId });
  });
});

describe('two regions', () => {
  it('that are asked for the same at once begin it once, with one job and one event', async () => {
    const both = await Promise.all([one, other, one, other].map((db) => tell(db, 'commission')));
    expect(both.filter((answer) => !isRejected(answer as MachineRow | Rejected))).toHaveLength(1);
    expect(await jobs()).toMatchObject([{ verb: 'cycle' }]);
    expect(await states()).toEqual([{ kind: 'machine.state.commissioning' }]);
  });

  it('that are asked for different things do one after the other, and one order is left', async () => {
    value(await tell(one, 'commission'));
    const ended = await Promise.all([tell(one, 'abort'), tell(other, 'mark-broken'), tell(one, 'scripts-passed')]);
    expect(ended.some((answer) => !isRejected(answer as MachineRow | Rejected))).toBe(true);
    const open = await say((tx) => tx.all(sql`select from jobs where ended_at is null and abort_by is null`));
    const { isOrderWaiting = false } = (await show()) ?? {};
    expect(open.length + Number(isOrderWaiting)).toBeLessThanOrEqual(1);
  });

  it('that both see a deadline pass end the way once', async () => {
    value(await tell(one, 'commission'));
    await say((tx) => tx.run(sql`update machine_states set deadline = clock_timestamp() - interval '1 s'`));
    const told = await Promise.all([round(one), round(other), round(one)]);
    expect(told.filter((text) => text !== null)).toEqual(['1 machines went on']);
    expect(await states()).toEqual([
      { kind: 'machine.state.commissioning' },
      { kind: 'machine.state.failed-commissioning' },
    ]);
  });

  it('that both see the end of a job, and a free BMC, switch the machine once', async () => {
    value(await tell(one, 'commission'));
    const begin = sql`update jobs set state = 'running', epoch = 1, attempts = 1, lease_holder = 'x',
      lease_until = clock_timestamp() + interval '1 h' where epoch = 0`;
    await say((tx) => tx.run(begin));
    value(await tell(one, 'abort'));
    expect(await show()).toMatchObject({ isOrderWaiting: true, jobId: null });
    expect(await Promise.all([round(one), round(other)])).toEqual([null, null]);
    await say((tx) =>
      tx.run(
        sql`update jobs set state = 'aborted', result = 'x', ended_at = clock_timestamp(), lease_holder = null, lease_until = null`,
      ),
    );
    await Promise.all([round(one), round(other), round(one), round(other)]);
    expect(await jobs()).toMatchObject([{ verb: 'cycle' }, { verb: 'off' }]);
    expect(await show()).toMatchObject({ isOrderWaiting: false, state: 'new' });
  });
});

describe('a machine whose rack may have died', () => {
  const powered = async (secondsAgo: number) => {
    value(await tell(one, 'commission'));
    await say((tx) => tx.run(sql`update jobs set state = 'done', result = 'x', ended_at = clock_timestamp()`));
    await round(one);
    await say((tx) =>
      tx.run(sql`update machine_states set powered_at = clock_timestamp() - make_interval(secs => ${secondsAgo})`),
    );
  };
  const rack = (silentFor: number) =>
    say(async (tx) => {
      await tx.run(sql`insert into nodes (id, name, is_rack) values ('k1', 'k1', true) on conflict do nothing`);
      await tx.run(sql`insert into node_observations (node_id, generation, digest, agent_version, agent_since, facts, reported_at)
        values ('k1', 1, '', '', now(), '{}', clock_timestamp() - make_interval(secs => ${silentFor}))
        on conflict (node_id) do update set reported_at = excluded.reported_at`);
      return {};
    });
  const found = () => say((tx) => machinesWithoutRack(tx, 2, 9));

  it('is found when a rack is silent and it was switched on a while ago', async () => {
    await powered(60);
    expect(await found()).toEqual([]);
    await rack(60);
    expect(await found()).toEqual([M]);
    await rack(1);
    expect(await found()).toEqual([]);
    await rack(60);
    await say((tx) => tx.run(sql`update machine_states set powered_at = clock_timestamp()`));
    expect(await found()).toEqual([]);
  });

  it('is started anew in its state, as one more order to its BMC, so often and no more; in its next epoch again', async () => {
    await powered(60);
    await rack(60);
    for (const isDone of [true, true, false]) {
      const row = await say((tx) => lockMachineState(tx, M));
      expect(row && (await say(async (tx) => ({ isDone: await storeAgain(tx, row, 2) })))).toEqual({ isDone });
    }
    expect(await found()).toEqual([]);
    const before = await show();
    value(await tell(one, 'boot-lost', { text: 'k1 is dead.' }));
    expect(await jobs()).toMatchObject([{ verb: 'cycle' }, { verb: 'cycle' }]);
    expect(await show()).toMatchObject({
      state: 'commissioning',
      stateEpoch: before?.stateEpoch,
      deadline: before?.deadline,
    });
    value(await tell(one, 'abort'));
    value(await tell(one, 'commission'));
    const row = await say((tx) => lockMachineState(tx, M));
    expect(row && (await say(async (tx) => ({ isDone: await storeAgain(tx, row, 2) })))).toEqual({ isDone: true });
  });

  it('is not started anew at rest', async () => {
    expect(await tell(one, 'boot-lost')).toMatchObject({ kind: 'rejected', code: 'conflict' });
  });
});

describe('a row', () => {
  it('is changed only from the state and epoch that were read', async () => {
    const row = await say((tx) => lockMachineState(tx, M));
    if (row === null) throw new Error('no row');
    const next = { state: 'ready', error: '', message: '', minutes: null } as const;
    expect(await say((tx) => storeMachineState(tx, row, { next }))).toBe(true);
    expect(await say((tx) => storeMachineState(tx, row, { next }))).toBe(false);
    expect(await say((tx) => storeMachineState(tx, { ...row, state: 'ready', epoch: 7 }, { next }))).toBe(false);
  });

  it.each([
    ['an earlier epoch', 'update machine_states set epoch = epoch - 1', 'machine_states_epoch_grows'],
    ['another state in the same epoch', "update machine_states set state = 'ready'", 'machine_states_epoch_grows'],
    [
      'a way without a deadline',
      "update machine_states set state = 'testing', epoch = epoch + 1",
      'machine_states_deadline_of_way',
    ],
    ['a deadline at rest', 'update machine_states set deadline = now(), minutes = 1', 'machine_states_deadline_of_way'],
    [
      'a state that there is not',
      "update machine_states set state = 'lost', epoch = epoch + 1",
      'machine_states_state_known',
    ],
  ])('refuses %s', async (_, text, constraint) => {
    value(await tell(one, 'mark-broken'));
    await expect(postgres.get().admin(text, database)).rejects.toMatchObject({ constraint });
  });

  it('goes with its machine; its job may go without it, its user not', async () => {
    value(await tell(one, 'commission'));
    expect(await show()).toMatchObject({ owner: 'operator' });
    await say((tx) => tx.run(sql`delete from api_keys where user_name = 'operator'`));
    await expect(say((tx) => deleteUser(tx, { key: 'operator' }))).rejects.toThrow('operator has m1');
    await say((tx) => tx.run(sql`delete from jobs`));
    expect(await show()).toMatchObject({ owner: 'operator', jobId: null, state: 'commissioning' });
    await say((tx) => deleteMachine(tx, { key: M }));
    expect(await say((tx) => tx.all(sql`select from machine_states`))).toEqual([]);
    expect(await tell(one, 'commission')).toMatchObject({ kind: 'rejected', code: 'not_found' });
  });
});
