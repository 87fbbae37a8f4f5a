import Type, { type Static } from 'typebox';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const ADDRESS = '^[0-9a-f.:]{2,45}$';

/** Desired state of haproxy on a node: the region nodes among which it spreads calls and finds the database's primary. */
export const LbDesired = Type.Object({
  name: Type.String({ pattern: LABEL }),
  regions: Type.Array(
    Type.Object({
      name: Type.String({ pattern: LABEL }),
      address: Type.String({ pattern: ADDRESS }),
      /** The node gets calls only if no other node can take them. */
      isDrained: Type.Optional(Type.Boolean()),
    }),
    { minItems: 1 },
  ),
  /** The cluster was recovered: its signed epoch, for every host that asks. Absent: never recovered. */
  recovered: Type.Optional(
    Type.Object({
      epoch: Type.String({ pattern: '^[0-9]{1,3}(?:/[0-9a-f]{8}@[0-9]{1,15})+$' }),
      signature: Type.String({ pattern: '^[A-Za-z0-9+/]{20,200}={0,2}$' }),
    }),
  ),
  /** The database is an operator's own: regions reach it without haproxy. */
  isDatabaseExternal: Type.Optional(Type.Boolean()),
  /** Digest of the site's certificate, which the agent fetches. The configuration does not depend on it. Left out: there is none yet. */
  siteDigest: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
});
export type LbDesired = Static<typeof LbDesired>;
