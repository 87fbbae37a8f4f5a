import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { createDeclared, updateDeclared } from '../../../src/store/declared/rows.ts';
import { addJob } from '../../../src/store/queries/base/jobs/add.ts';
import { findCommand, insertCommand, withdrawCommand } from '../../../src/store/queries/base/jobs/commands.ts';
import {
  createMachine,
  deleteMachine,
  findMachine,
  updateMachine,
} from '../../../src/store/queries/machines/machines.ts';
import * as states from '../../../src/store/queries/machines/power-states.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import type { WriteTx } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { seed } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** What is known of BMCs and of machines' power, as rows. */

const postgres = usePostgres();
const M = 'aaaaaa';
let db: Database;
let bmcId: number;
const say = async <T>(body: (tx: WriteTx) => Promise<T>) => value(await change(db, body));
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  await seed(db);
  await say(async (tx) => {
    for (const name of ['k1', 'k2'])
      await createNode(tx, { id: name, name, isRegion: false, isRack: true, addresses: [] });
    const bmc = { name: 'm1-bmc', powerType: 'ipmi', parameters: { power_address: '10.88.0.1' } } as const;
    bmcId = (await createDeclared(tx, 'bmc', bmc)).id;
    const { id: domainId = 0 } = (await tx.one(sql<{ id: number }>`select id from domains order by id limit 1`)) ?? {};
    await createMachine(tx, { id: M, hostname: 'm1', domainId, interfaces: [], bmcId });
  });
});

const due = (aheadS = 0) => say((tx) => states.listDueChecks(tx, aheadS, 10));
const seen = (state: 'on' | 'off' | 'error', nodeId: string | null = 'k1') =>
  say((tx) => states.storePower(tx, M, { state, nodeId, why: '', remedy: '' }, { everyS: 120, mostS: 1800 }));
const untilLook = () =>
  say((tx) =>
    tx.one(sql<{ s: number }>`
    select extract(epoch from look_at - clock_timestamp())::float8 as s from machine_power where machine_id = ${M}`),
  );

describe('epochs of a BMC', () => {
  it('grow with each order, follow the clock, and do not begin anew with a BMC that is told of again', async () => {
    const raise = (id = bmcId) => say((tx) => states.raisePowerEpoch(tx, id));
    const [first, second] = [await raise(), await raise()];
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(Math.abs(first.epoch - Date.now())).toBeLessThan(60_000);
    await say((tx) => tx.run(sql`update bmc_power set epoch = epoch + 1000000000`));
    expect((await raise()).epoch).toBe(second.epoch + 1_000_000_001);
    expect(await say((tx) => states.powerEpoch(tx, bmcId))).toMatchObject({ epoch: second.epoch + 1_000_000_001 });
    await say((tx) => tx.run(sql`delete from bmc_power`));
    expect((await raise()).epoch).toBeGreaterThan(first.epoch);
  });

  it('stay when its parameters change, and what was learned of it does not', async () => {
    const { epoch } = await say((tx) => states.raisePowerEpoch(tx, bmcId));
    await say((tx) => states.storeLearned(tx, bmcId, { cipher_suite_id: '17' }));
    expect(await say((tx) => states.powerEpoch(tx, bmcId))).toEqual({ epoch, learned: { cipher_suite_id: '17' } });
    const way = { isReachable: true, ms: 3, why: '', hasWorked: true };
    await say((tx) => states.storeReach(tx, bmcId, 'k1', way));
    const parameters = { power_address: '10.88.0.2' };
    await say((tx) => updateDeclared(tx, 'bmc', { key: bmcId }, { parameters }));
    expect(await say((tx) => states.powerEpoch(tx, bmcId))).toEqual({ epoch, learned: {} });
    expect((await say((tx) => states.readReach(tx, bmcId, null))).map(({ isReachable }) => isReachable)).not.toContain(
      true,
    );
  });
});

describe('ways to a BMC', () => {
  it('are remembered with the last that worked; those of its subnet are told', async () => {
    await say((tx) => states.storeReach(tx, bmcId, 'k1', { isReachable: true, ms: 3, why: '', hasWorked: true }));
    await say((tx) =>
      states.storeReach(tx, bmcId, 'k1', { isReachable: false, ms: null, why: 'silent', hasWorked: false }),
    );
    await say((tx) => states.storeReach(tx, 999, 'k1', { isReachable: true, ms: 3, why: '', hasWorked: true }));
    const rows = await say((tx) => states.readReach(tx, bmcId, '10.88.0.1'));
    expect(rows.find(({ node }) => node === 'k1')).toMatchObject({
      isReachable: false,
      ms: 3,
      workedMs: expect.any(Number),
      isOnSubnet: false,
      silentMs: null,
    });
    expect(rows.find(({ node }) => node === 'k2')).toMatchObject({ isReachable: null, agoMs: null, workedMs: null });
  });
});

