import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** etcd's own state. Ids are hexadecimal, as in etcdctl; '' if etcd did not report it. */
export const DcsFacts = Type.Object({
  memberId: Type.String(),
  isLeader: Type.Boolean(),
  /** The member receives all data and has no vote yet. */
  isLearner: Type.Boolean(),
  /**
   * The member knows a leader, so a majority answers: a leader without a majority steps down within twice the election
   * time (600 ms).
   */
  hasQuorum: Type.Boolean(),
  /** As this member knows them. `name`: '' while it has never started. */
  members: Type.Array(Type.Object({ name: Type.String(), id: Type.String(), isLearner: Type.Boolean() })),
  /** Size of its data on disk in bytes; the limit is `QUOTA_BYTES` of `view.ts`. */
  sizeBytes: Type.Number(),
  /** NOSPACE (the limit was reached, so it refuses writes), CORRUPT. */
  alarms: Type.Array(Type.String()),
});
export type DcsFacts = Static<typeof DcsFacts>;

const validator = Compile(DcsFacts);

/** Reads the facts of a `dcs` observation; null when there are none or they are of another shape. */
export const parseDcsFacts = (value: unknown): DcsFacts | null => (validator.Check(value) ? value : null);
