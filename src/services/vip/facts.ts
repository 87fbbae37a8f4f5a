import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * What a node found that asked the API through the floating address, the same `times` in a row, last `ageSeconds` ago. `node`: who answered;
 * null: nobody did, or somebody who does not name himself (`isAnswered`; a haproxy of an earlier release does not). `mac`: the hardware address
 * that the floating address has for this host; null: it has none, as behind a router.
 */
export const Reach = Type.Object({
  isAnswered: Type.Boolean(),
  node: Type.Union([Type.Null(), Type.String()]),
  mac: Type.Union([Type.Null(), Type.String()]),
  times: Type.Integer({ minimum: 1 }),
  ageSeconds: Type.Number({ minimum: 0 }),
});
export type Reach = Static<typeof Reach>;

/**
 * The floating address as this node has it. `isFit`: it may hold it; `why`: a sentence of `ha/vip` in either case. `reach`: of a node that does not
 * hold it. `mac`: the holder's own hardware address there; `otherMacs`: who else answered the holder's question who has the address (ARP). All three
 * are missing where nothing is known yet, and in what an earlier release says.
 */
export const VipFacts = Type.Object({
  isHolder: Type.Boolean(),
  isFit: Type.Boolean(),
  why: Type.String(),
  reach: Type.Optional(Reach),
  mac: Type.Optional(Type.String()),
  otherMacs: Type.Optional(Type.Array(Type.String(), { maxItems: 8 })),
});
export type VipFacts = Static<typeof VipFacts>;

const validator = Compile(VipFacts);

/** Reads the facts of a `vip` observation; null when there are none or they are of another shape. */
export function parseVipFacts(value: unknown): VipFacts | null {
  return validator.Check(value) ? value : null;
}
