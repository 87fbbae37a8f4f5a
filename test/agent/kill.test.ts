import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServiceReport, DesiredService } from '../../src/reconcile/values.ts';
import type { Activation } from '../../src/services/kit/contract.ts';
import { type EngineRig, engineRig, FAKE_FACTS, wish } from '../kit/engine-rig.ts';

const UNIT = 'fake.service';
const vip = { roles: [{ kind: 'vip', state: 'active' } as const] };

/** A change, and how it must end however often the agent is killed on the way. */
interface Case {
  readonly name: string;
  readonly before: readonly DesiredService[];
  readonly change: DesiredService;
  readonly state: ServiceReport['state'];
  readonly serial: number | null;
}

const CASES: readonly Case[] = [
  { name: 'the first configuration', before: [], change: wish(1, {}), state: 'healthy', serial: 1 },
  { name: 'a change', before: [wish(1, {})], change: wish(2, { items: ['b', 'c'] }), state: 'healthy', serial: 2 },
  {
    name: 'a change that the checker refuses',
    before: [wish(1, {})],
    change: wish(2, { mood: 'refused' }),
    state: 'rejected',
    serial: 1,
  },
  {
    name: 'a change that the daemon dies of',
    before: [wish(1, {})],
    change: wish(2, { mood: 'dies', items: ['b', 'c'] }),
    state: 'rolled_back',
    serial: 1,
  },
  {
    name: 'a change that makes the daemon deaf',
    before: [wish(1, {}), wish(2, {})],
    change: wish(3, { mood: 'deaf', items: [] }),
    state: 'rolled_back',
    serial: 2,
  },
  { name: 'a removal', before: [wish(1, {}), wish(2, {})], change: wish(3, null), state: 'absent', serial: null },
  {
    name: 'an operator’s restart with a change of role',
    before: [wish(1, {})],
    change: wish(2, { serial: 1 }, { restart: 'n1', ...vip }),
    state: 'healthy',
    serial: 1,
  },
];

/** A service that is restarted on a change of the virtual IP. */
const RESTARTS = {
  onRoleChange: (): Activation => ({ kind: 'restart', why: 'this node holds the virtual IP' }),
};

describe('an agent that is killed while it tells a role by a restart', () => {
  it('restarts exactly once, and the report names it', async () => {
    let effects = 0;
    for (let wasKilled = true; wasKilled; effects += 1) {
      const rig = engineRig(RESTARTS);
      await (await rig.start()).run(wish(1, {}), FAKE_FACTS);
      const { pid } = rig.host.unit(UNIT);
      wasKilled = await runUntilKilled(rig, wish(1, {}, vip), effects);
      const report = await (await rig.start()).run(wish(1, {}, vip), FAKE_FACTS);
      expect(rig.host.unit(UNIT).pid).toBe(pid + 1);
      expect(report.actions?.map(({ kind, trigger }) => `${kind} ${trigger}`)).toEqual([
        'start change',
        'restart role',
      ]);
      expect(report.state).toBe('healthy');
    }
    expect(effects).toBeGreaterThan(2);
  });
});

async function prepare(one: Case): Promise<EngineRig> {
  const rig = engineRig();
  const engine = await rig.start();
  for (const wanted of one.before) expect((await engine.run(wanted, FAKE_FACTS)).state).toBe('healthy');
  return rig;
}

/** Runs until it is done or the agent is killed after so many effects; true when it was killed. */
async function runUntilKilled(rig: EngineRig, wanted: DesiredService, effects: number): Promise<boolean> {
  const killed = rig.host.killAfter(effects).then(() => true);
  const done = rig.start().then(async (engine) => {
    await engine.run(wanted, FAKE_FACTS);
    return false;
  });
  const wasKilled = await Promise.race([killed, done]);
  rig.host.revive();
  return wasKilled;
}

