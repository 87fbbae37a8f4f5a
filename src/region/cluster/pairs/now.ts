import { identityOf } from '../../../core/node-identity.ts';
import type { ServiceObservation } from '../../../contract/cluster/agent.ts';
import { pairKey } from '../../../services/dhcp/pair/compile.ts';
import { type PairFacts, pairFactsIn } from '../../../services/dhcp/pair/health.ts';
import { type ClusterSite, isHealthy, listOf, type ServedVlan, silence, type SiteNode } from '../site.ts';

/**
 * What is known now of racks that serve the same VLANs: a pair, or one rack alone (`secondary` null). `servers`: who says that it answers clients now.
 * `silent`: who cannot be relied on. `faults`: what each side lacks, as sentences' parts. `isWhole`: either can go on without the other.
 */
export interface PairNow {
  readonly key: string | null;
  readonly primary: string;
  readonly secondary: string | null;
  readonly vlans: readonly ServedVlan[];
  readonly servers: readonly string[];
  readonly silent: readonly string[];
  readonly faults: readonly string[];
  readonly isWhole: boolean;
  /** Racks of it that an operator has drained: nobody counts on them. */
  readonly drained: readonly DrainedRack[];
  /** Of Kea on each rack, where they differ; else empty. */
  readonly versions: readonly { readonly name: string; readonly version: string }[];
  /** It is just taking over a configuration, or finding its partner. */
  readonly isSettling: boolean;
  /** Both speak, and neither hears the other. */
  readonly isDeaf: boolean;
}

/** `since`: ISO 8601; null: not known. */
export type DrainedRack = { readonly name: string; readonly since: string | null };

/** States of Kea between its start and its work, a few seconds each (ARM, "High Availability"). */
const STARTING_STATES: readonly string[] = ['waiting', 'syncing', 'ready'];

interface PairSide {
  readonly name: string;
  readonly node: SiteNode | undefined;
  readonly row: ServiceObservation | undefined;
  readonly facts: PairFacts | undefined;
}

/** Every pair and every rack alone, in the order of their first VLANs. Pure. */
export function pairsNow(site: Pick<ClusterSite, 'nodes' | 'served' | 'now'>): PairNow[] {
  const groups = Map.groupBy(
    site.served.filter(({ primary }) => primary !== null),
    ({ primary, secondary, away = [] }) => `${primary} ${secondary} ${away.join(' ')}`,
  );
  return [...groups.values()].flatMap((vlans) => {
    const [{ primary, secondary } = { primary: null, secondary: null }] = vlans;
    if (primary === null) return [];
    const pair = secondary === null ? aloneNow(site, primary, vlans) : pairNow(site, { primary, secondary, vlans });
    return [withAway(pair)];
  });
}

/** On these VLANs some racks have no interface: such a rack does not serve them, and does not take over. */
function withAway(pair: PairNow): PairNow {
  const away = pair.vlans[0]?.away ?? [];
  if (away.length === 0) return pair;
  const faults = away.map((name) => `${name} has no interface with an address there`);
  return {
    ...pair,
    servers: pair.servers.filter((name) => !away.includes(name)),
    faults: [...faults, ...pair.faults],
    isWhole: false,
  };
}

function aloneNow(site: Pick<ClusterSite, 'nodes' | 'now'>, primary: string, vlans: readonly ServedVlan[]): PairNow {
  const side = sideOf(site, primary, 'dhcp');
  const serves = side.node !== undefined && isHealthy(side.node, 'dhcp');
  return {
    key: null,
    primary,
    secondary: null,
    vlans,
    servers: serves ? [primary] : [],
    silent: side.node?.isFresh === true ? [] : [primary],
    faults: serves ? [] : [faultOf(side, site.now) ?? `${primary} serves nobody`],
    isWhole: false,
    drained: drainedOf([side]),
    versions: [],
    isSettling: isTakingOver(side),
    isDeaf: false,
  };
}

