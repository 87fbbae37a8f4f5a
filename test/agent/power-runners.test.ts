import { describe, expect, it } from 'vitest';
import type { CommandRunner } from '../../src/agent/commands/runner.ts';
import { misfitOf, isResultOf } from '../../src/contract/command-kinds.ts';
import { powerRunners } from '../../src/main/calls/power-runners.ts';
import { powerPorts } from '../kit/power/agent-power.ts';
import { FakeBmc, refusal } from '../kit/power/fake-bmc.ts';

/** The agent's end of power commands, at a BMC in memory. */

const PASSWORD = 'planted-Pass-17';
const TARGET = {
  powerType: 'ipmi' as const,
  parameters: { power_address: '10.88.0.1', power_user: 'operator' },
  learned: {},
};
const order = (given: object = {}) => ({
  machine: 'm1.example.test',
  ...TARGET,
  epoch: 5,
  verb: 'on',
  seconds: 45,
  ...given,
});

function agentOf(bmc: FakeBmc, fence: string | null = null) {
  const ports = powerPorts(bmc.effects);
  ports.fence.text = fence;
  const runners = powerRunners(ports);
  const run = async (kind: keyof typeof runners, args: object, secrets: Readonly<Record<string, string>> | null) => {
    expect(misfitOf(kind, args, secrets)).toBeNull();
    const runner: CommandRunner = runners[kind];
    const told = await runner({ args, secrets, leftMs: 60_000, signal: new AbortController().signal });
    expect(isResultOf(kind, told.result)).toBe(true);
    return told;
  };
  return { ports, run, power: (given: object = {}) => run('power', order(given), { power_pass: PASSWORD }) };
}

describe('the runner of power', () => {
  it('switches a machine with its secret by the environment, and tells what it learned', async () => {
    const bmc = new FakeBmc();
    const agent = agentOf(bmc);
    const told = await agent.power({ boot: 'pxe' });
    expect(told).toMatchObject({
      sentence: 'm1.example.test: its BMC says on.',
      result: { outcome: 'done', state: 'on', hasChanged: true, learned: { manufacturer: 'Contoso' } },
    });
    expect(bmc.words).toContain('chassis bootdev pxe');
    expect(bmc.heard.every(({ env }) => Object.values(env).includes(PASSWORD))).toBe(true);
    expect(JSON.stringify([told, agent.ports.log.lines, bmc.heard.map(({ argv }) => argv)])).not.toContain(PASSWORD);
  });

  it('given twice does no more than once', async () => {
    const bmc = new FakeBmc();
    const { power } = agentOf(bmc);
    await power();
    expect(await power()).toMatchObject({ result: { outcome: 'done', hasChanged: false } });
    expect(bmc.words.filter((words) => words === 'chassis power on')).toHaveLength(1);
  });

  it('refuses an order that a later one overtook, also after the agent was started anew', async () => {
    const bmc = new FakeBmc();
    const { power, ports } = agentOf(bmc);
    await power({ epoch: 7, verb: 'off' });
    const before = bmc.heard.length;
    expect(await power({ epoch: 6 })).toMatchObject({ result: { outcome: 'overtaken', hasChanged: false } });
    expect(await agentOf(bmc, ports.fence.text).power({ epoch: 6 })).toMatchObject({
      result: { outcome: 'overtaken' },
    });
    expect(bmc.heard).toHaveLength(before);
  });

  it('without a fence that can be read gives no order, and tries again with the next', async () => {
    const bmc = new FakeBmc();
    const { power, ports } = agentOf(bmc, 'nonsense');
    await expect(power()).rejects.toMatchObject({ message: 'The epochs of the power orders cannot be read.' });
    expect(bmc.heard).toEqual([]);
    ports.fence.text = null;
    expect(await power()).toMatchObject({ result: { outcome: 'done' } });
  });

  it('tells a wrong password and what helps, without repeating it', async () => {
    const bmc = new FakeBmc();
    bmc.before = () => refusal(`RAKP 2 HMAC is invalid for ${PASSWORD}`);
    const told = await agentOf(bmc).power();
    expect(told).toMatchObject({ result: { outcome: 'failed', state: 'error', code: 'refused-credentials' } });
    const { why, remedy } = told.result as { why: string; remedy: string };
    expect([why, remedy]).not.toContain('');
    expect(JSON.stringify(told)).not.toContain(PASSWORD);
  });
});

describe('the runner of look-power', () => {
  it('looks at each machine with its own secrets, and one that does not answer keeps none of the others', async () => {
    const bmc = new FakeBmc();
    bmc.isOn = true;
    const { run } = agentOf(bmc);
    const machines = [
      { id: 'aaaaaa', ...TARGET, epoch: 1 },
      { id: 'bbbbbb', ...TARGET, parameters: { ...TARGET.parameters, power_address: '10.88.0.2' }, epoch: 1 },
    ];
    const other = bmc.before;
    bmc.before = (words, timeoutMs) =>
      bmc.heard.at(-1)?.argv.includes('10.88.0.2') ? refusal('RAKP 2 HMAC is invalid') : other(words, timeoutMs);
    const told = await run('look-power', { machines }, { 'aaaaaa/power_pass': PASSWORD, 'bbbbbb/power_pass': 'other' });
    const seen = (told.result as { machines: { id: string }[] }).machines.toSorted((a, b) => a.id.localeCompare(b.id));
    expect(seen).toMatchObject([
      { id: 'aaaaaa', outcome: 'done', state: 'on' },
      { id: 'bbbbbb', outcome: 'failed', code: 'refused-credentials' },
    ]);
    const passwords = (address: string) =>
      new Set(bmc.heard.filter(({ argv }) => argv.includes(address)).flatMap(({ env }) => Object.values(env)));
    expect(passwords('10.88.0.1')).toContain(PASSWORD);
    expect(passwords('10.88.0.1')).not.toContain('other');
    expect(passwords('10.88.0.2')).toContain('other');
  });

  it('cuts no order off: it has the epoch of the newest one', async () => {
    const bmc = new FakeBmc();
    const { run, power } = agentOf(bmc);
    await power({ epoch: 9 });
    const look = (epoch: number) =>
      run('look-power', { machines: [{ id: 'aaaaaa', ...TARGET, epoch }] }, { 'aaaaaa/power_pass': PASSWORD });
    expect(await look(9)).toMatchObject({ result: { machines: [{ outcome: 'done', state: 'on' }] } });
    expect(await look(8)).toMatchObject({ result: { machines: [{ outcome: 'overtaken' }] } });
  });
});

describe('the runner of probe-bmc', () => {
  it.each([
    ['answers', true, 'The BMC is reached: it answers.'],
    ['silent', false, 'The BMC is not reached: it said nothing.'],
    ['alien', false, 'The BMC is not reached: something else than IPMI answers.'],
  ] as const)('asks without a password: %s', async (ping, isReachable, sentence) => {
    const bmc = new FakeBmc();
    bmc.ping = ping;
    const { powerType, parameters } = TARGET;
    expect(await agentOf(bmc).run('probe-bmc', { powerType, parameters }, null)).toMatchObject({
      result: { isReachable },
      sentence,
    });
    expect(bmc.heard).toEqual([]);
  });
});
