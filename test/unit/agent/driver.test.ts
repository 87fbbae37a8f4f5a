import { describe, expect, it } from 'vitest';
import { restMs } from '../../../src/agent/driver.ts';
import type { ServiceReport } from '../../../src/reconcile/values.ts';

const report = (state: ServiceReport['state'], at: string | null): ServiceReport => ({
  service: 'dhcp',
  wanted: 1,
  wantedDigest: '',
  applied: 1,
  appliedDigest: '',
  state,
  since: '',
  why: '',
  lastAction: at === null ? null : { kind: 'command', why: '', at },
  restartDone: null,
});

describe('the rest after a change', () => {
  it.each([
    ['a quick one', report('healthy', 'a'), report('healthy', 'b'), 1_900, 0],
    ['a long one', report('healthy', 'a'), report('healthy', 'b'), 6_000, 6_000],
    ['the first one', undefined, report('healthy', 'b'), 6_000, 6_000],
    ['a very long one', report('healthy', 'a'), report('healthy', 'b'), 60_000, 10_000],
    ['a long probe', report('healthy', 'a'), report('healthy', 'a'), 6_000, 0],
    ['nothing done yet', report('healthy', null), report('healthy', null), 6_000, 0],
    ['one that failed: what mends it is taken at once', report('healthy', 'a'), report('rolled_back', 'b'), 6_000, 0],
  ])('%s', (_name, before, after, tookMs, expected) => {
    expect(restMs(before, after, tookMs)).toBe(expected);
  });
});
