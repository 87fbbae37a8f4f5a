import type { WhatIfEvent } from '../../../contract/cluster/what-if.ts';
import { majorityOf } from '../../../model/cluster/cluster.ts';
import { isStreamingState } from '../losses.ts';
import { holdersOf, primariesOf } from '../claims.ts';
import { type ClusterSite, collectFacts, isHealthy, members, regions, type SiteNode } from '../site.ts';

/** What is left of the cluster's roles when a node goes. Names; null: nobody. */
export interface Heirs {
  readonly holder: string | null;
  readonly primary: string | null;
  /** The nodes that may get the role, the likeliest first. A node that keeps it stands alone. */
  readonly holders: readonly string[];
  readonly primaries: readonly string[];
  readonly newHolders: readonly string[];
  readonly newPrimaries: readonly string[];
  /** Voters of etcd that answer afterwards, and how many a majority needs; null: no node reports it. */
  readonly voters: { readonly up: number; readonly majority: number } | null;
  /** Is there nothing that says that the rest has no majority? */
  readonly hasMajority: boolean;
}

/**
 * Concludes who gets what. A drained node goes on as voter of etcd and as synchronous standby, and is an heir only if
 * nobody else is.
 */
export function heirsOf(site: ClusterSite, name: string, event: WhatIfEvent): Heirs {
  const primary = primariesOf(site)[0];
  const holders = holdersOf(site).map(({ node }) => node.name);
  const voters = votersAfter(site, name, event);
  const isVoting = voters === null ? site.cluster === null : voters.up >= voters.majority;
  // keepalived's priorities follow the names.
  const drained = new Set(site.nodes.flatMap((node) => (node.isDrained ? [node.name] : [])));
  const lastOnes = (heirs: readonly string[]) => {
    const others = heirs.filter((one) => !drained.has(one));
    return others.length > 0 ? others : heirs;
  };
  const fit = members(site)
    .filter((node) => node.name !== name && node.facts.vip?.isFit === true && isHealthy(node, 'vip'))
    .map((node) => node.name)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const holder = holders[0] ?? null;
  const standing = new Set(members(site).flatMap((node) => (node.isFresh && node.name !== name ? [node.name] : [])));
  const standbys = (primary?.facts.members ?? [])
    .filter(
      (one) => one.role !== 'primary' && one.isSynchronous && isStreamingState(one.state) && standing.has(one.name),
    )
    .toSorted((a, b) => (a.lagBytes ?? Infinity) - (b.lagBytes ?? Infinity) || (a.name < b.name ? -1 : 1))
    .map((one) => one.name);
  const heirsFor = (role: string | null, heirs: readonly string[]) =>
    !isVoting ? [] : role === null || role === name ? heirs : [role];
  return {
    holder,
    primary: primary?.node.name ?? null,
    holders,
    primaries: primariesOf(site).map(({ node }) => node.name),
    newHolders: heirsFor(holder, lastOnes(fit)),
    // Without a primary nobody knows who may be promoted.
    newPrimaries: primary === undefined ? [] : heirsFor(primary.node.name, lastOnes(standbys)),
    voters,
    hasMajority: isVoting,
  };
}

/** The site without the node, after its heirs have taken over: the input of `lossesOf`. */
export function siteAfter(site: ClusterSite, name: string, event: WhatIfEvent, heirs: Heirs): ClusterSite {
  const [primary] = heirs.newPrimaries;
  return {
    ...site,
    nodes: site.nodes.map((node) =>
      node.name === name && event !== 'drains'
        ? gone(node)
        : withPrimary(event === 'drains' ? drained(node, name) : node, {
            lost: event === 'drains' ? null : name,
            primary: primary ?? null,
            hasMajority: heirs.hasMajority,
          }),
    ),
  };
}

function votersAfter(site: ClusterSite, name: string, event: WhatIfEvent): Heirs['voters'] {
  const { reports } = collectFacts(regions(site), 'dcs');
  const source = reports.find(({ facts }) => facts.hasQuorum) ?? reports[0];
  if (source === undefined) return null;
  const voters = source.facts.members.filter((member) => !member.isLearner).map((member) => member.name);
  const isUp = (voter: string) => reports.some(({ node, facts }) => node.name === voter && facts.hasQuorum);
  const up = voters.filter((voter) => isUp(voter) && (voter !== name || event === 'drains')).length;
  return { up, majority: majorityOf(voters.length) };
}

function gone(node: SiteNode): SiteNode {
  const nothing = { backup: null, db: null, dcs: null, lb: null, vip: null, dns: null, ntp: null, host: null };
  return { ...node, isFresh: false, facts: nothing, last: nothing };
}

function drained(node: SiteNode, name: string): SiteNode {
  if (node.name !== name) return node;
  const { vip } = node.facts;
  return { ...node, isDrained: true, facts: { ...node.facts, vip: vip && { ...vip, isHolder: false } } };
}

/** `lost`: who is no member any more; null: all still are. */
type Afterwards = { readonly lost: string | null; readonly primary: string | null; readonly hasMajority: boolean };

function withPrimary(node: SiteNode, { lost, primary, hasMajority }: Afterwards): SiteNode {
  const { db, dcs } = node.facts;
  const roleOf = (one: string) => (one === primary ? ('primary' as const) : ('standby' as const));
  const rest = (db?.members ?? [])
    .filter((one) => one.name !== lost)
    // Who handed the database on follows, and commits wait for it again.
    .map((one) =>
      one.role === 'primary' && one.name !== primary
        ? { ...one, role: 'standby' as const, state: 'streaming', isSynchronous: true }
        : { ...one, role: roleOf(one.name), isSynchronous: one.isSynchronous && one.name !== primary },
    );
  return {
    ...node,
    facts: {
      ...node.facts,
      dcs: dcs && { ...dcs, hasQuorum: dcs.hasQuorum && hasMajority },
      db: db && { ...db, role: db.role === 'none' ? 'none' : roleOf(node.name), members: rest },
    },
  };
}
