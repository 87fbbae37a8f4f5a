import { invalid, type Rejected, show } from '../../core/errors.ts';

/** `waiting`: registered, not decided; it gets nothing. `rejected`: refused by an admin, until an admin changes it. */
export const RACK_STATES = ['waiting', 'accepted', 'rejected'] as const;
export type RackState = (typeof RACK_STATES)[number];

/** Name of the placeholder that holds machines while no real rack is accepted; also an alias of the current master. */
export const MASTER = 'master';

/**
 * A rack controller as it is known by its registration. `publicKey`: Ed25519, the 32 bytes in base64url (RFC 8037 `x`). `nodeId`: of
 * its node; an accepted rack always has one. `acceptedAt`: ISO 8601, null unless accepted.
 */
export interface Rack {
  readonly uuid: string;
  readonly name: string;
  readonly nodeId: string | null;
  readonly state: RackState;
  readonly publicKey: string;
  readonly acceptedAt: string | null;
}

/** Parses a CLUSTER_UUID to its canonical form: 8-4-4-4-12 hexadecimal digits in lower case (RFC 9562 §4). */
export function parseRackUuid(text: string, field = 'uuid'): string | Rejected {
  const uuid = text.toLowerCase();
  const isForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(uuid);
  // The nil and max UUIDs (RFC 9562 §5.9, §5.10) name nobody.
  if (isForm && !/^(?:0|-)+$/.test(uuid) && !/^(?:f|-)+$/.test(uuid)) return uuid;
  return invalid(field, `${show(text)} is not the UUID of a rack`, '8-4-4-4-12 hexadecimal digits, not all 0 or all f');
}

/** Parses a rack's public key. */
export function parseRackKey(text: string, field = 'publicKey'): string | Rejected {
  // 32 bytes are 43 characters; the last one holds two unused bits, which are 0.
  if (/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)) return text;
  return invalid(field, `${show(text)} is not a public key`, 'an Ed25519 key, 32 bytes in base64url without padding');
}

/** The master: the accepted rack that was accepted first. Null: nobody, the placeholder holds the mastership. */
export function masterOf<R extends Pick<Rack, 'uuid' | 'state' | 'acceptedAt'>>(racks: readonly R[]): R | null {
  const accepted = racks.filter((rack) => rack.state === 'accepted');
  const since = (rack: R) => Date.parse(rack.acceptedAt ?? '') || 0;
  return accepted.sort((a, b) => since(a) - since(b) || (a.uuid < b.uuid ? -1 : 1))[0] ?? null;
}
