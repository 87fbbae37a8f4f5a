import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOff, NO_BACK_OFF } from '../../../src/reconcile/recovery.ts';
import { changesBetween, isSame } from '../../../src/reconcile/files.ts';
import { type Aim, planStep, type Situation } from '../../../src/reconcile/plan.ts';
import type { Configuration, FileStates } from '../../../src/reconcile/values.ts';

const file = (digest: string) => ({ digest, mode: 0o640, owner: 'root', group: 'bind' });
const files: fc.Arbitrary<FileStates> = fc.dictionary(
  fc.constantFrom('/f/a', '/f/b', '/f/c'),
  fc.constantFrom('1', '2').map(file),
);
const configuration: fc.Arbitrary<Configuration | null> = fc.option(
  files.map((states) => ({ generation: 1, digest: 'd', files: states })),
);
const aim: fc.Arbitrary<Aim> = fc.oneof(
  files.map((states): Aim => ({ kind: 'wanted', files: states })),
  files.map((states): Aim => ({ kind: 'previous', files: states })),
  fc.constant<Aim>({ kind: 'keep' }),
);
const situation: fc.Arbitrary<Situation> = fc.record({
  aim,
  disk: files,
  loaded: configuration,
  good: configuration,
  isUnitUp: fc.boolean(),
  isUnitActive: fc.boolean(),
  mayStart: fc.boolean(),
  isRestartRequested: fc.boolean(),
  hasNotification: fc.boolean(),
  health: fc.option(fc.boolean().map((isHealthy) => ({ isHealthy, detail: '' }))),
  isForced: fc.boolean(),
  isGivenUp: fc.boolean(),
});

/** The situation after a step that went well. */
function after(now: Situation, step: ReturnType<typeof planStep>): Situation {
  const aimed = now.aim.kind === 'keep' ? now.disk : now.aim.files;
  const asked = { ...now, health: null, mayStart: false };
  const loaded = { generation: 2, digest: 'e', files: aimed };
  switch (step) {
    case 'install':
    case 'restore':
      return { ...now, disk: aimed, health: null };
    case 'activate':
      return { ...asked, loaded };
    case 'operator_restart':
      return { ...asked, isRestartRequested: false };
    case 'notify':
      return { ...asked, hasNotification: false };
    case 'start':
      return { ...asked, isUnitUp: true };
    case 'probe':
      return { ...now, health: { isHealthy: true, detail: '' } };
    case 'force':
      return { ...asked, isForced: true };
    case 'confirm':
      return { ...now, good: now.loaded };
    case 'roll_back':
      return { ...now, aim: { kind: 'previous', files: now.good?.files ?? {} }, health: null };
    case 'settle':
      return now;
  }
}

describe('the plan', () => {
  it('settles from everywhere within a dozen steps that go well', () => {
    fc.assert(
      fc.property(situation, (start) => {
        let now = start;
        let steps = 0;
        for (let step = planStep(now); step !== 'settle' && steps < 20; step = planStep(now), steps += 1)
          now = after(now, step);
        expect(steps).toBeLessThan(13);
        const isAsAimed = now.aim.kind === 'keep' || isSame(now.loaded?.files ?? {}, now.aim.files);
        expect(isAsAimed).toBe(true);
      }),
    );
  });

  it('installs nothing and takes nothing back while the wanted files cannot be installed', () => {
    fc.assert(
      fc.property(situation, (now) => {
        const step = planStep({ ...now, aim: { kind: 'keep' } });
        expect(['install', 'restore', 'activate', 'confirm', 'roll_back', 'force']).not.toContain(step);
      }),
    );
  });

  it('rolls back only from an unhealthy answer, only to something, and never from the previous configuration', () => {
    fc.assert(
      fc.property(situation, (now) => {
        const mayRollBack = now.health?.isHealthy === false && now.good !== null && now.aim.kind === 'wanted';
        expect(planStep(now) === 'roll_back' && !mayRollBack).toBe(false);
      }),
    );
  });
});

describe('changes between two sets of files', () => {
  it('turn one into the other', () => {
    fc.assert(
      fc.property(files, files, (from, to) => {
        const result: Record<string, unknown> = { ...from };
        for (const { target, kind } of changesBetween(from, to)) {
          if (kind === 'removed') delete result[target];
          else result[target] = to[target];
        }
        expect(result).toEqual(to);
        expect(isSame(from, from)).toBe(true);
      }),
    );
  });
});

describe('a back-off', () => {
  it('grows to its limit, with jitter in its upper half', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (fraction) => {
        let pause = NO_BACK_OFF;
        for (let count = 0; count < 20; count += 1) {
          const full = Math.min(1_000 * 2 ** count, 60_000);
          pause = backOff(pause, 0, { fraction: () => fraction, hex: () => '' }, { firstMs: 1_000, maxMs: 60_000 });
          expect(pause.notBefore).toBeGreaterThanOrEqual(full / 2);
          expect(pause.notBefore).toBeLessThanOrEqual(full);
        }
      }),
    );
  });
});
