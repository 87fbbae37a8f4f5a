import type { HarmlessDrill } from '../../../contract/cluster/drill.ts';
import { isRejected } from '../../../core/errors.ts';
import { vipAddress } from '../../../model/cluster/cluster.ts';
import { judge } from '../doctor.ts';
import { lossesOf } from '../losses.ts';
import { checkDrain, planSwitchover } from '../moves/preflight.ts';
import { primariesOf } from '../claims.ts';
import { type ClusterSite, hasOwnDatabase, LAG_BYTES } from '../site.ts';
import { castOf, victimOf } from './cast.ts';

/** Why a drill must not be played now, a clause each; empty: nothing speaks against it. Pure. */
export function drillFindings(site: ClusterSite, id: HarmlessDrill): string[] {
  const sick = judge(site).filter(({ state }) => state !== 'ok');
  const { now, why } = lossesOf(site);
  const hasVip = site.cluster !== null && vipAddress(site.cluster) !== null;
  if (!hasOwnDatabase(site))
    return ['the database is external, and no drill can read its copies: drills need a cluster with its own database'];
  return [
    ...sick.map(
      ({ id: invariant, state, detail }) => `doctor: ${invariant} is ${state} (${detail.replace(/\.$/, '')})`,
    ),
    ...(now > 0 ? [] : [`no node can be lost (${why.join(', ')})`]),
    ...(hasVip ? [] : ['the cluster has no floating address, at which drills measure clients']),
    ...site.nodes.flatMap(({ name, isDrained }) => (isDrained ? [`${name} is drained`] : [])),
    ...lagging(site),
    ...unmoved(site, id),
  ];
}

function lagging(site: ClusterSite): string[] {
  const [primary] = primariesOf(site);
  const standbys = primary?.facts.members.filter(({ role }) => role === 'standby') ?? [];
  return standbys.flatMap(({ name, isSynchronous, lagBytes }) => {
    if (!isSynchronous) return [`${name} is not a synchronous standby`];
    return (lagBytes ?? 0) > LAG_BYTES ? [`${name} is ${lagBytes} bytes behind`] : [];
  });
}

/** What the move itself has against it. */
function unmoved(site: ClusterSite, id: HarmlessDrill): string[] {
  const cast = castOf(site);
  // Whoever runs it: with one region only there is nobody else.
  const victim = victimOf(id, cast, cast.primary);
  if (victim === null) return ['there is only one region'];
  const move = id === 'planned-switchover' ? planSwitchover(site, null) : checkDrain(site, victim);
  return isRejected(move) ? [move.message.replace(/^Not now: /, '').replace(/\.$/, '')] : [];
}

/** What will be done, as a sentence's part. */
export function drillSentence(id: HarmlessDrill, site: ClusterSite): string {
  const { primary, holder } = castOf(site);
  const actions: Readonly<Record<HarmlessDrill, string>> = {
    'planned-switchover': `${primary} hands the database to another region node`,
    'planned-vip-move': `${holder} hands the floating address to another region node, and may take it again`,
    'planned-restart-regiond': 'regiond is restarted on a region node other than the one that runs this drill',
    'planned-drain': `${primary} hands on calls, address and database, and takes its part again`,
  };
  return `${actions[id]}, while probes ask as clients do; some two minutes`;
}
