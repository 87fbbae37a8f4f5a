import Type, { type Static } from 'typebox';

/** A name or an address of a time source: no blanks, nothing that starts a comment. */
const SERVER_PATTERN = '^[a-z0-9_*:][a-z0-9._:-]{0,252}$';
const NETWORK_PATTERN = '^[0-9a-f.:]{2,45}/[0-9]{1,3}$';

/**
 * Desired state of chrony on a node. `servers`: time sources of the site. `regions`: addresses of region nodes that it asks besides. `local`: it
 * serves its own clock while nobody answers. `isOrphan`: of the nodes that ask each other only one does so, and the others follow it. `clients`:
 * networks that may ask for the time. A region of an earlier release sends neither `regions` nor `local`.
 */
export const NtpDesired = Type.Object({
  servers: Type.Array(Type.String({ pattern: SERVER_PATTERN })),
  regions: Type.Optional(Type.Array(Type.String({ pattern: SERVER_PATTERN }))),
  local: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({ stratum: Type.Integer({ minimum: 1, maximum: 15 }), isOrphan: Type.Boolean() }),
    ]),
  ),
  clients: Type.Array(Type.String({ pattern: NETWORK_PATTERN })),
});
export type NtpDesired = Static<typeof NtpDesired>;
