import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Lag = Type.Union([Type.Number(), Type.Null()]);

/**
 * The database as Patroni sees it. `lagBytes`: how far a standby is behind the primary; null: unknown. `members`: as the whole cluster sees them;
 * empty while etcd does not answer.
 */
export const DbFacts = Type.Object({
  /** `none`: PostgreSQL does not run here. */
  role: Type.Union([Type.Literal('primary'), Type.Literal('standby'), Type.Literal('none')]),
  /** Patroni's state: running, streaming, starting, stopped, creating replica, start failed, … */
  state: Type.String(),
  timeline: Lag,
  lagBytes: Lag,
  /** No commit is acknowledged before this standby has it on disk. */
  isSynchronous: Type.Boolean(),
  isStreaming: Type.Boolean(),
  /** Does the cluster run with the dynamic configuration that was published? False: reported in `detail`. */
  isConfigured: Type.Boolean(),
  /** Somebody paused Patroni; an earlier release does not send it. */
  isPaused: Type.Optional(Type.Boolean()),
  /**
   * The keeper of this host vouches for its primary (`ha/keeper`): nobody waits for Patroni's lease when that primary is dead. Earlier agents do not
   * send it.
   */
  isArmed: Type.Optional(Type.Boolean()),
  /** Its folder has a part of a copy, and no database: Patroni waits. Left out: it has one, or no copy was started; an earlier agent does not send it. */
  isBrokenOff: Type.Optional(Type.Boolean()),
  /**
   * PostgreSQL was started by an earlier release, without an archive of its log: only another start changes that. Left out: it archives where there is a
   * target; an earlier agent does not send it.
   */
  isArchivingOff: Type.Optional(Type.Boolean()),
  members: Type.Array(
    Type.Object({
      name: Type.String(),
      role: Type.Union([Type.Literal('primary'), Type.Literal('standby')]),
      state: Type.String(),
      timeline: Lag,
      lagBytes: Lag,
      isSynchronous: Type.Boolean(),
    }),
  ),
});
export type DbFacts = Static<typeof DbFacts>;

const validator = Compile(DbFacts);

/** Reads the facts of a `db` observation; null when there are none or they are of another shape. */
export const parseDbFacts = (value: unknown): DbFacts | null => (validator.Check(value) ? value : null);
