import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { fakeService } from '../kit/fake-service.ts';
import { engineRig, FAKE_FACTS, wish } from '../kit/engine-rig.ts';

const MAIN = '/etc/fake/main.conf';
const UNIT = 'fake.service';

describe('a service that is wanted', () => {
  it('is installed, started, asked and reported, and then left alone', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({
      state: 'healthy',
      wanted: 1,
      applied: 1,
      why: 'asked for serial 1, answered serial 1',
    });
    expect(report.appliedDigest).toBe(report.wantedDigest);
    expect(report.lastAction).toMatchObject({ kind: 'start' });
    expect(host.text(MAIN)).toContain('serial 1');
    expect(host.effects.filter((effect) => effect.startsWith('start'))).toEqual([`start ${UNIT}`]);
    const before = host.effects.length;
    const again = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(again.since).toBe(report.since);
    expect(host.effects.length).toBe(before);
  });

  it('takes a change by a reload, and a mere new generation without any', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const report = await engine.run(wish(2, { items: ['a', 'c'] }), FAKE_FACTS);
    expect(report).toMatchObject({
      state: 'healthy',
      applied: 2,
      lastAction: { kind: 'command', why: '4 files changed' },
    });
    expect(host.text('/etc/fake/items/b')).toBeNull();
    expect(host.text('/etc/fake/.previous/items/b')).toContain('item b 1');
    const count = host.effects.length;
    const idle = await engine.run(wish(3, { serial: 2, items: ['a', 'c'] }), FAKE_FACTS);
    expect(idle).toMatchObject({ state: 'healthy', wanted: 3, applied: 3 });
    expect(host.effects.slice(count)).toEqual([]);
  });

  it('takes a new generation that is nothing new to it without a question, and nothing else so', async () => {
    let asked = 0;
    const service = fakeService();
    const { start } = engineRig({
      probe: (desired) => {
        asked += 1;
        return service.probe(desired);
      },
    });
    const engine = await start();
    const first = wish(1, { serial: 7 });
    expect(engine.take(first, FAKE_FACTS)).toBeNull();
    const report = await engine.run(first, FAKE_FACTS);
    const count = asked;
    expect(engine.take({ ...first, generation: 2 }, FAKE_FACTS)).toEqual({ ...report, wanted: 2, applied: 2 });
    expect(asked).toBe(count);

    const next = { ...first, generation: 3 };
    expect(engine.take(wish(3, { serial: 8 }), FAKE_FACTS)).toBeNull();
    expect(engine.take({ ...next, restart: 'nonce' }, FAKE_FACTS)).toBeNull();
    expect(engine.take({ ...next, roles: [{ kind: 'vip', state: 'active' }] }, FAKE_FACTS)).toBeNull();
    expect(engine.take({ ...next, certificate: 'another' }, FAKE_FACTS)).toBeNull();
    expect(engine.take(next, { ...FAKE_FACTS, hostname: 'another' })).toBeNull();
    expect(engine.take({ ...next, desired: null, digest: 'of nothing' }, FAKE_FACTS)).toBeNull();
  });

  it('asks a daemon that was not well at each new generation', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    const first = wish(1, {});
    await engine.run(first, FAKE_FACTS);
    host.unit(UNIT).isHung = true;
    await engine.run(first, FAKE_FACTS);
    expect(engine.take({ ...first, generation: 2 }, FAKE_FACTS)).toBeNull();
    host.unit(UNIT).isHung = false;
    await engine.run(first, FAKE_FACTS);
    expect(engine.take({ ...first, generation: 2 }, FAKE_FACTS)).not.toBeNull();
  });

  it('is amended by commands when its answers ask for that, then asked once more, and not restarted', async () => {
    const amends: string[] = [];
    const { host, start } = engineRig({
      amend: ([answer], { serial }) => {
        amends.push(answer?.stdout ?? '');
        return serial === 2 && amends.length === 2 ? [{ argv: ['fake-ctl', 'tune', UNIT], timeoutMs: 1_000 }] : [];
      },
    });
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    amends.splice(1);
    const report = await engine.run(wish(2, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', why: 'asked for serial 2, answered serial 2' });
    expect(host.effects.filter((effect) => effect.startsWith('fake-ctl tune'))).toEqual([`fake-ctl tune ${UNIT}`]);
    expect(host.effects.filter((effect) => effect.startsWith('restart'))).toEqual([]);
  });

  it('is repaired when its files or others in its folder were touched', async () => {
    const { host, time, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const file = host.disk.get(MAIN);
    if (file) host.disk.set(MAIN, { ...file, content: 'by hand' });
    host.disk.set('/etc/fake/junk', { path: '/etc/fake/junk', content: '', mode: 0, owner: '', group: '' });
    time.step(61_000);
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', lastAction: { kind: 'command' } });
    expect(host.text(MAIN)).toContain('serial 1');
    expect(host.text('/etc/fake/junk')).toBeNull();
  });

  it('goes when it is not wanted any more, and comes back', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    await engine.run(wish(2, { items: [] }), FAKE_FACTS);
    const gone = await engine.run(wish(3, null), FAKE_FACTS);
    expect(gone).toMatchObject({ state: 'absent', applied: 3, lastAction: { kind: 'stop' } });
    expect([...host.disk.keys()]).toEqual([]);
    expect(host.unit(UNIT).active).toBe('inactive');
    const count = host.effects.length;
    expect(await engine.run(wish(3, null), FAKE_FACTS)).toMatchObject({ state: 'absent', since: gone.since });
    expect(host.effects.length).toBe(count);
    expect(await engine.run(wish(4, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 4 });
  });

  it('is told a change of role once, and the report says why', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const active = { roles: [{ kind: 'vip', state: 'active' } as const] };
    const report = await engine.run(wish(1, {}, active), FAKE_FACTS);
    expect(report.lastAction).toMatchObject({ kind: 'command', why: 'this node is active for the virtual IP' });
    const count = host.effects.length;
    await engine.run(wish(1, {}, active), FAKE_FACTS);
    const next = await start();
    await next.run(wish(1, {}, active), FAKE_FACTS);
    expect(host.effects.length).toBe(count);
    const two = { roles: [{ kind: 'vip', state: 'active' } as const, { kind: 'database', state: 'primary' } as const] };
    const told = await next.run(wish(1, {}, two), FAKE_FACTS);
    expect(told.lastAction).toEqual(report.lastAction);
  });

  it('is restarted once per nonce', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const { pid } = host.unit(UNIT);
    const report = await engine.run(wish(2, { serial: 1 }, { restart: 'n1' }), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', restartDone: 'n1', lastAction: { kind: 'restart' } });
    expect(host.unit(UNIT).pid).toBe(pid + 1);
    await engine.run(wish(2, { serial: 1 }, { restart: 'n1' }), FAKE_FACTS);
    await (await start()).run(wish(2, { serial: 1 }, { restart: 'n1' }), FAKE_FACTS);
    expect(host.unit(UNIT).pid).toBe(pid + 1);
  });
});