async function expectRightEnd(rig: EngineRig, one: Case): Promise<void> {
  const engine = await rig.start();
  let report = await engine.run(one.change, FAKE_FACTS);
  for (let tick = 0; tick < 3; tick += 1) {
    rig.time.step(2_000);
    report = await engine.run(one.change, FAKE_FACTS);
  }
  expect(report.state, report.why).toBe(one.state);
  const { serial } = one;
  const unit = rig.host.unit(UNIT);
  const installed = [...rig.host.disk.keys()].filter((path) => !path.includes('/.')).sort();
  const hasSerial = (text: string | null | undefined) => serial !== null && text?.includes(`serial ${serial}\n`);
  expect({
    active: unit.active,
    isLoaded: hasSerial(unit.loaded.get('/etc/fake/main.conf')) ?? false,
    isInstalled: hasSerial(rig.host.text('/etc/fake/main.conf')) ?? false,
    installed,
    restartDone: report.restartDone,
  }).toEqual({
    active: serial === null ? 'inactive' : 'active',
    isLoaded: serial !== null,
    isInstalled: serial !== null,
    installed: Object.keys(rig.memories.get('fake')?.good?.files ?? {}).sort(),
    restartDone: one.change.restart,
  });
}

describe.each(CASES)('an agent that is killed during $name', (one) => {
  it('ends right wherever that was', async () => {
    let effects = 0;
    for (let wasKilled = true; wasKilled; effects += 1) {
      const rig = await prepare(one);
      wasKilled = await runUntilKilled(rig, one.change, effects);
      await expectRightEnd(rig, one);
    }
    expect(effects).toBeGreaterThan(1);
  });

  it('ends right when it is killed again and again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 12 }), { maxLength: 6 }), async (kills) => {
        const rig = await prepare(one);
        for (const effects of kills) await runUntilKilled(rig, one.change, effects);
        await expectRightEnd(rig, one);
      }),
      { numRuns: 40 },
    );
  });

  it('takes the next configuration, wherever it was killed', async () => {
    for (let effects = 0; ; effects += 1) {
      const rig = await prepare(one);
      const wasKilled = await runUntilKilled(rig, one.change, effects);
      const engine = await rig.start();
      const report = await engine.run(wish(9, { items: ['z'] }), FAKE_FACTS);
      expect(report, report.why).toMatchObject({ state: 'healthy', applied: 9 });
      expect(rig.host.unit(UNIT).loaded.get('/etc/fake/main.conf')).toContain('serial 9\n');
      if (!wasKilled) return;
    }
  });
});

describe('a way back', () => {
  const serialOf = (text: string | null | undefined) => /serial (\d+)/.exec(text ?? '')?.[1];

  it('survives a change that was killed in its middle and another that the daemon dies of', async () => {
    for (let effects = 0; ; effects += 1) {
      const rig = await prepare({ name: '', before: [wish(1, {})], change: wish(2, {}), state: 'healthy', serial: 2 });
      const wasKilled = await runUntilKilled(rig, wish(2, { items: ['a', 'b', 'c'] }), effects);
      const good = String(rig.memories.get('fake')?.good?.generation);
      const report = await (await rig.start()).run(wish(3, { mood: 'dies' }), FAKE_FACTS);
      expect(report.state, `${effects}: ${report.why}`).toBe('rolled_back');
      expect(serialOf(rig.host.unit(UNIT).loaded.get('/etc/fake/main.conf'))).toBe(good);
      if (!wasKilled) return;
    }
  });

  it('is taken once: what was being taken back when the agent was killed is not tried again', async () => {
    const bad = wish(2, { mood: 'dies' });
    for (let effects = 0; ; effects += 1) {
      const rig = await prepare({ name: '', before: [wish(1, {})], change: bad, state: 'rolled_back', serial: 1 });
      const wasKilled = await runUntilKilled(rig, bad, effects);
      const isTakingBack = rig.host.effects.some(
        (effect, index) => index > 10 && effect === 'install /etc/fake/main.conf',
      );
      const count = rig.host.effects.length;
      await (await rig.start()).run(bad, FAKE_FACTS);
      const tried = rig.host.effects.slice(count).filter((effect) => effect === 'move /etc/fake/main.conf');
      expect(tried, `${effects}`).toHaveLength(isTakingBack ? 0 : tried.length);
      if (!wasKilled) return;
    }
  });
});

describe('an operator’s restart', () => {
  it('is done once, wherever the agent is killed', async () => {
    const one: Case = {
      name: '',
      before: [wish(1, {})],
      change: wish(1, {}, { restart: 'n1' }),
      state: 'healthy',
      serial: 1,
    };
    for (let effects = 0; ; effects += 1) {
      const rig = await prepare(one);
      const { pid } = rig.host.unit(UNIT);
      const wasKilled = await runUntilKilled(rig, one.change, effects);
      await expectRightEnd(rig, one);
      expect(rig.host.unit(UNIT).pid).toBe(pid + 1);
      if (!wasKilled) return;
    }
  });
});
