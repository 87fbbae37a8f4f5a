import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideOther,
  decideOwn,
  type FenceLease,
  type Rejection,
  type EtcdView,
} from '../../../../ha/keeper/decide.ts';

/*
 * A primary's host and a survivor over half a minute, in steps of 20 ms: messages take their time or are lost, both programs stall (for less
 * than the watchdog lets them), Patroni's and PostgreSQL's answers stay away. etcd is a model of one lease, one fence and one armed key.
 */
const STEP = 20;
const END = 30_000;
const PATIENCE = { ttl: 2000, margin: 600, silence: 2000, starved: 10_000, absence: 8000 };
const TERM = '7';

interface Fate {
  /** Steps in which nothing reaches etcd, or comes back, as [from, for] in ms. */
  readonly cuts: readonly (readonly [number, number])[];
  /** Stalls of the primary's keeper. */
  readonly stalls: readonly (readonly [number, number])[];
  /** From when on Patroni is silent. */
  readonly frozenAt: number;
  /** Time of a message one way, by its number. */
  readonly delays: readonly number[];
}

interface Told {
  readonly releasedAt: number | null;
  readonly fencedAt: number | null;
  readonly isArmedOnce: boolean;
  readonly breaches: readonly string[];
}

function tell(fate: Fate): Told {
  const during = (spans: Fate['cuts'], t: number) => spans.some(([from, length]) => t >= from && t < from + length);
  let sent = 0;
  const mail: { at: number; open: () => void }[] = [];
  const delay = () => fate.delays[sent++ % fate.delays.length] ?? 0;
  /** `inEtcd` is done when the question arrives; its answer opens when it is back. */
  const ask = <T>(now: number, isCut: boolean, inEtcd: (t: number) => T, back: (answer: T) => void) => {
    const [there, home] = [now + delay(), delay()];
    const isLost = (t: number) => isCut && during(fate.cuts, t);
    mail.push({
      at: there,
      open: () => {
        if (isLost(there)) return;
        const answer = inEtcd(there);
        mail.push({ at: there + home, open: () => isLost(there + home) || back(answer) });
      },
    });
  };
  let leaseEnds = -1;
  let armed: string | null = null;
  let [fenceLease, isUp]: [FenceLease | null, boolean] = [null, true];
  const breaches: string[] = [];
  let [own, others]: [EtcdView | null, EtcdView | null] = [null, null];
  let rejection: Rejection | null = null;
  let [releasedAt, fencedAt, isArmedOnce]: [number | null, number | null, boolean] = [null, null, false];
  const viewAt = (at: number, now: number): EtcdView => ({
    at,
    leader: releasedAt === null ? { name: 'r1', term: TERM } : null,
    isPaused: false,
    isSynchronous: true,
    fences: new Map(leaseEnds > now ? [['r1', TERM]] : []),
    armed: new Map(armed === null ? [] : [['r1', { term: armed, revision: '1' }]]),
  });
  for (let now = 0; now < END && releasedAt === null; now += STEP) {
    for (const letter of mail.splice(0)) {
      if (letter.at <= now && !during(fate.stalls, now)) letter.open();
      else mail.push(letter);
    }
    if (now % 200 === 0) {
      ask(
        now,
        true,
        (t) => viewAt(now, t),
        (view) => {
          own = view;
          if (fenceLease && view.fences.size > 0)
            fenceLease = { ...fenceLease, seenAt: Math.max(fenceLease.seenAt, now) };
        },
      );
      others = viewAt(now, now);
    }
    if (now % 100 === 0 && !during(fate.stalls, now)) {
      const heard = { answeredAt: now, reactedAt: now, silences: 0, isStarved: false };
      const frozen = { answeredAt: fate.frozenAt, reactedAt: fate.frozenAt, silences: 3, isStarved: false };
      const patroni = now < fate.frozenAt ? heard : frozen;
      const view = { now, name: 'r1', patience: PATIENCE, isPrimary: isUp, allowedAt: now, lateAt: -1e9 };
      const step = decideOwn({ ...view, patroni, postgres: heard, view: own, fenceLease });
      if (step.do === 'fence') {
        [isUp, fenceLease, fencedAt] = [false, null, now];
      } else if (step.do === 'arm' && fenceLease === null) {
        fenceLease = { term: TERM, armedAt: null, renewedAt: now, seenAt: now, isGone: false };
        isArmedOnce = true;
        const put = (t: number) => ([leaseEnds, armed] = [t + PATIENCE.ttl, TERM]);
        ask(now, true, put, () => (fenceLease &&= { ...fenceLease, armedAt: now + 1000 }));
      } else if (step.do === 'renew') {
        const renewed = (t: number) => leaseEnds > t && (leaseEnds = t + PATIENCE.ttl) > 0;
        ask(now, true, renewed, (isThere) => {
          if (fenceLease)
            fenceLease = isThere
              ? { ...fenceLease, renewedAt: Math.max(fenceLease.renewedAt, now) }
              : { ...fenceLease, isGone: true };
        });
      }
    }
    const other = decideOther(now, 'r2', others, rejection);
    if (other === 'reject') rejection = { term: TERM, at: now };
    if (other === 'revoke') {
      releasedAt = now;
      // Whoever comes next may lead from here on.
      if (isUp) breaches.push(`r1 is primary while its term is ended at ${now}`);
    }
    // The lease has run out in etcd: by then PostgreSQL must have ended.
    if (armed !== null && leaseEnds <= now && isUp) breaches.push(`r1 is primary without a lease at ${now}`);
  }
  return { releasedAt, fencedAt, isArmedOnce, breaches };
}

const span = (most: number) => fc.tuple(fc.integer({ min: 0, max: END }), fc.integer({ min: STEP, max: most }));
const fates = fc.record({
  cuts: fc.array(span(6000), { maxLength: 6 }),
  // Less than margin and a beat together.
  stalls: fc.array(span(400), { maxLength: 10 }),
  frozenAt: fc.oneof(fc.constant(END), fc.integer({ min: 2000, max: END })),
  delays: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 5, maxLength: 40 }),
});
/** Stalls that follow one another are one. */
const isApart = ({ stalls }: Fate) =>
  stalls.every(([from, length], at) =>
    stalls.every(([other], i) => i === at || other < from || other > from + length + 200),
  );

describe('a primary with a keeper, and a survivor', () => {
  it('never both believe that they may run, whatever is lost, late or cut', () => {
    fc.assert(
      fc.property(fates.filter(isApart), (fate) => {
        expect(tell(fate).breaches).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is left in peace while messages take up to 150 ms and stalls 400 ms', () => {
    const calm = fates.map((fate) => ({ ...fate, cuts: [], frozenAt: END, delays: fate.delays.map((ms) => ms / 2) }));
    fc.assert(
      fc.property(calm.filter(isApart), (fate) => {
        expect(tell(fate)).toEqual({ releasedAt: null, fencedAt: null, isArmedOnce: true, breaches: [] });
      }),
      { numRuns: 100 },
    );
  });

  it('is fenced and released within 4 s of a cut, and of a Patroni that froze', () => {
    const base: Fate = { cuts: [], stalls: [], frozenAt: END, delays: [5] };
    const cut = tell({ ...base, cuts: [[10_000, END]] });
    expect(cut.fencedAt).toBeGreaterThan(10_900);
    expect(cut.fencedAt).toBeLessThan(11_600);
    expect(cut.releasedAt).toBeLessThan(12_700);
    const frozen = tell({ ...base, frozenAt: 10_000 });
    expect(frozen.fencedAt).toBeLessThan(12_200);
    expect(frozen.releasedAt).toBeLessThan(14_500);
  });
});
