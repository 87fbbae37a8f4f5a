import { describe, expect, it } from 'vitest';
import { clockOffset } from '../../../../../src/model/machines/timeline/clock-offset.ts';
import {
  predictStep,
  expectedSentence,
  STAGES,
  STUCK_MIN_S,
  isStuck,
  type StageContext,
} from '../../../../../src/model/machines/timeline/stage.ts';
import { type MachineStep, stepDetail, type StepWhat } from '../../../../../src/model/machines/timeline/step.ts';

/** What comes next, and by when. */

const WAY: StageContext = { state: 'commissioning', startedAt: 0, deadline: 1_800_000, hasSwitch: true };
const step = (what: StepWhat, at: number, more: Partial<MachineStep> = {}): MachineStep => ({
  at,
  source: 'http',
  what,
  node: 'k1',
  address: '10.20.0.21',
  outcome: 'done',
  facts: {},
  ...more,
});

describe('what comes next', () => {
  it('follows from the last proof, and is late after its time', () => {
    const steps = [step('power-on', 1_000)];
    const soon = predictStep(steps, WAY, 100_000);
    expect(soon).toMatchObject({ stage: 'powered', since: 1_000, next: 'DHCP', deadline: 241_000, isLate: false });
    expect(soon && expectedSentence(soon, 100_000)).toBe('Next: DHCP, within 141 s.');
    const late = predictStep(steps, WAY, 300_000);
    expect(late).toMatchObject({ isLate: true });
    expect(late && expectedSentence(late, 300_000)).toBe('Late: DHCP should have come 59 s ago.');
  });

  it('is late soon when the rack that told it what to boot has fallen silent', () => {
    const silentRacks = new Map([['k1', 10_000]]);
    const told = [step('power-on', 1_000), step('script', 8_000), step('kernel', 9_000)];
    expect(predictStep(told, { ...WAY, silentRacks }, 24_000)).toMatchObject({ deadline: 25_000, isLate: false });
    expect(predictStep(told, { ...WAY, silentRacks }, 26_000)).toMatchObject({ stage: 'kernel', isLate: true });
    expect(predictStep(told, WAY, 41_000)).toMatchObject({ deadline: 69_000, isLate: false });
    // The other rack answers it meanwhile, or nobody has told it anything yet, or its scripts run.
    const other = [...told, step('script', 20_000, { node: 'k2' })];
    expect(predictStep(other, { ...WAY, silentRacks }, 41_000)).toMatchObject({ stage: 'told', isLate: false });
    const young = [step('power-on', 1_000), step('lease', 8_000)];
    expect(predictStep(young, { ...WAY, silentRacks }, 41_000)).toMatchObject({ deadline: 53_000, isLate: false });
    const scripts = [...told, step('inventory', 9_500), step('script-started', 9_800)];
    expect(predictStep(scripts, { ...WAY, silentRacks }, 41_000)).toMatchObject({ stage: 'scripts', isLate: false });
  });

  it('has a name and a time for each stage, none later than the end of the state', () => {
    const proofs: StepWhat[] = [
      'power-on',
      'lease',
      'loader',
      'script',
      'kernel',
      'initrd',
      'root',
      'metadata',
      'inventory',
      'script-started',
    ];
    const seen = proofs.map((_, index) => {
      const steps = proofs.slice(0, index + 1).map((what, at) => step(what, 1_000 * (at + 1)));
      const expected = predictStep(steps, { ...WAY, deadline: 30_000 }, 20_000);
      expect(expected).toMatchObject({ deadline: 30_000, isLate: false });
      expect(expected?.next).not.toBe('');
      return expected?.stage;
    });
    expect(['asked', ...seen]).toEqual(STAGES);
  });

  it('is nothing of a machine at rest, or of one that boots nothing', () => {
    expect(predictStep([], { ...WAY, state: 'ready' }, 0)).toBeNull();
    expect(predictStep([], { ...WAY, state: 'exiting-rescue-mode' }, 0)).toBeNull();
  });

  it('is a person where no BMC switches it, and has the time of the script that runs', () => {
    expect(predictStep([], { ...WAY, hasSwitch: false }, 0)).toMatchObject({
      next: 'a person who switches it on',
      deadline: 1_800_000,
    });
    const steps = [step('script-started', 1_000)];
    expect(predictStep(steps, { ...WAY, scriptSeconds: 20 }, 0)).toMatchObject({ stage: 'scripts', deadline: 21_000 });
  });

  it('takes nothing that failed for a proof', () => {
    expect(predictStep([step('power-on', 1), step('kernel', 2, { outcome: 'failed' })], WAY, 0)).toMatchObject({
      stage: 'powered',
    });
  });
});

