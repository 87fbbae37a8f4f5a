import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * Result of a node that queried the API through the floating address: the same result `times` in a row, the last one `ageSeconds` ago. `node`: the name
 * in the answer; null: no answer, or one without a name (`isAnswered`; a haproxy of an earlier release sends none). `mac`: the hardware address that
 * this host has for the floating address; null: none, as behind a router.
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
 * The floating address from this node. `isFit`: the node may hold it; `why`: a sentence of `ha/vip` in either case. `reach`: of a node that does not
 * hold it. `mac`: the holder's own hardware address there; `otherMacs`: other devices that claim the address in ARP. All three are missing if nothing
 * is known yet, and in reports of an earlier release.
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
export const parseVipFacts = (value: unknown): VipFacts | null => (validator.Check(value) ? value : null);