describe('a state', () => {
  it('is the machine’s with its time and node, and goes with them', async () => {
    expect(await seen('on')).toEqual({ before: 'unknown' });
    expect(await seen('off')).toEqual({ before: 'on' });
    const row = () => say((tx) => findMachine(tx, { id: M }));
    expect(await row()).toMatchObject({ powerState: 'off', powerSeenBy: 'k1', powerStateAt: expect.any(String) });
    await say((tx) => deleteNode(tx, { key: 'k1' }));
    expect(await row()).toMatchObject({ powerState: 'off', powerSeenBy: null });
    await say((tx) => updateMachine(tx, { key: M }, { bmcId: null }));
    expect(await row()).toMatchObject({ powerState: 'unknown', powerStateAt: null });
    await seen('on', null);
    await say((tx) => deleteMachine(tx, { key: M }));
    expect(await seen('on')).toBeNull();
  });

  it('is looked at again in 90 to 150 s, after failures ever later, at most 37.5 min', async () => {
    await seen('on');
    const first = (await untilLook())?.s ?? 0;
    expect(first).toBeGreaterThan(85);
    expect(first).toBeLessThan(151);
    for (let times = 0; times < 3; times += 1) await seen('error');
    expect((await untilLook())?.s).toBeGreaterThan(600);
    for (let times = 0; times < 9; times += 1) await seen('error');
    expect((await untilLook())?.s).toBeLessThan(2251);
    await seen('on');
    expect((await untilLook())?.s).toBeLessThan(151);
  });
});

describe('machines that are due', () => {
  it('are those with a BMC that can be asked, without an order and not looked at', async () => {
    expect(await due()).toEqual([{ machineId: M, bmcId }]);
    await seen('on');
    expect(await due()).toEqual([]);
    expect(await due(200)).toHaveLength(1);
    await say((tx) => states.postponeChecks(tx, [M], 0));
    expect(await due()).toHaveLength(1);
    const job = { kind: 'walk', target: 'm1', payload: {}, deadlineSeconds: 60, caller: 'ada' };
    await say((tx) => addJob(tx, { ...job, targets: [`bmc:${bmcId}`] }));
    expect(await due()).toEqual([]);
    await say((tx) => tx.run(sql`delete from jobs`));
    await say((tx) => updateDeclared(tx, 'bmc', { key: bmcId }, { powerType: 'manual', parameters: {} }));
    expect(await due()).toEqual([]);
  });

  it('are planned by one region at a time, and an ended look is taken once', async () => {
    const command = { nodeId: 'k1', kind: 'walk', args: {}, secrets: null, isRepeatable: false };
    const { id } = await say((tx) =>
      insertCommand(tx, { ...command, claimSeconds: 30, deadlineSeconds: 60, caller: 'system:power' }),
    );
    await say((tx) => states.storePowerCheck(tx, 'k1', id));
    expect(await say((tx) => states.lookingNodes(tx))).toEqual(['k1']);
    expect(await say((tx) => states.takeEndedChecks(tx))).toEqual([]);
    expect(await say((tx) => withdrawCommand(tx, id))).toBe(true);
    expect(await say((tx) => withdrawCommand(tx, id))).toBe(false);
    expect(await say((tx) => findCommand(tx, id))).toMatchObject({
      state: 'failed',
      sentence: expect.stringContaining('taken back'),
    });
    expect(await say((tx) => states.hasEndedChecks(tx))).toBe(true);
    expect(await say((tx) => states.takeEndedChecks(tx))).toEqual([id]);
    expect(await say((tx) => states.takeEndedChecks(tx))).toEqual([]);
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const holder = say(async (tx) => {
      const has = await states.lockPowerChecks(tx);
      entered.resolve();
      await leave.promise;
      return has;
    });
    await entered.promise;
    const other = value(await db.read((tx) => states.lockPowerChecks(tx)));
    leave.resolve();
    expect([await holder, other]).toEqual([true, false]);
  });
});
