import { type RawBuilder, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import type { Program } from '../../src/host/ask/bmc/interface.ts';
import { commandRunners } from '../../src/main/calls/command-runners.ts';
import type { PowerEffects } from '../../src/power/driver.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { type AgentRig, agentRig } from '../kit/agent-rig.ts';
import { testIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { noHost } from '../kit/no-host.ts';
import { noCheck, noLog } from '../kit/no-log.ts';
import { powerPorts } from '../kit/power/agent-power.ts';
import { FakeBmc, refusal } from '../kit/power/fake-bmc.ts';
import { realClock, realRandom, usePostgres } from '../kit/postgres.ts';
import { memoryLog } from '../kit/virtual-time.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

/** Machines are switched by jobs of real region processes, through real agents over mutual TLS, at a BMC in memory. */

const PASSWORD = 'planted-Pass-17';
const pg = usePostgres();
const log = memoryLog();
let site: TrustedRegion;
let bmc: FakeBmc;
const ends: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  site = await startTrustedRegion(pg.get(), { log });
  bmc = new FakeBmc();
  const parameters = { power_address: '10.88.0.1', power_user: 'operator', power_pass: PASSWORD };
  await say('POST', '/bmcs', { name: 'm1-bmc', powerType: 'ipmi', parameters });
  await say('POST', '/machines', { hostname: 'm1', bmc: 'm1-bmc' });
  // The first look goes to the one node that there is, whose agent does not run; the next is due in two minutes.
  const looks = async () => (await rows<{ id: number }>(sql`select command_id as id from power_looks`)).length;
  await until('a look is under way', async () => (await looks()) === 1);
  await admin(
    `update commands set state = 'failed', sentence = 'None.', ended_at = clock_timestamp() where ended_at is null`,
  );
  await until('it is over', async () => (await looks()) === 0);
  for (const id of ['k1', 'k2'])
    value(
      await change(site.db, (tx) => createNode(tx, { id, name: id, isRegion: false, isRack: true, addresses: [] })),
    );
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await site.close();
});

interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
const say = async (method: string, path: string, body?: unknown, of = site): Promise<Said> => {
  const answer = (await of.asAdmin(method, path, body)) as unknown as Said;
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer;
};
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const rows = async <T>(query: RawBuilder<T>) => value(await site.db.read((tx) => tx.all(query)));
const power = async (body: object) => Number((await say('POST', '/machines/m1/power', body)).body['id']);
const job = async (id: number) => (await say('GET', `/jobs/${id}`)).body;
const ended = (id: number, of = site) =>
  until(`job ${id} has ended`, async () => (await say('GET', `/jobs/${id}`, undefined, of)).body['endedAt'], {
    deadlineMs: 40_000,
  });
const machine = async () => (await say('GET', '/machines/m1')).body;

/** The agent of a node, with its own way to the BMC. */
async function agent(nodeId: string, effects: PowerEffects = bmc.effects, regions: readonly TrustedRegion[] = [site]) {
  const rig: AgentRig = await agentRig();
  const { authority, certificate, key } = await testIdentity(site.authority, { nodeId });
  const trust = openTrustStore({ read: async () => [authority, certificate, key], clock: realClock });
  await trust.refresh();
  const channel: RegionChannel = openChannel({
    urls: regions.map(({ process }) => `https://127.0.0.1:${process.secureAgentPort}`),
    credential: null,
    rack: null,
    trust: () => trust.current(),
    clock: realClock,
    random: realRandom,
  });
  const ports = powerPorts(effects);
  const started = await rig.start({
    nodeId,
    channel: { ...channel, setRegions: () => {} },
    runners: commandRunners(ports, noLog(), noCheck(), noHost()),
  });
  ends.push(
    () => channel.close(),
    () => rig.close(),
  );
  await until(`${nodeId} has reported`, () =>
    value(site.db.read((tx) => tx.one(sql`select from node_observations where node_id = ${nodeId}`))).then(
      (row) => row !== null,
    ),
  );
  return { stop: () => started.stop(), log: [rig.log, ports.log] };
}

/** A node from which nothing reaches the BMC. */
function unreached(): PowerEffects {
  const none = { kind: 'none', why: 'silent', sentence: 'it said nothing' } as const;
  const { time } = new FakeBmc();
  return {
    ...bmc.effects,
    clock: time.clock,
    pause: time.wait,
    reach: {
      ...bmc.effects.reach,
      datagram: async ({ timeoutMs }) => {
        time.step(timeoutMs);
        return none;
      },
      run: async () => refusal('Error: Unable to establish IPMI v2 / RMCP+ session'),
    },
  };
}

