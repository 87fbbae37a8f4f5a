import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** What haproxy sees from this node. `primary`: the node whose PostgreSQL it sends SQL to, null where there is none just now. */
export const LbFacts = Type.Object({
  primary: Type.Union([Type.Null(), Type.String()]),
  /**
   * regiond of every region node; `isUp`: it takes work (`/health/ready`). `isSilent`: nothing on that host answers from here, neither its region
   * nor its Patroni; missing where something does, and in what an earlier agent says.
   */
  regions: Type.Array(
    Type.Object({ name: Type.String(), isUp: Type.Boolean(), isSilent: Type.Optional(Type.Boolean()) }),
  ),
});
export type LbFacts = Static<typeof LbFacts>;

const validator = Compile(LbFacts);

/** Reads the facts of an `lb` observation; null when there are none or they are of another shape. */
export function parseLbFacts(value: unknown): LbFacts | null {
  return validator.Check(value) ? value : null;
}