describe('a step in words', () => {
  it.each([
    [
      step('kernel', 0, { facts: { file: 'vmlinuz', status: 200, bytes: 12_582_912, ms: 400 } }),
      'vmlinuz HTTP 200 12 MiB in 0.4 s from 10.20.0.21',
    ],
    [step('lease', 0, { facts: { vlan: 'fabric-1/vlan10' } }), '10.20.0.21 on VLAN fabric-1/vlan10'],
    [
      step('script', 0, {
        facts: { decision: 'kernel', reason: 'm1 is commissioned.', loader: 'ipxe', architecture: 'amd64' },
      }),
      'kernel: m1 is commissioned. (ipxe amd64) from 10.20.0.21',
    ],
    [
      step('script-ended', 0, { address: '', facts: { file: 'memory', exit: 3, words: 'failed' } }),
      'memory exit 3 failed',
    ],
  ])('%#', (one, words) => {
    expect(stepDetail(one)).toBe(words);
  });
});

describe('a rack’s clock', () => {
  it('is behind by what the fastest report says; a slow one changes little, another clock all', () => {
    expect(clockOffset(null, 3_600_040)).toBe(3_600_040);
    expect(clockOffset(3_600_040, 3_600_012)).toBe(3_600_012);
    expect(clockOffset(3_600_012, 3_606_000)).toBe(3_600_032);
    expect(clockOffset(3_600_012, 3_600_020)).toBe(3_600_020);
    expect(clockOffset(12, 3_600_000)).toBe(3_600_000);
    expect(clockOffset(12, -50_000)).toBe(-50_000);
  });
});

describe('a machine whose disks are written', () => {
  it('is waited for by the word of its own system, whatever its rack told it', () => {
    const step = (what: MachineStep['what'], at: number): MachineStep => ({
      at,
      source: 'state',
      what,
      node: '',
      address: '',
      outcome: 'done',
      facts: {},
    });
    const way = { state: 'deploying', startedAt: 0, deadline: null, hasSwitch: true } as const;
    const installed = [step('power-on', 1000), step('script-started', 2000), step('installed', 3000)];
    expect(predictStep(installed, way, 4000)).toMatchObject({ next: 'the report of its own system', isLate: false });
    expect(predictStep([...installed, step('script', 60_000)], way, 700_000)).toMatchObject({ isLate: true });
    expect(predictStep([step('power-on', 1000)], { ...way, state: 'disk-erasing' }, 2000)).toMatchObject({
      next: 'DHCP',
    });
  });
});

describe('a start that stands still', () => {
  it.each([
    ['told', 90],
    ['kernel', 120],
    ['initrd', 180],
    ['root', 360],
  ] as const)('is one that is at “%s” for more than %d s, twice as long as it may', (stage, seconds) => {
    expect(isStuck({ stage, since: 1000 }, 1000 + seconds * 1000)).toBe(false);
    expect(isStuck({ stage, since: 1000 }, 1001 + seconds * 1000)).toBe(true);
    expect(seconds).toBeGreaterThanOrEqual(STUCK_MIN_S);
  });

  it.each(['asked', 'powered', 'addressed', 'loading', 'up', 'inventoried', 'scripts'] as const)(
    'is none at “%s”: its firmware is on its way, or its own system works',
    (stage) => {
      expect(isStuck({ stage, since: 0 }, 1e9)).toBe(false);
    },
  );
});
