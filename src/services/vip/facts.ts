import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** The floating address as this node has it. `isFit`: it may hold it; `why`: a sentence of `ha/vip` in either case. */
export const VipFacts = Type.Object({ isHolder: Type.Boolean(), isFit: Type.Boolean(), why: Type.String() });
export type VipFacts = Static<typeof VipFacts>;

const validator = Compile(VipFacts);

/** Reads the facts of a `vip` observation; null when there are none or they are of another shape. */
export function parseVipFacts(value: unknown): VipFacts | null {
  return validator.Check(value) ? value : null;
}
