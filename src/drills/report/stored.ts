import { invalid, type Rejected } from '../../core/errors.ts';
import type { Timeline } from '../../judge/timeline.ts';
import type { RoundVerdict } from '../../judge/verdict.ts';
import { each, list, object, optional, orNull, simple, literal } from './shape.ts';

/** A round as a database stored it, after its shape was checked. */
export type StoredRound = { readonly verdict: RoundVerdict; readonly timeline: Timeline };

/** No recording is longer: a scale over more than this could not be drawn. */
const DAY_MS = 86_400_000;

const text = simple('a text', (value) => typeof value === 'string');
const flag = simple('true or false', (value) => typeof value === 'boolean');
const whole = simple('a whole number', (value) => Number.isSafeInteger(value));
const moment = simple('a time within a day, ms', (value) => typeof value === 'number' && Math.abs(value) <= DAY_MS);
const date = simple('a date', (value) => typeof value === 'string' && Number.isFinite(Date.parse(value)));

const NAME = { hazard: text, round: whole, seed: whole, startedAt: date };
const SPANS = list(object({ host: text, from: moment, to: moment }));

const percent = simple('a percentage', (value) => typeof value === 'number' && value >= 0 && value <= 100);
const BUSY = optional(object({ before: percent, after: percent }));

/** Of a verdict. */
export const VERDICT = object({
  ...NAME,
  label: optional(literal('production')),
  isPassed: flag,
  checks: list(
    object({
      what: literal('ledger', 'holders', 'primaries', 'outage', 'failures', 'redundancy', 'failovers', 'recording'),
      probe: optional(text),
      isHeld: flag,
      limit: text,
      measured: text,
    }),
  ),
  outages: list(
    object({
      probe: text,
      ms: moment,
      from: orNull(moment),
      to: orNull(moment),
      asked: whole,
      failed: whole,
      slowestMs: moment,
    }),
  ),
  ledger: object({
    acknowledged: whole,
    lost: list(text),
    unexpected: list(text),
    twice: list(text),
    unequal: list(text),
  }),
  redundantMs: orNull(moment),
  failovers: whole,
  busy: BUSY,
});

const TIMELINE = object({
  ...NAME,
  cast: object({
    regions: list(text),
    racks: list(text),
    primary: text,
    standbys: list(text),
    holder: text,
    etcdLeader: text,
  }),
  marks: list(object({ at: moment, kind: literal('fault', 'heal', 'role', 'note'), host: orNull(text), text })),
  lanes: list(
    object({
      probe: text,
      samples: list(object({ sentAt: moment, endedAt: moment, why: optional(text), late: optional(moment) })),
    }),
  ),
  ledger: object({
    acknowledged: list(whole),
    ambiguous: list(whole),
    refused: list(whole),
    found: each(list(whole)),
    local: each(list(whole)),
    foundLocal: each(list(text)),
  }),
  holdings: SPANS,
  writables: SPANS,
  absences: SPANS,
  deeds: list(
    object({
      at: moment,
      host: text,
      kind: literal('promotion', 'demotion', 'fencing', 'release', 'restart', 'vip'),
      text,
    }),
  ),
  healedAt: orNull(moment),
  redundantAt: orNull(moment),
  endedAt: moment,
  busy: BUSY,
});

/**
 * A stored round in the shape that reports are made of; what another version, or another program, stored in another shape is refused.
 * `name`: of the round, for the refusal.
 */
export function parseStored(name: string, verdict: unknown, timeline: unknown): StoredRound | Rejected {
  const round: { readonly verdict: unknown; readonly timeline: unknown } = { verdict, timeline };
  if (isStored(round)) return round;
  const problem = shapeProblem(round) ?? 'unknown';
  return invalid(
    'round',
    `${name} cannot be reported: ${problem}`,
    'a recording of the shape that this version stores',
  );
}

function isStored(round: { readonly verdict: unknown; readonly timeline: unknown }): round is StoredRound {
  return shapeProblem(round) === null;
}

function shapeProblem({ verdict, timeline }: { readonly verdict: unknown; readonly timeline: unknown }): string | null {
  return VERDICT(verdict, 'verdict') ?? TIMELINE(timeline, 'timeline');
}
