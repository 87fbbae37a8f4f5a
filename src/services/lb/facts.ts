import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** haproxy's view from this node. `primary`: the node whose PostgreSQL gets its SQL; null: none just now. */
export const LbFacts = Type.Object({
  primary: Type.Union([Type.Null(), Type.String()]),
  /**
   * regiond of every region node. `isUp`: it accepts work (`/health/ready`). `isSilent`: neither the region nor the Patroni of that host answers from
   * here; missing if one does, and in reports of an earlier agent.
   */
  regions: Type.Array(
    Type.Object({ name: Type.String(), isUp: Type.Boolean(), isSilent: Type.Optional(Type.Boolean()) }),
  ),
  /**
   * SHA-1 of the certificate that it shows to browsers; '' if that is the node's own. Missing in reports of an earlier
   * agent.
   */
  certificate: Type.Optional(Type.String({ maxLength: 64 })),
});
export type LbFacts = Static<typeof LbFacts>;

const validator = Compile(LbFacts);

/** Reads the facts of an `lb` observation; null when there are none or they are of another shape. */
export const parseLbFacts = (value: unknown): LbFacts | null => (validator.Check(value) ? value : null);
