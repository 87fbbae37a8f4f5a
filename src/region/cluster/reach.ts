import type { Reach } from '../../services/vip/facts.ts';
import { bareAddress } from '../../core/ip.ts';
import { claimsOf } from './claims.ts';
import { type ClusterSite, collectFacts, listOf, regions } from './site.ts';

/** For this time after the address has moved, neighbours and connections may still lead to its earlier node, ms. */
const SETTLING_MS = 3000;
/** A result counts after this many equal probes in a row: a single probe may be lost. */
const TIMES_MIN = 2;

/**
 * Why calls through the floating address do not reach its holder. `isBroken`: false if fewer than half of the probing
 * nodes fail.
 */
export interface ReachFault {
  readonly isBroken: boolean;
  /** A sentence without a full stop. */
  readonly detail: string;
  readonly remedy: string;
}

/** The result of a node's probes, recent and repeated enough to count. */
type ReachResult = { readonly name: string; readonly reach: Reach };

/**
 * Finds out whether the floating address leads to the node that reports holding it. The evidence: calls of other nodes
 * through the address, and devices that claim the address when the holder asks its network. A result counts if two
 * probes in a row had it and the holder has had the address for three seconds. Null: no fault, or no evidence. If no
 * node or several nodes report holding the address, the invariant `vip-holder` reports that. Pure.
 */
export function reachFault(site: ClusterSite): ReachFault | null {
  const vip = site.cluster?.vip;
  const [claim, other] = claimsOf(site, 'vip').now;
  if (vip == null || claim === undefined || other !== undefined) return null;
  const [address, holder] = [bareAddress(vip), claim.node];
  const ownMac = holder.facts.vip?.mac ?? null;
  const since = claim.beganAt + SETTLING_MS;
  const results = collectFacts(regions(site), 'vip').reports.flatMap(({ node, facts }): ReachResult[] => {
    const { reach } = facts;
    if (node === holder || facts.isHolder || reach === undefined || reach.times < TIMES_MIN) return [];
    const probedAt = Date.parse(node.reportedAt ?? '') - reach.ageSeconds * 1000;
    return probedAt >= since ? [{ name: node.name, reach }] : [];
  });
  const foreign = results.filter(({ reach }) => isForeign(reach, ownMac));
  const others = holder.facts.vip?.otherMacs ?? [];
  const macs = [...new Set([...others, ...foreign.flatMap(({ reach }) => reach.mac ?? [])])].sort();
  if (macs.length > 0) {
    const observers = [...(others.length > 0 ? [holder.name] : []), ...foreign.map(({ name }) => name)];
    return {
      isBroken: true,
      detail: `${address} is also answered by ${listOf(macs)}, not only by ${holder.name} (seen by ${listOf(observers)})`,
      remedy: foreignRemedy(macs, address),
    };
  }
  const elsewhere = results.filter(({ reach }) => reach.node !== null && reach.node !== holder.name);
  const unanswered = results.filter(({ reach }) => !reach.isAnswered);
  const failed = [...elsewhere, ...unanswered];
  if (failed.length === 0) return null;
  const clauses = [
    ...elsewhere.map(({ name, reach }) => `${name} is answered by ${reach.node}`),
    ...(unanswered.length === 0
      ? []
      : [
          `${listOf(unanswered.map(({ name }) => name))} ${unanswered.length === 1 ? 'gets' : 'get'} no answer at ${address}, port 5240`,
        ]),
  ];
  return {
    isBroken: failed.length * 2 >= results.length,
    detail: `${holder.name} holds ${address}, but ${listOf(clauses)}`,
    remedy: `On ${holder.name}: nft list ruleset (does it accept tcp port 5240?); curl -s http://${address}:5240/health/proxy. On ${failed[0]?.name}: ip neigh show ${address}; curl -m 2 -sv http://${address}:5240/health/proxy. To move the address meanwhile: regent node drain ${holder.name}.`,
  };
}

/**
 * Does the address lead to a device that is no node of the cluster? An answer that names a node comes from that node,
 * perhaps through a router.
 */
function isForeign(reach: Reach, ownMac: string | null): boolean {
  return reach.node === null && reach.mac !== null && ownMac !== null && reach.mac !== ownMac;
}

function foreignRemedy(macs: readonly string[], address: string): string {
  return (
    `Find the machine with ${listOf(macs)} on the network of ${address} (the switch knows its port) and remove the address there. ` +
    `Until then its neighbours may not reach the cluster. It may be a removed node or a DHCP client. Exclude ${address} from DHCP ranges.`
  );
}