describe('a configuration that cannot be installed', () => {
  it('is rejected with the words of the checker, and nothing is touched', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const report = await engine.run(wish(2, { mood: 'refused' }), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'rejected', wanted: 2, applied: 1 });
    expect(report.why).toBe(
      'fake-check refuses the files: main.conf:2: unknown word; the configuration of generation 1 stays: ' +
        'asked for serial 1, answered serial 1',
    );
    expect(host.text(MAIN)).toContain('serial 1');
    const count = host.effects.length;
    expect(await engine.run(wish(2, { mood: 'refused' }), FAKE_FACTS)).toMatchObject({ state: 'rejected' });
    expect(host.effects.length).toBe(count);
    expect(await engine.run(wish(3, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 3 });
  });

  it('is shown to the checker again after a while: what refused it may lie outside of the files', async () => {
    const { host, time, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const why = async () => (await engine.run(wish(2, { mood: 'refused' }), FAKE_FACTS)).state;
    expect(await why()).toBe('rejected');
    const before = host.effects.length;
    time.step(4_900);
    expect(await why()).toBe('rejected');
    expect(host.effects.length).toBe(before);
    time.step(5_200);
    expect(await why()).toBe('rejected');
    expect(host.effects.length).toBeGreaterThan(before);
  });

  it('says that the checker could not run, and tries again', async () => {
    const { host, time, start } = engineRig();
    const engine = await start();
    host.missing.add('fake-check');
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report.state).toBe('check_failed');
    expect(report.why).toContain('The checker fake-check did not start');
    expect(report.why).toContain('nothing was installed before');
    host.missing.clear();
    time.step(1_100);
    expect(await engine.run(wish(1, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy' });
  });

  it('cannot be rendered: the running one stays', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const report = await engine.run(wish(2, { items: ['a b'] }), FAKE_FACTS);
    expect(report.state).toBe('render_failed');
    expect(report.applied).toBe(1);
    expect(host.text(MAIN)).toContain('serial 1');
  });

  it.each([
    ['when staging', /\.stage/],
    ['when keeping the previous files', /\.previous/],
  ])('finds the folder full %s, and is installed when there is space', async (_, pattern) => {
    const { host, time, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.fullFor = pattern;
    const report = await engine.run(wish(2, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'install_failed', applied: 1 });
    expect(report.why).toContain('full');
    expect(host.text(MAIN)).toContain('serial 1');
    host.fullFor = null;
    time.step(1_100);
    expect(await engine.run(wish(2, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 2 });
  });

  it('makes room itself when it is a foreign file that fills the folder', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.disk.set('/etc/fake/fill', { path: '/etc/fake/fill', content: '', mode: 0, owner: '', group: '' });
    host.unreadable = /fill$/;
    expect(await engine.run(wish(2, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 2 });
    expect(host.text('/etc/fake/fill')).toBeNull();
  });

  it('brings the previous files back when some could not be moved', async () => {
    const { host, time, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.moveFails = /items\/b$/;
    const report = await engine.run(wish(2, {}), FAKE_FACTS);
    expect(report.state).toBe('install_failed');
    expect(report.why).toContain('the previous files were brought back');
    expect(host.text(MAIN)).toContain('serial 1');
    expect(host.text('/etc/fake/items/a')).toContain('item a 1');
    host.moveFails = null;
    time.step(1_100);
    expect(await engine.run(wish(2, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 2 });
  });
});

describe('a configuration that the daemon does not bear', () => {
  it.each(['dies', 'deaf'] as const)('is rolled back once when it %s', async (mood) => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const report = await engine.run(wish(2, { mood, items: ['x'] }), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'rolled_back', wanted: 2, applied: 1, lastAction: { kind: 'rollback' } });
    expect(report.why).toContain('Generation 2 did not become healthy');
    expect(report.why).toContain('generation 1 runs again: asked for serial 1, answered serial 1');
    expect([...host.disk.keys()].filter((path) => !path.includes('/.')).sort()).toEqual([
      '/etc/fake/items/a',
      '/etc/fake/items/b',
      MAIN,
    ]);
    const count = host.effects.length;
    await engine.run(wish(2, { mood, items: ['x'] }), FAKE_FACTS);
    const next = await start();
    expect(await next.run(wish(2, { mood, items: ['x'] }), FAKE_FACTS)).toMatchObject({ state: 'rolled_back' });
    expect(host.effects.slice(count).filter((effect) => !effect.startsWith('save'))).toEqual([]);
    expect(await next.run(wish(3, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 3 });
  });

  it('says what its host keeps a healthy daemon from', async () => {
    const away = { code: 'away', severity: 'warning' as const, subject: 'VLAN a', sentence: 'VLAN a is not served.' };
    const { start } = engineRig({ limits: () => [away] });
    const report = await (await start()).run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', why: expect.stringMatching(/; VLAN a is not served$/) });
  });

  it('stays, unhealthy, when there is no way back', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    const report = await engine.run(wish(1, { mood: 'deaf' }), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'unhealthy', applied: 1 });
    expect(report.why).toContain('generation 1 is installed, but asked for serial 1, answered what?');
    expect(host.effects.filter((effect) => effect.startsWith('restart'))).toHaveLength(1);
    expect(await engine.run(wish(2, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 2 });
  });

  it('is tried again when its predecessor was ill as well, and both are well again', async () => {
    const { host, start, time } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.missing.add('fake-ask');
    const ill = await engine.run(wish(2, {}), FAKE_FACTS);
    expect(ill.state).toBe('rolled_back');
    expect(ill.why).toContain('generation 1 is back, but is not healthy either');
    host.missing.clear();
    for (let round = 0; round < 3; round += 1) {
      time.step(2_000);
      await engine.run(wish(2, {}), FAKE_FACTS);
    }
    expect(await engine.run(wish(2, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 2 });
  });

  it.each(['the agent begins with it', 'the unit still starts'])(
    'is tried once more when nothing could have been healthy at its trial: %s',
    async (moment) => {
      const isFresh = moment === 'the agent begins with it';
      const usual = fakeService();
      let restartsLeft = 0;
      // The other hosts are back when the previous configuration is.
      const isPowerBack = () => host.effects.filter((effect) => effect.startsWith('restart')).length >= restartsLeft;
      const { host, start } = engineRig({
        parseProbe: (answers, desired) =>
          isPowerBack() ? usual.parseProbe(answers, desired) : { isHealthy: false, detail: 'it waits for etcd' },
      });
      const before = await start();
      await before.run(wish(1, {}), FAKE_FACTS);
      const engine = isFresh ? await start() : before;
      if (isFresh) host.unit(UNIT).active = 'inactive';
      restartsLeft = 2;
      if (!isFresh)
        Object.defineProperty(host.unit(UNIT), 'active', {
          get: () => (isPowerBack() ? 'active' : 'activating'),
          set: () => {},
        });
      const early = await engine.run(wish(2, {}), FAKE_FACTS);
      expect(early).toMatchObject({ state: 'rolled_back', applied: 1 });
      expect(early.why).toContain('generation 1 runs again');
      expect(await engine.run(wish(2, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy', applied: 2 });
    },
  );

  it('is tried again when an operator restarts the service', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    await engine.run(wish(2, { mood: 'deaf' }), FAKE_FACTS);
    const count = host.effects.length;
    const report = await engine.run(wish(2, { mood: 'deaf' }, { restart: 'n1' }), FAKE_FACTS);
    expect(host.effects.slice(count)).toContain(`move ${MAIN}`);
    expect(report).toMatchObject({ state: 'rolled_back', restartDone: 'n1' });
  });
});

describe('a daemon in trouble', () => {
  it('that was killed is noticed, with the number of its restarts', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.crash(UNIT);
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', lastAction: { kind: 'restart' } });
    expect(report.lastAction?.why).toContain('had ended by itself; systemd started it again (1 times so far)');
  });

  it('that was stopped is started', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    await host.units.act(UNIT, 'stop', 1);
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({
      state: 'healthy',
      lastAction: { kind: 'start', why: 'fake.service is inactive (dead)' },
    });
  });

  it('that died of files changed by hand gets its own back at once', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    const file = host.disk.get(MAIN);
    if (file) host.disk.set(MAIN, { ...file, content: 'mood dies' });
    host.crash(UNIT);
    expect(host.unit(UNIT).active).toBe('failed');
    await engine.run(wish(1, {}), FAKE_FACTS);
    expect(await engine.run(wish(1, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy' });
    expect(host.text(MAIN)).toContain('serial 1');
  });

  it('that hangs is restarted after three silent probes, killed when it does not go', async () => {
    const { host, start, time } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.unit(UNIT).isHung = true;
    const count = host.effects.length;
    for (let round = 0; round < 2; round += 1) {
      expect(await engine.run(wish(1, {}), FAKE_FACTS)).toMatchObject({ state: 'unhealthy' });
      time.step(2_000);
    }
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', lastAction: { kind: 'restart' } });
    expect(report.lastAction?.why).toContain('no healthy answer 3 times in a row');
    expect(host.effects.slice(count).filter((effect) => !effect.startsWith('save'))).toEqual([
      `kill ${UNIT}`,
      `start ${UNIT}`,
    ]);
  });

  it('that hangs while its files change takes them after a restart, and nothing is rolled back', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.unit(UNIT).isHung = true;
    const report = await engine.run(wish(2, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', applied: 2, lastAction: { kind: 'restart' } });
  });

  it('that never answers is restarted with growing pauses', async () => {
    const { host, start, time } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.missing.add('fake-ask');
    const at: number[] = [];
    for (let round = 0; round < 600; round += 1) {
      const count = host.effects.length;
      await engine.run(wish(1, {}), FAKE_FACTS);
      if (host.effects.slice(count).some((effect) => effect.startsWith('restart'))) at.push(time.clock.monotonic());
      time.step(2_000);
    }
    const gaps = at.slice(1).map((value, index) => value - (at[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(75_000);
    expect(gaps.at(-1)).toBeGreaterThan(45_000);
    expect(at.length).toBeLessThan(45);
  });

  it('is not to blame when the helper cannot be reached', async () => {
    const { host, start } = engineRig();
    const engine = await start();
    await engine.run(wish(1, {}), FAKE_FACTS);
    host.fault = new AppError('unreachable', 'the root helper cannot be reached');
    expect(await engine.run(wish(1, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy' });
    expect(engine.isUnsettled()).toBe(true);
    const report = await engine.run(wish(1, {}), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'unknown', applied: 1 });
    expect(report.why).toContain('the root helper cannot be reached');
    host.fault = null;
    expect(await engine.run(wish(1, {}), FAKE_FACTS)).toMatchObject({ state: 'healthy' });
  });
});
