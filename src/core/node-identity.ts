/** The DNS name that every region node's certificate carries beside its own: who shows it is one of the region nodes. */
export const REGION_SERVER_NAME = 'regent-region';

/** The DNS name that every other node's certificate carries: who shows it is let in nowhere among region nodes (`pki/inner.ts`). */
export const RACK_SERVER_NAME = 'regent-rack';

const URN = 'urn:regent:node:';

/** The URI by which a certificate names its node. `nodeId`: `[a-z0-9][a-z0-9-]{0,62}`. */
export const nodeUrn = (nodeId: string): string => URN + nodeId;

/** The node of such a URI; null when it is none. */
export function nodeOfUrn(uri: string): string | null {
  const nodeId = uri.startsWith(URN) ? uri.slice(URN.length) : '';
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(nodeId) ? nodeId : null;
}

/** The subject of a node's certificate: the names and addresses by which it is reached. The region sets it, never the request. `addresses` without prefix. */
export interface CertificateSubject {
  readonly nodeId: string;
  readonly name: string;
  readonly isRegion: boolean;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

/** Under which names and addresses the whole site is reached. `addresses` without prefix. */
export type SiteNames = Pick<CertificateSubject, 'dnsNames' | 'addresses'>;

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

/**
 * Whom daemons of region nodes let in. `authority`: a certificate of the cluster's own authority, of the same name and key, which is good for no
 * certificate of a rack. `revocations`: a list (RFC 5280 §5) of `serials`, which are sorted. PEM texts; made by `pki/inner.ts`.
 */
export interface InnerTrust {
  readonly authority: string;
  readonly revocations: string;
  readonly serials: readonly string[];
}

/** The name of a new authority of a rack's pairs. `random`: 32 hexadecimal digits. */
export function pairAuthorityName(random: string): string {
  return `Regent DHCP pairs of a rack ${random}`;
}

/**
 * By whose signatures a rack's partners know its DHCP servers: `name` is the authority's, `certificate` a PEM text (`pki/pair.ts`). `isAble`: the rack holds a
 * certificate that was signed so.
 */
export interface PairAuthority {
  readonly nodeId: string;
  readonly name: string;
  readonly certificate: string;
  readonly isAble: boolean;
}
