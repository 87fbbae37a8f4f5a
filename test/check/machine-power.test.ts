import { afterAll, beforeAll, expect, it } from 'vitest';
import { isResultOf, misfitOf } from '../../src/contract/command-kinds.ts';
import { secretsIn } from '../../src/model/machines/power.ts';
import { powerRunners } from '../../src/main/calls/power-runners.ts';
import { driverOf } from '../../src/power/registry.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { powerPorts } from '../kit/power/agent-power.ts';
import { ipmiRig } from '../kit/power/ipmi-sim.ts';
import { parsed, type PowerRig, realEffects, recorded } from '../kit/power/rig.ts';

/** The agent's runners with the real ipmitool against the real ipmi_sim. */

let host: DebianHost;
let rig: PowerRig;
beforeAll(async () => {
  host = await DebianHost.open();
  rig = await ipmiRig(host);
}, 900_000);
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

it('carries out what a region asks for: probe, cycle in two steps, look, off; the password is in no argv and no log', async () => {
  const seen = { argv: [] as string[], urls: [] as string[] };
  const ports = powerPorts(realEffects(recorded(rig.reach, seen)));
  const runners = powerRunners(ports);
  const { settings } = driverOf('ipmi');
  const all = parsed('ipmi', rig.parameters);
  const secrets = secretsIn(settings, all);
  const parameters = Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(secrets, name)));
  const told: unknown[] = [];
  let learned: Readonly<Record<string, string>> = {};
  const run = async (kind: keyof typeof runners, args: object, own: Readonly<Record<string, string>> | null) => {
    expect(misfitOf(kind, args, own)).toBeNull();
    const outcome = await runners[kind]({ args, secrets: own, leftMs: 60_000, signal: new AbortController().signal });
    expect(isResultOf(kind, outcome.result)).toBe(true);
    told.push(outcome);
    return outcome.result;
  };
  const power = async (epoch: number, order: object) => {
    const args = { machine: 'm1', powerType: 'ipmi', parameters, learned, epoch, seconds: 45, ...order };
    const result = (await run('power', args, secrets)) as { learned: Readonly<Record<string, string>> };
    learned = result.learned;
    return result;
  };
  await rig.put('on');
  expect(await run('probe-bmc', { powerType: 'ipmi', parameters }, null)).toMatchObject({ isReachable: true });
  expect(await power(1, { verb: 'off', stopMode: 'hard' })).toMatchObject({
    outcome: 'done',
    state: 'off',
    hasChanged: true,
  });
  expect(await rig.isOn()).toBe(false);
  expect(await power(2, { verb: 'on', boot: 'pxe' })).toMatchObject({ outcome: 'done', state: 'on', hasChanged: true });
  expect(await rig.isOn()).toBe(true);
  // ipmi_sim learned by the first order: the second has its cipher suite from the start.
  expect(learned['cipher_suite_id']).toMatch(/^\d+$/);
  expect(await power(1, { verb: 'off' })).toMatchObject({ outcome: 'overtaken' });
  expect(await rig.isOn()).toBe(true);
  const machines = [{ id: 'aaaaaa', powerType: 'ipmi', parameters, learned, epoch: 2 }];
  const own = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`aaaaaa/${name}`, value]));
  expect(await run('look-power', { machines }, own)).toMatchObject({ machines: [{ id: 'aaaaaa', state: 'on' }] });
  const wrong = { ...secrets, power_pass: 'not-the-password' };
  const args = { machine: 'm1', powerType: 'ipmi', parameters, learned, epoch: 3, seconds: 45, verb: 'off' };
  expect(await run('power', args, wrong)).toMatchObject({ outcome: 'failed', code: 'refused-credentials' });
  expect(await rig.isOn()).toBe(true);
  expect(Object.keys(secrets)).toEqual(['power_pass']);
  const said = JSON.stringify([seen, ports.log.lines, told, ports.fence.text]);
  expect(said).not.toContain(secrets['power_pass']);
  expect(said).not.toContain('not-the-password');
}, 120_000);
