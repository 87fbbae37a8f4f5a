import { describe, expect, it } from 'vitest';
import type { RoleChange } from '../../src/services/kit/contract.ts';
import { type EngineRig, engineRig, FAKE_FACTS, wish } from '../kit/engine-rig.ts';

const UNIT = 'fake.service';
const held: RoleChange = { kind: 'vip', state: 'active' };
const free: RoleChange = { kind: 'vip', state: 'backup' };
const primary: RoleChange = { kind: 'database', state: 'primary' };

/** A service that is restarted on a promotion, scans on a move of the VIP, and reloads with a new certificate. */
const service = {
  onRoleChange: (role: RoleChange) =>
    role.kind === 'vip'
      ? ({ kind: 'reload', why: `the virtual IP is ${role.state}` } as const)
      : ({ kind: 'restart', why: `the database is ${role.state} here` } as const),
  onCertificate: () => ({ kind: 'reload', why: 'the certificate of this node was renewed' }) as const,
  onPairCertificate: () => ({ kind: 'reload', why: 'the certificate for partners was renewed' }) as const,
};

interface Told {
  readonly roles?: readonly RoleChange[];
  readonly certificate?: string;
  readonly pair?: string | null;
}

async function runs(rig: EngineRig, ...steps: readonly Told[]): Promise<string[]> {
  const engine = await rig.start();
  const before = rig.memories.get('fake')?.actions?.length ?? 0;
  let done: string[] = [];
  for (const step of steps) {
    const report = await engine.run(wish(1, {}, step), FAKE_FACTS);
    expect(report.state).toBe('healthy');
    done = (report.actions ?? []).slice(before).map(({ kind, trigger, why }) => `${kind} ${trigger}: ${why}`);
  }
  return done;
}

describe('the certificate for DHCP partners', () => {
  it('is told when it was renewed, once, also over restarts of the agent; the first one is what the daemon reads at its start', async () => {
    const rig = engineRig(service);
    await runs(rig, { pair: null });
    expect(await runs(rig, { pair: '01' }, { pair: '01' })).toEqual([]);
    expect(await runs(rig, { pair: '02' }, { pair: '02' })).toEqual([
      'reload certificate: the certificate for partners was renewed',
    ]);
    expect(await runs(rig, { pair: '02' })).toEqual([]);
  });
});

describe('roles of the node', () => {
  it('are told once each, also over restarts of the agent', async () => {
    const rig = engineRig(service);
    await runs(rig, { roles: [free] });
    expect(await runs(rig, { roles: [held] }, { roles: [held] })).toEqual(['reload role: the virtual IP is active']);
    expect(await runs(rig, { roles: [held] })).toEqual([]);
    expect(await runs(rig, { roles: [held, primary] }, { roles: [free, primary] })).toEqual([
      'restart role: the database is primary here',
      'reload role: the virtual IP is backup',
    ]);
    expect(await runs(rig, { roles: [primary, free] })).toEqual([]);
  });

  it('that were so when the daemon was started are not told', async () => {
    const rig = engineRig(service);
    expect(await runs(rig, { roles: [held, primary] })).toEqual([
      'start change: fake.service was inactive; the first configuration',
    ]);
    const boot = engineRig(service);
    await runs(boot, { roles: [held] });
    await boot.host.units.act(UNIT, 'stop', 1);
    expect(await runs(boot, { roles: [free] })).toEqual(['start health: fake.service is inactive (dead)']);
    expect(boot.host.unit(UNIT).active).toBe('active');
  });

  it('that every node begins with are learnt without a word, others are told a daemon that was there before', async () => {
    const rig = engineRig(service);
    await runs(rig, {});
    expect(await runs(rig, { roles: [free, { kind: 'database', state: 'standby' }] })).toEqual([]);
    const late = engineRig(service);
    await runs(late, {});
    expect(await runs(late, { roles: [held] })).toEqual(['reload role: the virtual IP is active']);
  });

  it('that are not known any more, and come back the same, are not told again', async () => {
    const rig = engineRig(service);
    expect(await runs(rig, {}, { roles: [primary] }, {}, { roles: [primary] })).toHaveLength(2);
  });
});

describe('a renewed certificate', () => {
  it('is told once to a daemon that runs, and not when it is the first one', async () => {
    const rig = engineRig(service);
    await runs(rig, { certificate: 'one' });
    expect(await runs(rig, { certificate: 'one' })).toEqual([]);
    const told = ['reload certificate: the certificate of this node was renewed'];
    expect(await runs(rig, { certificate: 'two' }, { certificate: 'two' })).toEqual(told);
    expect(await runs(rig, { certificate: 'two' })).toEqual([]);
  });

  it('is nothing to a service that has no use for it', async () => {
    const rig = engineRig();
    await runs(rig, { certificate: 'one' });
    expect(await runs(rig, { certificate: 'two' })).toEqual([]);
  });
});

describe('the history of a service', () => {
  it('names the last twenty actions, why and what made them, and outlives the agent', async () => {
    const rig = engineRig(service);
    for (let turn = 0; turn < 12; turn += 1) await runs(rig, { roles: [held] }, { roles: [free] });
    const { actions = [] } = await (await rig.start()).run(wish(1, {}, { roles: [free] }), FAKE_FACTS);
    expect(actions).toHaveLength(20);
    expect(actions.at(-1)).toEqual({
      kind: 'reload',
      trigger: 'role',
      why: 'the virtual IP is backup',
      at: expect.stringMatching(/^2026-01-01T/) as string,
    });
    rig.host.crash(UNIT);
    const engine = await rig.start();
    rig.host.unit(UNIT).isHung = true;
    for (let turn = 0; turn < 3; turn += 1) await engine.run(wish(1, {}, { roles: [free] }), FAKE_FACTS);
    const after = await engine.run(wish(1, {}, { roles: [free] }), FAKE_FACTS);
    expect(after.actions?.at(-1)).toMatchObject({ kind: 'restart', trigger: 'health' });
  });

  it('tells the daemon’s figures without remembering them', async () => {
    let lag = 0;
    const rig = engineRig({
      parseProbe: () => ({ isHealthy: true, detail: 'well', facts: { lag: (lag += 1) } }),
    });
    const engine = await rig.start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const count = rig.host.effects.length;
    const first = await engine.run(wish(1, {}), FAKE_FACTS);
    const second = await engine.run(wish(1, {}), FAKE_FACTS);
    expect([first.facts, second.facts]).toEqual([{ lag: lag - 1 }, { lag }]);
    expect(rig.host.effects.length).toBe(count);
    expect(JSON.stringify(rig.memories.get('fake'))).not.toContain('lag');
    expect((await engine.run(wish(2, null), FAKE_FACTS)).facts).toBeUndefined();
  });
});