/** A node that stands still in the middle of the first command that matches. */
function hanging(words: RegExp) {
  const begun = Promise.withResolvers<void>();
  const run = async (program: Program) => {
    if (!words.test(program.argv.join(' '))) return await bmc.effects.reach.run(program);
    begun.resolve();
    return await new Promise<never>(() => {});
  };
  return { begun: begun.promise, effects: { ...bmc.effects, reach: { ...bmc.effects.reach, run } } };
}

const orders = () => bmc.words.filter((words) => /power (on|off|soft)/.test(words));

describe('a machine', () => {
  it('is switched on with its boot device, off, cycled and looked at, and tells its state', async () => {
    await agent('k1');
    const on = await power({ verb: 'on', boot: 'pxe' });
    await ended(on);
    expect(await job(on)).toMatchObject({
      state: 'done',
      result: expect.stringMatching(/^m1\.\S+ is on: k1 asked its BMC\.$/),
      targets: expect.arrayContaining(['bmc:1']),
    });
    expect(bmc.words).toContain('chassis bootdev pxe');
    expect(await machine()).toMatchObject({ powerState: 'on', powerSeenBy: 'k1', powerWhy: '', powerRemedy: '' });
    const again = await power({ verb: 'on' });
    await ended(again);
    expect(await job(again)).toMatchObject({ result: expect.stringContaining('is on, as before') });
    for (const verb of ['cycle', 'off', 'query']) await ended(await power({ verb }));
    expect(orders()).toEqual(['chassis power on', 'chassis power off', 'chassis power on', 'chassis power off']);
    expect(await machine()).toMatchObject({ powerState: 'off' });
    const kinds = await site.db.read((tx) =>
      tx.all(sql<{ kind: string }>`select kind from events where kind like 'machine.power.%' order by id`),
    );
    expect(value(kinds).map(({ kind }) => kind.split('.').at(-1))).toEqual(['on', 'off', 'on', 'off']);
  });

  it('is asked by the node that reaches its BMC, and no password is anywhere', async () => {
    const [k1, k2] = [await agent('k1', unreached()), await agent('k2')];
    const id = await power({ verb: 'on' });
    await ended(id);
    expect(await job(id)).toMatchObject({ state: 'done', result: expect.stringContaining('k2 asked') });
    // Remembered: the next order goes there at once.
    const probes = async () => (await say('GET', '/commands?kind=probe-bmc')).body['items'] as unknown[];
    const before = (await probes()).length;
    expect(before).toBe(3);
    await ended(await power({ verb: 'off' }));
    expect(await probes()).toHaveLength(before);
    const argv = bmc.heard.map(({ argv: line }) => line.join(' '));
    const rows = value(
      await site.db.read((tx) =>
        tx.all(sql`select (select json_agg(t) from jobs t) as jobs, (select json_agg(t) from commands t) as commands,
          (select json_agg(t) from events t) as events, (select json_agg(t) from audit t) as audit, (select json_agg(t) from history t) as history,
          (select json_agg(t) from command_secrets t) as secrets, (select json_agg(t) from idempotency t) as answers,
          (select json_agg(t) from machine_power t) as states, (select json_agg(t) from bmc_power t) as learned`),
      ),
    );
    const lists = [await say('GET', '/commands'), await say('GET', '/jobs'), await say('GET', '/events')];
    const told = JSON.stringify([
      rows,
      lists,
      argv,
      log.lines,
      ...[k1, k2].flatMap((one) => one.log.map(({ lines }) => lines)),
    ]);
    expect(told).toContain('power order done');
    expect(told).not.toContain(PASSWORD);
    expect(bmc.heard.some(({ env }) => Object.values(env).includes(PASSWORD))).toBe(true);
  });

  it('with a wrong password says so, and what helps', async () => {
    await agent('k1');
    bmc.before = () => refusal('> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session');
    const id = await power({ verb: 'on' });
    await ended(id);
    const { powerState, powerWhy, powerRemedy } = await machine();
    expect(powerState).toBe('error');
    expect(powerWhy).not.toBe('');
    expect(powerRemedy).not.toBe('');
    expect(await job(id)).toMatchObject({ state: 'failed', result: `k1: ${String(powerWhy)} ${String(powerRemedy)}` });
  });

  it('that no node reaches says which tried', async () => {
    await agent('k1', unreached());
    await agent('k2', unreached());
    const id = await power({ verb: 'on' });
    await ended(id);
    expect(await job(id)).toMatchObject({
      state: 'failed',
      result: expect.stringMatching(
        /^No node reaches m1-bmc, the BMC of m1\..* k1: the BMC is not reached: .*k2: the BMC is not reached/,
      ),
    });
    expect(await machine()).toMatchObject({ powerState: 'error' });
  });
});

