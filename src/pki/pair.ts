import type { Authority } from './authority.ts';
import { x509 } from './pem.ts';
import { selfSign } from './self-signed.ts';

/**
 * Signs the certificate by which a rack's partner knows its DHCP server: the authority's own key under a name of this rack. A verifier looks issuers up by
 * their name, so it takes nothing that was signed under another one: no certificate of a node, of another rack, or of this rack before it was revoked.
 */
export async function signPairAuthority(order: {
  readonly authority: Authority;
  readonly name: string;
  /** From `serialFrom`. */
  readonly serial: string;
}): Promise<string> {
  const { certificate } = await selfSign({ ...order, usages: x509.KeyUsageFlags.keyCertSign });
  return certificate;
}