function pairNow(
  site: Pick<ClusterSite, 'nodes' | 'now'>,
  { primary, secondary, vlans }: { primary: string; secondary: string; vlans: readonly ServedVlan[] },
): PairNow {
  const key = pairKey(primary, secondary);
  const sides = [primary, secondary].map((name) => sideOf(site, name, identityOf('dhcp', key)));
  const servers = sides.filter(({ facts }) => facts?.isServing === true).map(({ name }) => name);
  const drained = drainedOf(sides);
  const own = sides.flatMap((side) => pairFaultOf(side, { drained, now: site.now }) ?? []);
  const isShort = sides.some(({ facts }) => facts?.isWhole === false);
  const other = servers[0] === secondary ? primary : secondary;
  const faults = own.length === 0 && isShort ? [`${other} does not have every lease yet`] : own;
  const isReporting = sides.every(({ node }) => node?.isFresh === true);
  return {
    key,
    primary,
    secondary,
    vlans,
    servers,
    silent: sides.filter(({ node }) => node?.isFresh !== true).map(({ name }) => name),
    faults,
    isWhole: servers.length === 1 && faults.length === 0,
    drained,
    versions: otherVersions(sides),
    isSettling:
      sides.some(isTakingOver) ||
      (isReporting && sides.some(({ facts }) => STARTING_STATES.includes(facts?.kea ?? ''))),
    isDeaf: sides.every(({ facts }) => facts?.hearsPartner === false || facts?.kea === 'communication-recovery'),
  };
}

/** The last report of a node that is not fresh does not count. */
function sideOf({ nodes }: Pick<ClusterSite, 'nodes'>, name: string, service: string): PairSide {
  const node = nodes.find((one) => one.name === name);
  const row = node?.isFresh === true ? node.observed.find((one) => one.service === service) : undefined;
  return { name, node, row, facts: pairFactsIn(row?.facts) };
}

const isTakingOver = ({ node }: PairSide): boolean => node?.isFresh === true && node.report === 'applying';

function otherVersions(sides: readonly PairSide[]): PairNow['versions'] {
  const known = sides.flatMap(({ name, node }) => {
    const version = node?.versions?.['dhcp'];
    return version === undefined ? [] : [{ name, version }];
  });
  return new Set(known.map(({ version }) => version)).size > 1 ? known : [];
}

function drainedOf(sides: readonly PairSide[]): DrainedRack[] {
  return sides.flatMap(({ name, node }) => (node?.isDrained ? [{ name, since: node.drainedAt ?? null }] : []));
}

/** The same of a pair's side. One that is drained is no help to the other, whatever it says; that one is alone because it is to be. */
function pairFaultOf(
  side: PairSide,
  { drained, now }: { drained: readonly DrainedRack[]; now: number },
): string | null {
  const { name, node, row, facts } = side;
  if (node?.isFresh !== true || drained.length === 0) return faultOf(side, now);
  if (drained.some((one) => one.name === name)) return `${name} is drained`;
  return row?.state === 'healthy' && facts?.kea === 'partner-down' ? null : faultOf(side, now);
}

/** What a side lacks; null: nothing. */
function faultOf({ name, node, row, facts }: PairSide, now: number): string | null {
  if (node === undefined) return `${name} is not known`;
  if (!node.isFresh) return silence(node, 'dhcp', now);
  if (row === undefined) return `${name} does not run it`;
  const isReady = row.state === 'healthy' && (facts === undefined || facts.kea === 'hot-standby');
  return isReady ? null : `${name}: ${row.why.replace(/\.$/, '')}`;
}

/** How many VLANs have DHCP, and how many of them would have no rack left if theirs failed now; null: no VLAN has DHCP. */
export function rackLosses(site: Pick<ClusterSite, 'nodes' | 'served' | 'now'>) {
  const vlans = site.served.length;
  if (vlans === 0) return null;
  const whole = pairsNow(site).filter(({ isWhole }) => isWhole);
  return { vlans, alone: vlans - whole.reduce((count, pair) => count + pair.vlans.length, 0) };
}

/** How many racks can be lost so that every VLAN with DHCP goes on being served, whichever they are; null: no VLAN has DHCP. Without a full stop. */
export function rackLossText(site: Pick<ClusterSite, 'nodes' | 'served' | 'now'>): string | null {
  const losses = rackLosses(site);
  if (losses === null) return null;
  const { vlans: all, alone: lost } = losses;
  const drained = new Set(pairsNow(site).flatMap((pair) => pair.drained.map(({ name }) => name)));
  const why = drained.size === 0 ? '' : ` while ${listOf([...drained])} ${drained.size === 1 ? 'is' : 'are'} drained`;
  return lost === 0 ? '1 rack' : `no rack: ${lost} of ${all} VLANs with DHCP would have no other one${why}`;
}
