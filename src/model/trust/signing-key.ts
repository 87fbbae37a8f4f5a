/** What signs a transfer (RFC 8945 §6): older algorithms are not offered. */
export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

/**
 * A key that two name servers share. `secret`: base64. `number`: which of the key's secrets it is; it grows with each new one, so that a
 * secret can be told from the last one without being shown.
 */
export interface SigningKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: string;
  readonly number: number;
}

/** The key by which racks copy the zones of the regions: made with the database, known to nodes alone. */
export const COPY_KEY = 'regent-racks';

/** A key to show: its secret is replaced by a text of the same grammar that names its number alone. */
export function maskedKey(key: SigningKey): SigningKey {
  return { ...key, secret: `masked${String(key.number).padStart(10, '0')}` };
}
