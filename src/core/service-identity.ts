/** Stands between a service's kind and an instance's key in an identity. */
const MARK = '@';

/** Longest identity of a service: a kind, and a key of two host names of 63 characters each. */
export const IDENTITY_MAX = 160;

/** The identity of an instance, such as `dhcp@k1_k2`. */
export function identityOf(kind: string, key: string): string {
  return `${kind}${MARK}${key}`;
}

/** The kind of a service by its identity: `dhcp` of `dhcp` and of `dhcp@k1_k2`. Its templates have this name. */
export function kindOf(identity: string): string {
  const at = identity.indexOf(MARK);
  return at < 0 ? identity : identity.slice(0, at);
}

/** The key of an instance; null: the identity is that of a kind. */
export function keyOf(identity: string): string | null {
  const at = identity.indexOf(MARK);
  return at < 0 ? null : identity.slice(at + 1);
}
