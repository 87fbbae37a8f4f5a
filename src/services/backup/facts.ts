import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Time = Type.Union([Type.String({ maxLength: 40 }), Type.Null()]);
const Reason = Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

/** What `regent-backup.service` of a region node reports. */
export const BackupFacts = Type.Object({
  /** pgBackRest's server runs, by which a standby reaches this node. */
  isServing: Type.Boolean(),
  /** The task that it is at. */
  task: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
  /** The store as this node sees it; null: not known yet. `why`: why it does not see it, and since when. */
  store: Type.Union([
    Type.Null(),
    Type.Object({
      at: Type.String({ maxLength: 40 }),
      why: Reason,
      since: Type.Optional(Time),
      isMade: Type.Boolean(),
      backups: Count,
      newest: Type.Union([Type.String({ maxLength: 40 }), Type.Null()]),
      /** Seconds since 1970. */
      newestAt: Type.Union([Type.Number(), Type.Null()]),
      archiveTo: Type.Union([Type.String({ maxLength: 24 }), Type.Null()]),
    }),
  ]),
  /** Segments of the log that are to go into the archive; only a primary has segments that wait. */
  archive: Type.Object({
    waiting: Count,
    lateSeconds: Count,
    pushedAt: Time,
    pushed: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
    failure: Reason,
    gapAt: Time,
  }),
});
export type BackupFacts = Static<typeof BackupFacts>;

const validator = Compile(BackupFacts);

/** Reads the facts of a `backup` observation; null when there are none or they are of another shape. */
export const parseBackupFacts = (value: unknown): BackupFacts | null => (validator.Check(value) ? value : null);
