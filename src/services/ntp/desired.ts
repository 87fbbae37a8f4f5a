import Type, { type Static } from 'typebox';

/** A name or an address of a time source: no blanks, nothing that starts a comment. */
const SERVER_PATTERN = '^[a-z0-9_*:][a-z0-9._:-]{0,252}$';
const NETWORK_PATTERN = '^[0-9a-f.:]{2,45}/[0-9]{1,3}$';

/** What chrony is to be on a node. No servers: it serves its own clock. `clients`: networks that may ask for the time. */
export const NtpDesired = Type.Object({
  servers: Type.Array(Type.String({ pattern: SERVER_PATTERN })),
  clients: Type.Array(Type.String({ pattern: NETWORK_PATTERN })),
});
export type NtpDesired = Static<typeof NtpDesired>;
