import Type, { type Static } from 'typebox';

/** An option that an operator set: by Kea's `name` with `data` as people write it; without a name the octets in hexadecimal. */
export const ToldOption = Type.Object({
  code: Type.Integer({ minimum: 1, maximum: 254 }),
  name: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' })),
  data: Type.String({ pattern: '^[ -~]{1,1100}$' }),
});
export type ToldOption = Static<typeof ToldOption>;

/** What an operator set of a subnet besides. `leaseTime` in seconds; `bootFile`: what all of its clients boot; left out: as elsewhere. */
export const TOLD_OF_SUBNET = {
  options: Type.Optional(Type.Array(ToldOption)),
  leaseTime: Type.Optional(Type.Integer({ minimum: 60, maximum: 604_800 })),
  bootFile: Type.Optional(Type.String({ pattern: '^/?[A-Za-z0-9][A-Za-z0-9._~:/?=&%@+,-]{0,125}$' })),
  /** Clients without a static lease get no address. */
  ignoreUnknown: Type.Optional(Type.Boolean()),
};