describe('deaths', () => {
  it('a rack that dies in the middle of a cycle is followed by another, and nothing is powered twice', async () => {
    bmc.isOn = true;
    const rack = hanging(/chassis power on$/);
    const first = await agent('k1', rack.effects);
    const id = await power({ verb: 'cycle' });
    await rack.begun;
    await first.stop();
    await agent('k2');
    // As if the order's time were over.
    await admin(
      `update commands set deadline = clock_timestamp(), claim_until = clock_timestamp() where kind = 'power' and ended_at is null`,
    );
    await ended(id);
    expect(await job(id)).toMatchObject({ state: 'done', result: expect.stringContaining('is on: k2 asked') });
    expect(orders()).toEqual(['chassis power off', 'chassis power on']);
  });

  it('a rack that is gone before it takes the order is passed over within seconds', async () => {
    const first = await agent('k1');
    await ended(await power({ verb: 'query' }));
    await first.stop();
    await agent('k2');
    const since = performance.now();
    const id = await power({ verb: 'on' });
    await ended(id);
    expect(performance.now() - since).toBeLessThan(15_000);
    expect(await job(id)).toMatchObject({ state: 'done', result: expect.stringContaining('k2 asked') });
    const { items } = (await say('GET', '/commands?kind=power')).body as {
      items: { state: string; sentence: string }[];
    };
    expect(items.map(({ state }) => state)).toContain('failed');
  });

  it('a region that goes is followed by another, which waits for the same command', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const run = async (program: Program) => {
      if (program.argv.join(' ').endsWith('chassis power on')) {
        begun.resolve();
        await gate.promise;
      }
      return await bmc.effects.reach.run(program);
    };
    const other = await startTrustedRegion(pg.get(), { of: site, log, node: 'r2' });
    ends.push(() => other.close());
    await agent('k1', { ...bmc.effects, reach: { ...bmc.effects.reach, run } }, [site, other]);
    const id = await power({ verb: 'on' });
    await begun.promise;
    const first = String((await job(id))['holder']);
    const [gone, left] = first.startsWith('r1:') ? [site, other] : [other, site];
    await gone.process.stop();
    await until('another holds the job', async () => {
      const { holder } = (await say('GET', `/jobs/${id}`, undefined, left)).body;
      return typeof holder === 'string' && holder !== first;
    });
    gate.resolve();
    await ended(id, left);
    const told = (await say('GET', `/jobs/${id}`, undefined, left)).body;
    expect(told).toMatchObject({ state: 'done', epoch: 2, result: expect.stringContaining('is on: k1 asked') });
    expect(orders()).toEqual(['chassis power on']);
    expect((await say('GET', '/commands?kind=power', undefined, left)).body['items']).toHaveLength(1);
  });
});

