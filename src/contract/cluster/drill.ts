import Type, { type Static } from 'typebox';
import { listQuery, nullable, oneOf, page, strict, text, Time } from '../base/common.ts';

/** Bytes of the body that stores a round: its timeline, its verdict, and what is around them. The database has the exact limits. */
export const DRILL_BODY = 2.5 * 1024 * 1024;

/** Checks of one verdict: a few for each probe of each host. */
const CHECKS_MAX = 500;

const Number31 = { maximum: 2_147_483_647 } as const;
const Run = Type.String({ description: 'UUID of the run' });
const RunText = text(36, 'UUID of the run, in canonical form');
const Hazard = Type.String({ description: 'id of the hazard, such as host-kill-primary' });

/** One numbered write of a drill. */
export const DrillEntry = strict({ run: Run, number: Type.Integer({ minimum: 1, ...Number31 }), writtenAt: Time });
export type DrillEntry = Static<typeof DrillEntry>;

export const DrillEntryCreate = strict({ run: RunText, number: Type.Integer({ minimum: 1, ...Number31 }) });
export const DrillLedgerParams = strict({ run: RunText });
export const DrillLedgerQuery = listQuery({}, ['number']);
export const DrillLedgerPage = page(DrillEntry);

/** What names a round: its verdict and its timeline both say it. */
const IDENTITY = {
  hazard: text(64, 'id of the hazard: groups of a–z and 0–9, joined by "-"'),
  round: Type.Integer({ minimum: 0, ...Number31 }),
  seed: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  startedAt: Time,
};

/** One thing that had to hold. `limit` and `measured` as a person reads them. */
const DrillCheck = Type.Object({
  what: text(64, 'kind of check, such as outage'),
  probe: Type.Optional(text(200)),
  isHeld: Type.Boolean(),
  limit: Type.String({ maxLength: 1000 }),
  measured: Type.String({ maxLength: 1000 }),
});

/** The judge's verdict on a round. Other members are stored as they come: figures that only reports read. */
export const DrillVerdict = Type.Object({
  ...IDENTITY,
  label: Type.Optional(Type.Literal('production', { description: 'the cluster drilled itself' })),
  isPassed: Type.Boolean(),
  // Read-only, as the judge gives it.
  checks: Type.Unsafe<readonly Static<typeof DrillCheck>[]>(Type.Array(DrillCheck, { maxItems: CHECKS_MAX })),
});
export type DrillVerdict = Static<typeof DrillVerdict>;

/** What was recorded of a round. Everything except its name is stored as it comes. */
export const DrillTimeline = Type.Object(IDENTITY);

/** A round without its recording. */
export const DrillRound = strict({
  id: Type.Integer({ minimum: 1 }),
  run: Run,
  hazard: Hazard,
  round: Type.Integer(),
  seed: Type.Integer(),
  startedAt: Time,
  isPassed: Type.Boolean(),
  broken: Type.Array(Type.String(), { description: 'kinds of the checks that did not hold' }),
  version: Type.String({ description: 'of the product that stored it' }),
  label: nullable(Type.String({ description: 'production: the cluster drilled itself; null: in a lab' })),
  storedAt: Time,
});
export type DrillRound = Static<typeof DrillRound>;

/** A round with its verdict and its recording. */
export const DrillRecording = strict({ ...DrillRound.properties, verdict: DrillVerdict, timeline: DrillTimeline });
export type DrillRecording = Static<typeof DrillRecording>;

export const DrillRoundCreate = strict({ run: RunText, verdict: DrillVerdict, timeline: DrillTimeline });
export type DrillRoundCreate = Static<typeof DrillRoundCreate>;

export const DrillRoundParams = strict({ round: text(64, 'id of the stored round') });
export const DrillRoundListQuery = listQuery(
  {
    hazard: Type.Optional(text(64, 'id of the hazard')),
    passed: Type.Optional(Type.Boolean({ description: 'true: only those that passed; false: only the others' })),
    run: Type.Optional(RunText),
  },
  ['id'],
);
export const DrillRoundPage = page(DrillRound);

/** Drills that a cluster plays on itself: what an operator does on a working day anyway. Nothing is cut, killed or filled. */
export const HARMLESS_DRILLS = [
  'planned-switchover',
  'planned-vip-move',
  'planned-restart-regiond',
  'planned-drain',
] as const;
export type HarmlessDrill = (typeof HARMLESS_DRILLS)[number];

/** Which one; any text is taken, because the refusal says where the others are played. */
export const DrillRunRequest = strict({ hazard: text(64, 'id of the hazard, such as planned-switchover') });

/**
 * Data of the events `drill.progress`: a drill that a cluster plays on itself, as a whole each time. Times in ms since `startedAt`. `cells`: a letter for each
 * `cellMs`: `+` all requests of that time were answered, `-` at least one was not, `.` there was none.
 */
export interface DrillLive {
  readonly job: number;
  readonly run: string;
  readonly startedAt: string;
  readonly cellMs: number;
  readonly lanes: readonly { readonly probe: string; readonly cells: string }[];
  readonly marks: readonly {
    readonly at: number;
    readonly kind: 'fault' | 'heal' | 'role' | 'note';
    readonly host: string | null;
    readonly text: string;
  }[];
  /** Longest time without an answer, by lane or by its kind. */
  readonly limits: readonly { readonly probe: string; readonly mostMs: number }[];
}

/** A bad day that this version can make. */
export const DrillHazard = strict({
  id: Hazard,
  group: Type.String({ description: 'CI plays one of each' }),
  title: Type.String({ description: 'what is done to whom' }),
  isLong: Type.Boolean({ description: 'its steps take more than a minute' }),
});
export type DrillHazard = Static<typeof DrillHazard>;
export const DrillHazards = strict({ items: Type.Array(DrillHazard) });

/** Forms in which rounds are reported. JSON is what `drill.show` answers. */
export const DRILL_FORMATS = ['html', 'junit', 'text'] as const;
/** Rounds of one report: more are too much for one answer. */
export const DRILL_REPORT_ROUNDS = 300;

export const DrillReportQuery = strict({
  format: Type.Optional(oneOf(DRILL_FORMATS, 'text when left out')),
  round: Type.Optional(text(64, 'id of the stored round; either this or run')),
  run: Type.Optional(RunText),
});
export const DrillReport = strict({ format: oneOf(DRILL_FORMATS), text: Type.String({ description: 'the file' }) });
