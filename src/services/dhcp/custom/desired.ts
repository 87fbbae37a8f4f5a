import Type, { type Static } from 'typebox';

/** An option that an operator set: by Kea's `name` with `data` as people write it; without a name the octets in hexadecimal. */
export const CustomOption = Type.Object({
  code: Type.Integer({ minimum: 1, maximum: 254 }),
  name: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' })),
  data: Type.String({ pattern: '^[ -~]{1,1100}$' }),
});
export type CustomOption = Static<typeof CustomOption>;

/** What an operator set of a subnet besides. `leaseTime` in seconds; `bootFile`: what all of its clients boot; left out: as elsewhere. */
export const SUBNET_CUSTOMS = {
  options: Type.Optional(Type.Array(CustomOption)),
  leaseTime: Type.Optional(Type.Integer({ minimum: 60, maximum: 604_800 })),
  bootFile: Type.Optional(Type.String({ pattern: '^/?[A-Za-z0-9][A-Za-z0-9._~:/?=&%@+,-]{0,125}$' })),
  /** Clients without a static lease get no address. */
  ignoreUnknown: Type.Optional(Type.Boolean()),
};

/** A snippet. `scope`: `global`, the CIDR of a subnet of this node, or a MAC with a static lease of it. `text`: an object of JSON in printable ASCII. */
export const Snippet = Type.Object({
  id: Type.Integer({ minimum: 1 }),
  name: Type.String({ pattern: '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$' }),
  scope: Type.String({ pattern: '^(?:global|[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9.]{7,15}/[0-9]{1,2})$' }),
  text: Type.String({ pattern: '^\\{"[ -~]{1,65534}\\}$' }),
});
export type Snippet = Static<typeof Snippet>;
