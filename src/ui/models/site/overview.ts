import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { DrillRound } from '../../../contract/cluster/drill.ts';
import { serviceCounts } from '../cluster/services.ts';
import type { Tone } from '../base/tone.ts';

/**
 * The headline of the overview. `racks`: whether any one rack may fail (`none`: no VLAN has DHCP, or the region does
 * not report it); `alone`: VLANs whose only rack must not fail. `applying`: nodes on which a change is being applied.
 * `why`: what limits it, the tightest first.
 */
export interface Headline {
  readonly tone: Tone;
  readonly losses: number;
  readonly promised: number;
  readonly regions: number;
  readonly isSingle: boolean;
  readonly isHealthy: boolean;
  readonly racks: 'none' | 'any' | 'alone';
  readonly alone: number;
  readonly applying: readonly string[];
  readonly why: readonly string[];
}

/**
 * The number of region nodes that may fail now, and its tone. A healthy single node is not a fault: it never had
 * redundancy.
 */
export function headline(cluster: ClusterStatus): Headline {
  const { now, promised, why } = cluster.losses;
  const regions = cluster.nodes.filter((node) => node.isRegion).length;
  const isSingle = regions <= 1;
  const alone = cluster.rackLosses?.alone ?? 0;
  const racks = cluster.rackLosses == null ? 'none' : alone > 0 ? 'alone' : 'any';
  const isLess = now < promised;
  const tone: Tone =
    cluster.database.state === 'down'
      ? 'bad'
      : isLess && now === 0
        ? 'bad'
        : isLess || alone > 0 || cluster.state !== 'ok'
          ? 'warn'
          : 'ok';
  const applying = cluster.nodes.flatMap(({ name, report }) => (report === 'applying' ? [name] : []));
  const isHealthy = tone === 'ok' && applying.length === 0;
  return { tone, losses: now, promised, regions, isSingle, isHealthy, racks, alone, applying, why };
}

/** One of the facts beside the headline. */
export interface OverviewFact {
  readonly id: 'vip' | 'primary' | 'dcs' | 'regions' | 'services' | 'trust' | 'site' | 'drill';
  readonly tone: Tone;
  readonly value: string;
  readonly note: string;
}

/** The overview warns of a certificate this many days before it ends; agents renew theirs long before. */
const CERTIFICATE_DAYS = 14;

/** The facts that an operator needs first. */
export function factsOf(cluster: ClusterStatus): readonly OverviewFact[] {
  return [
    vipFact(cluster),
    primaryFact(cluster),
    dcsFact(cluster),
    regionFact(cluster),
    serviceFact(cluster),
    trustFact(cluster),
    siteFact(cluster),
  ].filter((fact) => fact !== null);
}

function vipFact({ vip }: ClusterStatus): OverviewFact | null {
  if (vip === null) return null;
  const [holder, ...others] = vip.holders;
  const tone: Tone = holder === undefined || others.length > 0 ? 'bad' : vip.unfit.length > 0 ? 'warn' : 'ok';
  const unfit = vip.unfit.map(({ node, why }) => `${node}: ${why}`);
  const note = unfit.length > 0 ? `not fit: ${unfit.join('; ')}` : `${vip.fit.length} nodes may hold it`;
  return { id: 'vip', tone, value: holder === undefined ? 'nobody' : vip.holders.join(' and '), note };
}

function primaryFact({ database }: ClusterStatus): OverviewFact | null {
  if (database.members.length === 0 && database.state === 'ok') return null;
  const standbys = database.members.filter((member) => member.role !== 'primary');
  const synchronous = standbys.filter((member) => member.isSynchronous).map((member) => member.node);
  const tone: Tone =
    database.state === 'down' || database.primary === null ? 'bad' : synchronous.length === 0 ? 'warn' : 'ok';
  const note =
    database.state === 'down'
      ? database.why
      : synchronous.length === 0
        ? 'no synchronous standby'
        : `synchronous: ${synchronous.join(', ')}`;
  return { id: 'primary', tone, value: database.primary ?? 'nobody', note };
}

function dcsFact({ dcs }: ClusterStatus): OverviewFact | null {
  if (dcs.voters.length === 0) return null;
  const tone: Tone = dcs.hasQuorum === false ? 'bad' : dcs.hasQuorum === null || dcs.leader === null ? 'warn' : 'ok';
  const value = dcs.hasQuorum === false ? 'no majority' : (dcs.leader ?? 'not known');
  return { id: 'dcs', tone, value, note: `voters: ${dcs.voters.join(', ')}` };
}

function regionFact({ nodes }: ClusterStatus): OverviewFact | null {
  const regions = nodes.filter((node) => node.isRegion && node.state === 'member');
  if (regions.length === 0) return null;
  const away = regions.filter((node) => node.region !== 'ready');
  const tone: Tone = away.length === 0 ? 'ok' : away.length === regions.length ? 'bad' : 'warn';
  const note = away.length === 0 ? 'all answer' : `away: ${away.map((node) => node.name).join(', ')}`;
  return { id: 'regions', tone, value: `${regions.length - away.length} of ${regions.length}`, note };
}

function serviceFact(cluster: ClusterStatus): OverviewFact | null {
  const { wanted, healthy, ill } = serviceCounts(cluster);
  if (wanted === 0) return null;
  const tone: Tone = ill.length > 0 ? 'bad' : healthy < wanted ? 'busy' : 'ok';
  const note =
    ill.length > 0
      ? ill.join('; ')
      : healthy < wanted
        ? `${wanted - healthy} take over what was published`
        : 'all healthy';
  return { id: 'services', tone, value: `${healthy} of ${wanted}`, note };
}

function trustFact({ certificates }: ClusterStatus): OverviewFact | null {
  const first = certificates.toSorted((a, b) => a.daysLeft - b.daysLeft)[0];
  if (first === undefined) return null;
  const tone: Tone = first.daysLeft <= 0 ? 'bad' : first.daysLeft < CERTIFICATE_DAYS ? 'warn' : 'ok';
  return { id: 'trust', tone, value: `${Math.floor(first.daysLeft)} days`, note: `the first to end: ${first.node}` };
}

/** The certificate that browsers see: who issued it, until when, and the doctor's warning. */
function siteFact({ site }: ClusterStatus): OverviewFact | null {
  if (site === undefined) return null;
  if (site === null)
    return { id: 'site', tone: 'warn', value: 'none yet', note: 'a region node signs it within a minute' };
  const tone: Tone = site.state === 'ok' ? 'ok' : site.state === 'broken' ? 'bad' : 'warn';
  const note = site.state === 'ok' ? `issued by ${site.issuer}` : `issued by ${site.issuer}; ${site.detail}`;
  return { id: 'site', tone, value: `${Math.floor(site.daysLeft)} days`, note };
}

/** The last drill beside the other facts; null: none was ever played. */
export function drillFact(drill: Pick<DrillRound, 'isPassed' | 'hazard'> | null): OverviewFact {
  if (drill === null)
    return { id: 'drill', tone: 'off', value: 'never', note: 'No failover drill has been run yet. Run one.' };
  return {
    id: 'drill',
    tone: drill.isPassed ? 'ok' : 'bad',
    value: drill.isPassed ? 'passed' : 'failed',
    note: drill.hazard,
  };
}
