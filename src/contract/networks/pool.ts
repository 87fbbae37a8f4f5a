import Type, { type Static } from 'typebox';
import { nullable, strict, Time } from '../base/common.ts';

/** How many leases a rack knows. */
export const RackUse = strict({ node: Type.String(), used: Type.Integer() });

function counts() {
  return {
    size: Type.Integer({ description: 'dynamic addresses' }),
    used: Type.Integer({ description: 'those with a lease now, declined ones too' }),
    free: Type.Integer(),
    sides: Type.Array(RackUse, {
      description: 'live leases that each rack knows; both racks of a pair know the same where all is well',
    }),
    perHour: nullable(
      Type.Number({
        description: 'new leases less ended ones of the last hour; null: less than ten minutes are known',
      }),
    ),
    // When no address is free at this rate; null: never, or not known.
    fullAt: nullable(Time),
  };
}

/** A dynamic range and its leases. */
export const Pool = strict({ first: Type.String(), last: Type.String(), ...counts() });
export type Pool = Static<typeof Pool>;

/** A subnet's dynamic ranges together, and each of them. */
export const PoolUse = strict({ subnet: Type.String({ description: 'CIDR' }), ...counts(), pools: Type.Array(Pool) });
export type PoolUse = Static<typeof PoolUse>;
