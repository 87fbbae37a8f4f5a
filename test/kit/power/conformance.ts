import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PowerType } from '../../../src/model/machines/power.ts';
import { probeBmc } from '../../../src/power/probe.ts';
import { driverOf } from '../../../src/power/registry.ts';
import { DebianHost } from '../debian-root.ts';
import { patient } from '../machine.ts';
import { OPEN, parsed, type PowerRig, realEffects, testExecutor } from './rig.ts';
import { RIGS } from './rig-registry.ts';

/** What every driver must do whose BMC can be asked. Each has a file `test/check/power-<type>.test.ts` that calls it. */
export function conforms(type: PowerType): void {
  describe(`the driver ${type}`, () => {
    const driver = driverOf(type);
    let host: DebianHost;
    let rig: PowerRig;
    let executor: Awaited<ReturnType<typeof testExecutor>>;
    beforeAll(async () => {
      host = await DebianHost.open();
      rig = await RIGS[type](host);
    }, 900_000);
    afterAll(async () => {
      await rig[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      await rig.setFault(null);
      await rig.put('off');
      executor = await testExecutor(rig);
    });

    it('tells the state', async () => {
      expect(await executor.run({ verb: 'query' })).toMatchObject({ kind: 'done', state: 'off', hasChanged: false });
      await rig.put('on');
      expect(await executor.run({ verb: 'query' })).toMatchObject({ kind: 'done', state: 'on', hasChanged: false });
    });

    it('switches on, and leaves on what is on', async () => {
      expect(await executor.run({ verb: 'on' })).toMatchObject({
        kind: 'done',
        state: 'on',
        hasChanged: true,
        isVerified: true,
      });
      expect(await rig.isOn()).toBe(true);
      expect(await executor.run({ verb: 'on' })).toMatchObject({ kind: 'done', state: 'on', hasChanged: false });
    });

    it.each(['hard', 'soft'] as const)('switches off (%s), and leaves off what is off', async (stopMode) => {
      await rig.put('on');
      expect(await executor.run({ verb: 'off', stopMode })).toMatchObject({
        kind: 'done',
        state: 'off',
        hasChanged: true,
      });
      expect(await rig.isOn()).toBe(false);
      expect(await executor.run({ verb: 'off', stopMode })).toMatchObject({
        kind: 'done',
        state: 'off',
        hasChanged: false,
      });
    });

    it('cycles a machine that is on, and one that is off', async () => {
      await rig.put('on');
      expect(await executor.run({ verb: 'cycle' })).toMatchObject({ kind: 'done', state: 'on', hasChanged: true });
      await rig.put('off');
      expect(await executor.run({ verb: 'cycle' })).toMatchObject({ kind: 'done', state: 'on', hasChanged: true });
      expect(await rig.isOn()).toBe(true);
    });

    it('starts from the network, or says that it cannot choose', async () => {
      const outcome = await executor.run({ verb: 'on', boot: 'pxe' });
      expect(outcome).toMatchObject({ kind: 'done', state: 'on' });
      expect(JSON.stringify(outcome).includes('cannot set the boot device')).toBe(!driver.canSetBoot);
      expect((await rig.bootDevice()) ?? 'none').toMatch(driver.canSetBoot ? /^(?:pxe|network)$/ : /^none$/);
    });

    it('tells a wrong password, and does not repeat it', async () => {
      const outcome = await executor.run({ verb: 'on' }, { ...rig.parameters, [rig.secret ?? '']: 'wr0ng-Passw0rd' });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'refused-credentials' });
      expect(JSON.stringify([outcome, executor.log.lines, executor.seen])).not.toContain('wr0ng-Passw0rd');
      expect(await rig.isOn()).toBe(false);
    });

    it('tells a BMC that cannot be reached', async () => {
      const outcome = await executor.run({ verb: 'on', timeoutMs: 6000 }, rig.elsewhere);
      expect(outcome).toMatchObject({ kind: 'failed', code: 'unreachable', remedy: expect.stringContaining('Check') });
      const effects = realEffects(rig.reach);
      expect(
        await probeBmc(driver, parsed(type, rig.elsewhere), effects, { timeoutMs: 1000, judge: OPEN }),
      ).toMatchObject({
        isReachable: false,
        ms: null,
      });
      expect(
        await probeBmc(driver, parsed(type, rig.parameters), effects, { timeoutMs: 1000, judge: OPEN }),
      ).toMatchObject({ isReachable: true });
    });

    it('has patience with a slow one', async () => {
      await rig.setFault('slow');
      const outcome = await executor.run({ verb: 'on', timeoutMs: 60_000 });
      expect(outcome).toMatchObject({ kind: 'done', state: 'on', hasChanged: true });
      expect(await rig.isOn()).toBe(true);
    });

    it.each(['on', 'off', 'cycle'] as const)('finds one out that accepts %s and does nothing', async (verb) => {
      await rig.put(verb === 'on' ? 'off' : 'on');
      await rig.setFault('ignores');
      // Half of it is the time of ipmitool itself on a busy machine.
      const outcome = await executor.run({ verb, timeoutMs: patient(8000) });
      expect(outcome, JSON.stringify(outcome)).toMatchObject({
        kind: 'failed',
        code: 'lied',
        message: expect.stringMatching(/accepted the order "(?:on|off)"/),
      });
    });

    it('finds one out that says on while the machine is off, by the cycle that a start is', async () => {
      await rig.setFault('says-on');
      expect(await executor.run({ verb: 'cycle', boot: 'pxe', timeoutMs: patient(8000) })).toMatchObject({
        kind: 'failed',
        code: 'lied',
      });
      expect(await rig.isOn()).toBe(false);
    });

    it('tells answers that make no sense', async () => {
      await rig.setFault('garbage');
      const outcome = await executor.run({ verb: 'query', timeoutMs: patient(10_000) });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'garbage' });
    });

    it('keeps its secret out of command lines, places, logs and outcomes', async () => {
      const outcome = await executor.run({ verb: 'cycle', boot: 'disk' });
      const secret = String(parsed(type, rig.parameters)[rig.secret ?? '']);
      expect(secret.length).toBeGreaterThan(5);
      const told = JSON.stringify([outcome, executor.log.lines, executor.seen]);
      expect(executor.seen.argv.length + executor.seen.urls.length).toBeGreaterThan(2);
      for (const form of [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64'),
      ]) {
        expect(told).not.toContain(form);
      }
    });
  });
}