describe('a machine that is commissioned', () => {
  const commission = (of = site) => say('POST', '/machines/m1/commission', {}, of);
  const passDeadline = () => admin("update machine_states set deadline = clock_timestamp() - interval '1 s'");
  const isSwitched = (of = site) =>
    until('it was switched', async () => (await say('GET', '/machines/m1', undefined, of)).body['job'] === null, {
      deadlineMs: 40_000,
    });

  it('boots from the network, and without a word fails by its deadline, which says what was not seen', async () => {
    bmc.isOn = true;
    await agent('k1');
    expect((await commission()).body).toMatchObject({ state: 'commissioning', busy: true });
    await isSwitched();
    expect(bmc.words).toContain('chassis bootdev pxe');
    expect(orders()).toEqual(['chassis power off', 'chassis power on']);
    expect(await machine()).toMatchObject({ state: 'commissioning', powerState: 'on' });
    await passDeadline();
    await until('it has failed', async () => (await machine())['state'] === 'failed-commissioning');
    expect((await machine())['error']).toMatch(
      /The machine was switched on at \S+\. No rack saw it boot from the network\./,
    );
    expect(orders()).toEqual(['chassis power off', 'chassis power on']);
  });

  it('fails at once when its BMC refuses, with what helps', async () => {
    await agent('k1');
    bmc.before = () => refusal('> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session');
    await commission();
    await until('it has failed', async () => (await machine())['state'] === 'failed-commissioning', {
      deadlineMs: 40_000,
    });
    const { error, powerWhy } = await machine();
    expect(error).toContain(String(powerWhy));
  });

  it('and aborted while its order is under way is switched off after it, once', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const run = async (program: Program) => {
      if (program.argv.join(' ').endsWith('chassis power on')) {
        begun.resolve();
        await gate.promise;
      }
      return await bmc.effects.reach.run(program);
    };
    await agent('k1', { ...bmc.effects, reach: { ...bmc.effects.reach, run } });
    await commission();
    await begun.promise;
    expect((await say('POST', '/machines/m1/abort', {})).body).toMatchObject({ state: 'new', busy: true });
    gate.resolve();
    await until('it is at rest', async () => (await machine())['busy'] === false, { deadlineMs: 40_000 });
    expect(orders()).toEqual(['chassis power on', 'chassis power off']);
    expect(await machine()).toMatchObject({ state: 'new', powerState: 'off' });
  });

  it('goes on with another region, by the same deadline, and is switched once', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const run = async (program: Program) => {
      if (program.argv.join(' ').endsWith('chassis power on')) {
        begun.resolve();
        await gate.promise;
      }
      return await bmc.effects.reach.run(program);
    };
    const other = await startTrustedRegion(pg.get(), { of: site, log, node: 'r2' });
    ends.push(() => other.close());
    await agent('k1', { ...bmc.effects, reach: { ...bmc.effects.reach, run } }, [site, other]);
    const { job: id, deadline } = (await commission()).body;
    await begun.promise;
    const isFirst = String((await job(Number(id)))['holder']).startsWith('r1:');
    const [gone, left] = isFirst ? [site, other] : [other, site];
    await gone.process.stop();
    gate.resolve();
    await isSwitched(left);
    expect((await say('GET', '/machines/m1', undefined, left)).body).toMatchObject({
      state: 'commissioning',
      deadline,
    });
    await passDeadline();
    const state = async () => (await say('GET', '/machines/m1', undefined, left)).body['state'];
    await until('it has failed', async () => (await state()) === 'failed-commissioning');
    expect(orders()).toEqual(['chassis power on']);
  });
});

describe('an operator who wants an end', () => {
  it('has it before an agent took the order: nothing is done then', async () => {
    const id = await power({ verb: 'on' });
    await until('a node was asked', async () => ((await job(id))['progress'] as string).startsWith('searching'));
    await say('POST', `/jobs/${id}/abort`);
    await ended(id);
    expect(await job(id)).toMatchObject({ state: 'aborted', result: 'Ended: no order runs.' });
    await agent('k1');
    expect(bmc.words).toEqual([]);
  });

  it('is told who is at it already', async () => {
    const rack = hanging(/chassis power on$/);
    await agent('k1', rack.effects);
    const id = await power({ verb: 'on' });
    await rack.begun;
    await say('POST', `/jobs/${id}/abort`);
    await ended(id);
    expect(await job(id)).toMatchObject({
      state: 'aborted',
      result: 'Ended: k1 had the order already, and the order may still take effect. See: regent machine show.',
    });
  });
});

describe('a change on the machine', () => {
  it('is seen by a look, and is an event', async () => {
    await agent('k1');
    await admin('update machine_power set look_at = now()');
    await until('it was looked at', async () => (await machine())['powerState'] === 'off', { deadlineMs: 30_000 });
    bmc.isOn = true;
    await admin('update machine_power set look_at = now()');
    await until('the change is told', async () => (await machine())['powerState'] === 'on', { deadlineMs: 30_000 });
    const { items } = (await say('GET', '/events?kind=machine.power.on')).body as { items: { data: unknown }[] };
    expect(items.map(({ data }) => data)).toEqual([{ before: 'off', node: 'k1', by: 'power check' }]);
    expect((await say('GET', '/commands?kind=look-power')).body['items']).not.toHaveLength(0);
    expect(value(await site.db.read((tx) => tx.all(sql`select from command_secrets`)))).toEqual([]);
  });
});
