import type { Reach } from '../../services/vip/facts.ts';
import { bareAddress } from '../../core/ip.ts';
import { claimsOf } from './claims.ts';
import { type ClusterSite, collectFacts, listOf, regions } from './site.ts';

/** So long after an address has moved, neighbours and connections may still lead to where it was, ms. */
const SETTLING_MS = 3000;
/** One question may be lost. */
const SURE = 2;

/**
 * Why calls by the floating address do not reach its holder; `isBroken`: false if fewer than half of the asking nodes
 * fail.
 */
export interface ReachFault {
  readonly isBroken: boolean;
  /** A sentence without a full stop. */
  readonly detail: string;
  readonly remedy: string;
}

/** A node's answer that counts. */
interface ReachAnswer {
  readonly name: string;
  readonly reach: Reach;
}

/**
 * Does the floating address lead to the node that reports holding it? Judged by the calls of other nodes through it, and
 * by whoever else answers the holder's question who has the address. An answer counts if it was found twice, after the
 * holder has had the address for three seconds. Null: nothing is wrong, or nobody knows. If no node or several report
 * holding it, another invariant (`vip-holder`) reports that. Pure.
 */
export function reachFault(site: ClusterSite): ReachFault | null {
  const vip = site.cluster?.vip;
  const [claim, other] = claimsOf(site, 'vip').now;
  if (vip == null || claim === undefined || other !== undefined) return null;
  const [address, holder] = [bareAddress(vip), claim.node];
  const ownMac = holder.facts.vip?.mac ?? null;
  const since = claim.beganAt + SETTLING_MS;
  const answers = collectFacts(regions(site), 'vip').reports.flatMap(({ node, facts }): ReachAnswer[] => {
    const { reach } = facts;
    if (node === holder || facts.isHolder || reach === undefined || reach.times < SURE) return [];
    const probedAt = Date.parse(node.reportedAt ?? '') - reach.ageSeconds * 1000;
    return probedAt >= since ? [{ name: node.name, reach }] : [];
  });
  const foreign = answers.filter(({ reach }) => isForeign(reach, ownMac));
  const others = holder.facts.vip?.otherMacs ?? [];
  const macs = [...new Set([...others, ...foreign.flatMap(({ reach }) => reach.mac ?? [])])].sort();
  if (macs.length > 0) {
    const seers = [...(others.length > 0 ? [holder.name] : []), ...foreign.map(({ name }) => name)];
    return {
      isBroken: true,
      detail: `${address} is also answered by ${listOf(macs)}, not only by ${holder.name} (seen by ${listOf(seers)})`,
      remedy: foreignRemedy(macs, address),
    };
  }
  const elsewhere = answers.filter(({ reach }) => reach.node !== null && reach.node !== holder.name);
  const mute = answers.filter(({ reach }) => !reach.isAnswered);
  const astray = [...elsewhere, ...mute];
  if (astray.length === 0) return null;
  const clauses = [
    ...elsewhere.map(({ name, reach }) => `${name} is answered by ${reach.node}`),
    ...(mute.length === 0
      ? []
      : [
          `${listOf(mute.map(({ name }) => name))} ${mute.length === 1 ? 'gets' : 'get'} no answer at ${address}, port 5240`,
        ]),
  ];
  return {
    isBroken: astray.length * 2 >= answers.length,
    detail: `${holder.name} holds ${address}, but ${listOf(clauses)}`,
    remedy: `On ${holder.name}: nft list ruleset (is tcp port 5240 let in?); curl -s http://${address}:5240/health/proxy. On ${astray[0]?.name}: ip neigh show ${address}; curl -m 2 -sv http://${address}:5240/health/proxy. To move the address meanwhile: regent node drain ${holder.name}.`,
  };
}

/** Does the address lead to hardware that is not the holder's? Whoever names itself stands behind a router, or is another node. */
function isForeign(reach: Reach, ownMac: string | null): boolean {
  return reach.node === null && reach.mac !== null && ownMac !== null && reach.mac !== ownMac;
}

function foreignRemedy(macs: readonly string[], address: string): string {
  return (
    `Find the machine with ${listOf(macs)} on the network of ${address} (the switch knows its port) and take the address from it. ` +
    `Until then its clients do not reach the cluster. Is it a node that was removed, or a DHCP client? Exclude ${address} wherever addresses are given out.`
  );
}
