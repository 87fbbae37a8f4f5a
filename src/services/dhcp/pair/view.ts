import { TRUST_FILES } from '../../../model/cluster/trust-files.ts';
import type { DhcpPair } from '../desired.ts';

/*
 * Kea's hook for high availability, as measured with 2.6.3: hot standby with its own threads and listener, so that no control agent is needed.
 * Kea never takes over by itself (`auto-failover` in the template). `ha/dhcp` says who serves: two racks that do not reach each other would both serve.
 */

/** A server of the pair, as both name it. */
interface KeaPeer {
  readonly name: string;
  readonly url: string;
  readonly role: DhcpPair['role'];
  readonly isLast: boolean;
}

/** What the template sees of a pair. `isThreaded`: false for the checker: `kea-dhcp4 -T` starts no threads, and takes a listener of the hook's own for an error. */
export interface PairView {
  readonly self: string;
  readonly isThreaded: boolean;
  /** TLS, by these files; otherwise clear text. */
  readonly isTls: boolean;
  readonly anchor: string;
  readonly bundle: string;
  readonly peers: readonly KeaPeer[];
}

/** Makes it; peers in the order of their names, alike on both sides. `anchor`: the file with the certificate by which the partner is known. */
export function viewPair(pair: DhcpPair, anchor: string): PairView {
  const isTls = pair.trust?.partner !== undefined;
  const own = { name: pair.self, url: urlOf(isTls, pair.address, pair.haPort) };
  const other = { name: pair.partner.name, url: urlOf(isTls, pair.partner.address, pair.partnerPort) };
  const peers = [own, other].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    self: pair.self,
    isThreaded: true,
    isTls,
    anchor,
    bundle: TRUST_FILES.pairBundle.path,
    peers: peers.map((peer, index) => ({
      ...peer,
      role: peer.name === pair.primary ? 'primary' : 'standby',
      isLast: index === peers.length - 1,
    })),
  };
}

/** The same for `kea-dhcp4 -T`, which reads the files that it names: that of the partner may not be there yet, so the rack's own stands in. */
export function checkedPair(pair: PairView): PairView {
  return { ...pair, isThreaded: false, anchor: pair.bundle };
}

/** Which server's a subnet is; each has it, so that only the pair's own leases are compared. */
export function servedAs(pair: DhcpPair | undefined): object {
  return pair === undefined ? {} : { 'user-context': { 'ha-server-name': pair.self } };
}

/** Kea goes by the files and ignores the scheme; people do not. */
function urlOf(isTls: boolean, address: string, port: number): string {
  return `${isTls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}/`;
}
