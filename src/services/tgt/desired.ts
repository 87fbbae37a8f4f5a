import Type, { type Static } from 'typebox';

const IPV4 = '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}';
const HEX = '^[0-9a-f]{64}$';
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });

/**
 * What a rack gives out by iSCSI: the root file systems of `images`, by the digest of each image, at `addresses` and
 * only to `networks`. `filesPort`: the rack's own web server has the files.
 */
export const TgtDesired = Type.Object({
  port: Port,
  filesPort: Port,
  addresses: Type.Array(Type.String({ pattern: `^${IPV4}$` }), { minItems: 1, maxItems: 512 }),
  networks: Type.Array(Type.String({ pattern: `^${IPV4}/[0-9]{1,2}$` }), { minItems: 1, maxItems: 1024 }),
  images: Type.Array(
    Type.Object({
      digest: Type.String({ pattern: HEX }),
      file: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,60}$' }),
      sha256: Type.String({ pattern: HEX }),
    }),
    { minItems: 1, maxItems: 16 },
  ),
});
export type TgtDesired = Static<typeof TgtDesired>;
