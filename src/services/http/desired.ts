import Type, { type Static } from 'typebox';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const ADDRESS = '^[0-9a-f.:]{2,45}$';
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });

/** What a rack's web server for machines is to be. `port`: where machines ask; `cacheMb`: the most that it keeps of images; `wanted`: files that it fetches before a machine asks. */
export const HttpDesired = Type.Object({
  port: Port,
  /** Every region node that serves, at its agents' port: images and metadata are fetched from whichever answers. */
  regions: Type.Array(
    Type.Object({
      name: Type.String({ pattern: LABEL }),
      address: Type.String({ pattern: ADDRESS }),
      port: Port,
      /** Used only when no other one answers. */
      isDrained: Type.Optional(Type.Boolean()),
    }),
    { minItems: 1 },
  ),
  cacheMb: Type.Integer({ minimum: 256, maximum: 1_048_576 }),
  wanted: Type.Optional(
    Type.Array(Type.String({ pattern: '^images/[0-9a-f]{64}/[a-z0-9][a-z0-9._-]{0,60}$' }), { maxItems: 64 }),
  ),
});
export type HttpDesired = Static<typeof HttpDesired>;
