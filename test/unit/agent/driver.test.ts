import { describe, expect, it } from 'vitest';
import { isNews, restMs } from '../../../src/agent/driver.ts';
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
    { name: 'a quick one', before: report('healthy', 'a'), after: report('healthy', 'b'), tookMs: 400, expected: 0 },
    {
      name: 'a long one',
      before: report('healthy', 'a'),
      after: report('healthy', 'b'),
      tookMs: 6_000,
      expected: 6_000,
    },
    { name: 'the first one', before: undefined, after: report('healthy', 'b'), tookMs: 6_000, expected: 6_000 },
    {
      name: 'a very long one',
      before: report('healthy', 'a'),
      after: report('healthy', 'b'),
      tookMs: 60_000,
      expected: 10_000,
    },
    { name: 'a long probe', before: report('healthy', 'a'), after: report('healthy', 'a'), tookMs: 6_000, expected: 0 },
    {
      name: 'nothing done yet',
      before: report('healthy', null),
      after: report('healthy', null),
      tookMs: 6_000,
      expected: 0,
    },
    {
      name: 'one that failed: what mends it is taken at once',
      before: report('healthy', 'a'),
      after: report('rolled_back', 'b'),
      tookMs: 6_000,
      expected: 0,
    },
  ])('$name', ({ before, after, tookMs, expected }) => {
    expect(restMs(before, after, tookMs)).toBe(expected);
  });
});

describe('what is told at once', () => {
  const before = {
    ...report('healthy', 'a'),
    facts: { role: 'none', lagBytes: null, members: [{ name: 'r1', lagBytes: 4 }] },
  };
  it.each([
    { name: 'another role', after: { ...before, facts: { ...before.facts, role: 'standby' } }, expected: true },
    { name: 'one member more', after: { ...before, facts: { ...before.facts, members: [] } }, expected: true },
    {
      name: 'another lag',
      after: { ...before, facts: { ...before.facts, members: [{ name: 'r1', lagBytes: 5 }] } },
      expected: false,
    },
    { name: 'no facts any more', after: report('healthy', 'a'), expected: true },
    { name: 'another state', after: { ...report('unhealthy', 'a'), facts: before.facts }, expected: true },
    {
      name: 'other metrics',
      after: { ...before, metrics: [{ name: 'a', unit: 'count', value: 1 } as const] },
      expected: false,
    },
    { name: 'nothing new', after: before, expected: false },
  ])('$name: $expected', ({ after, expected }) => {
    expect(isNews(before, after)).toBe(expected);
  });
});
