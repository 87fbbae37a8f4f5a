/** The DNS name that every region node's certificate carries beside its own: who shows it is one of the region nodes. */
export const REGION_SERVER_NAME = 'regent-region';

const URN = 'urn:regent:node:';

/** The URI by which a certificate names its node. `nodeId`: `[a-z0-9][a-z0-9-]{0,62}`. */
export function nodeUrn(nodeId: string): string {
  return URN + nodeId;
}

/** The node of such a URI; null when it is none. */
export function nodeOfUrn(uri: string): string | null {
  const nodeId = uri.startsWith(URN) ? uri.slice(URN.length) : '';
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(nodeId) ? nodeId : null;
}

/** Whom a node's certificate names, as others, and itself, reach it: said by the region, never by the request. `addresses` without prefix. */
export interface CertificateSubject {
  readonly nodeId: string;
  readonly name: string;
  readonly isRegion: boolean;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}
