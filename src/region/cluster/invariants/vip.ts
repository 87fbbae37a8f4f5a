import { bareAddress } from '../../../core/ip.ts';
import { holdersOf } from '../claims.ts';
import { reachFault } from '../reach.ts';
import { collectFacts, listOf, members, regions } from '../site.ts';
import { broken, type InvariantCheck, ok, sentence, warning } from './check.ts';

/** What must be true of the floating address beyond its holder's own report. */
export const VIP_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'vip-reach',
    title: 'The floating address leads to its holder, and to nobody else',
    explanation:
      'The holder cannot detect a fault by itself: another machine may answer for the address, or something may drop the calls. The other region nodes call through it every two seconds, and every eight seconds the holder asks its network who else has it.',
    // If nobody or several hold it, vip-holder reports that.
    concerns: (site) => site.cluster?.vip != null && members(site).length > 1 && holdersOf(site).length === 1,
    judge(site) {
      const fault = reachFault(site);
      if (fault !== null) return (fault.isBroken ? broken : warning)(sentence(fault.detail), fault.remedy);
      const [holder] = holdersOf(site);
      const where = bareAddress(site.cluster?.vip ?? '');
      const named = collectFacts(regions(site), 'vip').reports.filter(
        ({ facts }) => facts.reach?.node === holder?.node.name,
      );
      if (holder !== undefined && named.length > 0)
        return ok(`${listOf(named.map(({ node }) => node.name))} called ${where}, and ${holder.node.name} answered.`);
      return ok(`No other node has called ${where} for long enough to find a fault.`);
    },
  },
];
