import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/*
 * Order and checkpoint of a drill that a cluster plays on itself: one region writes them, another one heals by them, perhaps of another release.
 */

/** `run`, `ledger`: UUIDs of the run, and of its numbered writes. */
const DrillOrder = Type.Object({
  hazard: Type.String(),
  seed: Type.Integer({ minimum: 0 }),
  run: Type.String(),
  ledger: Type.String(),
});
export type DrillOrder = Static<typeof DrillOrder>;

const Names = Type.Unsafe<readonly string[]>(Type.Array(Type.String()));
const DrillProgress = Type.Object({
  /** Wall clock, ISO 8601. */
  startedAt: Type.String(),
  /** Who was what before the fault. */
  cast: Type.Object({
    regions: Names,
    racks: Names,
    primary: Type.String(),
    standbys: Names,
    holder: Type.String(),
    etcdLeader: Type.String(),
  }),
  /** The probes' API key, to be revoked. Its secret is stored nowhere. */
  token: Type.String(),
  /** The node that is marked as drained, or about to be; null: none. */
  drained: Type.Union([Type.String(), Type.Null()]),
  /** How it ended, once its round is stored; null: it has not. */
  end: Type.Union([
    Type.Null(),
    Type.Object({
      state: Type.Union([Type.Literal('done'), Type.Literal('failed'), Type.Literal('aborted')]),
      result: Type.String(),
    }),
  ]),
});
/** Changes that must be undone, whichever node continues. */
export type DrillProgress = Static<typeof DrillProgress>;

const [order, progress] = [Compile(DrillOrder), Compile(DrillProgress)];

/** Null: it is none. */
export const parseDrillOrder = (value: unknown): DrillOrder | null => (order.Check(value) ? value : null);
/** Null: nothing was started yet. */
export const parseDrillProgress = (value: unknown): DrillProgress | null => (progress.Check(value) ? value : null);
