import { describe, expect, it } from 'vitest';
import {
  decide,
  isInDoubt,
  type AttemptOutcome,
  readRetryAfter,
  type RetryState,
} from '../../../../src/contract/base/wire/decide.ts';

const answer = (status: number, retryAfterMs: number | null = null): AttemptOutcome => ({
  kind: 'answer',
  status,
  retryAfterMs,
});
const broken: AttemptOutcome = { kind: 'broken' };
const unsent: AttemptOutcome = { kind: 'unsent' };
const at = (changes: Partial<RetryState>): RetryState => ({
  outcome: broken,
  tries: 1,
  addresses: 1,
  rounds: null,
  isRepeatable: true,
  leftMs: 10_000,
  pauseMs: null,
  fraction: 1,
  ...changes,
});
const again = (waitMs: number, address = 0) => ({ kind: 'again', waitMs, address });
const done = { kind: 'done' };
const giveUp = { kind: 'give-up' };

describe('what a client does after a try', () => {
  const table: readonly (readonly [string, Partial<RetryState>, object])[] = [
    ['an answer is final', { outcome: answer(200) }, done],
    ['a refusal is final', { outcome: answer(409) }, done],
    ['a fault of the region is final: the same would happen again', { outcome: answer(500) }, done],
    ['an answer that comes at the deadline still counts', { outcome: answer(201), leftMs: 0 }, done],
    ['away: again after the first pause', { outcome: answer(503) }, again(150)],
    ['away: not before Retry-After', { outcome: answer(503, 2000) }, again(2000)],
    ['a Retry-After that is shorter than the pause', { outcome: answer(503, 0), tries: 3 }, again(600)],
    ['a Retry-After beyond the deadline is not waited for', { outcome: answer(503, 20_000) }, giveUp],
    ['a Retry-After just to the deadline leaves no time', { outcome: answer(503, 10_000) }, giveUp],
    ['a proxy lost the region in the middle of a call', { outcome: answer(502) }, again(150)],
    ['a proxy waited too long for the region', { outcome: answer(504) }, again(150)],
    ['too many: as it says', { outcome: answer(429, 1000) }, again(1000)],
    ['too many, and no word of when: the caller has to know', { outcome: answer(429) }, done],
    [
      'too many: it was not made, so even what is not repeatable is repeated',
      { outcome: answer(429, 1000), isRepeatable: false },
      again(1000),
    ],
    ['a network fault', {}, again(150)],
    ['the second', { tries: 2 }, again(300)],
    ['the fifth', { tries: 5 }, again(2400)],
    ['the pause does not grow for ever', { tries: 50 }, again(3000)],
    ['the lower half of the jitter', { tries: 50, fraction: 0 }, again(1500)],
    ['no time for another pause', { tries: 50, leftMs: 3000 }, giveUp],
    ['nothing left', { leftMs: 0 }, giveUp],
    ['not repeatable and perhaps received: never again', { isRepeatable: false }, giveUp],
    ['not repeatable and answered by a proxy', { outcome: answer(502), isRepeatable: false }, giveUp],
    ['not repeatable and away', { outcome: answer(503, 1000), isRepeatable: false }, giveUp],
    ['not repeatable, and it reached nobody', { outcome: unsent, isRepeatable: false }, again(150)],
    ['another address is asked at once', { addresses: 3 }, again(0, 1)],
    ['whatever this one says of itself', { addresses: 3, tries: 2, outcome: answer(503, 5000) }, again(0, 2)],
    ['after the last the first, after a pause', { addresses: 3, tries: 3 }, again(150, 0)],
    ['which is the longest that anybody asked for', { addresses: 3, tries: 3, pauseMs: 5000 }, again(5000, 0)],
    ['the pause grows by rounds', { addresses: 3, tries: 6 }, again(300, 0)],
    ['an address at the deadline is not asked', { addresses: 3, leftMs: 0 }, giveUp],
    ['one round: the next address', { addresses: 2, rounds: 1 }, again(0, 1)],
    ['one round: no more than that', { addresses: 2, rounds: 1, tries: 2 }, giveUp],
  ];
  it.each(table)('%s', (_, standing, expected) => {
    expect(decide(at(standing))).toEqual(expected);
  });

  it('never waits beyond the deadline, never repeats in doubt what is not repeatable, and ends', () => {
    const outcomes = [broken, unsent, answer(200), answer(429, 700), answer(502), answer(503), answer(503, 4000)];
    for (const outcome of outcomes) {
      for (const addresses of [1, 2, 5]) {
        for (const isRepeatable of [true, false]) {
          let leftMs = 30_000;
          let tries = 1;
          for (; tries < 1000; tries += 1) {
            const next = decide(at({ outcome, addresses, isRepeatable, leftMs, tries, fraction: 0 }));
            if (next.kind !== 'again') break;
            expect(next.waitMs).toBeLessThan(leftMs);
            expect(isRepeatable || !isInDoubt(outcome)).toBe(true);
            leftMs -= next.waitMs;
          }
          expect(tries).toBeLessThan(1000);
        }
      }
    }
  });
});

describe('Retry-After', () => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
  it.each([
    [null, null, null],
    ['2', null, 2000],
    [' 0 ', null, 0],
    ['Wed, 21 Oct 2026 07:28:30 GMT', date, 30_000],
    ['Wed, 21 Oct 2026 07:27:30 GMT', date, 0],
    ['Wed, 21 Oct 2026 07:28:30 GMT', null, null],
    ['soon', date, null],
    ['-5', date, null],
    ['1e9', date, null],
  ])('%j at %j is %j ms', (value, answered, expected) => {
    expect(readRetryAfter(value, answered)).toBe(expected);
  });
});
