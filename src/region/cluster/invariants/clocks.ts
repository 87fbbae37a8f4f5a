import { collectFacts, listOf, settled } from '../site.ts';
import { broken, type InvariantCheck, ok, judgeSilence, warning } from './check.ts';

/**
 * Tokens and certificates are checked to the second, and logs are read side by side: a larger difference is noticed, s.
 */
const APART_WARN_S = 0.5;
/** Leases and failovers are judged by the times of reports: a larger difference makes verdicts wrong, s. */
const APART_BROKEN_S = 5;

/** What nodes measure of the regions' clocks, whichever source each of them follows. */
export const CLOCK_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'clocks-agree',
    title: 'Clocks agree',
    explanation:
      'Two nodes may each report a right clock and still differ. Certificates, leases, tokens and the order of events are judged by more than one clock.',
    concerns: (site) => settled(site).length > 1,
    judge(site) {
      const nodes = settled(site);
      const nameOf = (address: string) => nodes.find((node) => node.address === address)?.name ?? address;
      const { reports } = collectFacts(nodes, 'ntp');
      const measured = reports.flatMap(({ node, facts }) => (facts.apart ? [{ name: node.name, ...facts.apart }] : []));
      const far = measured.filter(({ seconds }) => seconds > APART_WARN_S);
      if (far.length > 0) {
        const clauses = far.map(
          (row) => `${row.name} and ${nameOf(row.address)} are ${row.seconds.toFixed(1)} s apart`,
        );
        const verdict = far.some(({ seconds }) => seconds > APART_BROKEN_S) ? broken : warning;
        return verdict(
          `${listOf(clauses)}.`,
          'On each of them: chronyc sources -v. Time servers for all: regent setting set ntp_servers "ADDRESS ADDRESS"; at once, on the one that is wrong: chronyc makestep.',
        );
      }
      const gap = judgeSilence(site, nodes, 'ntp');
      if (gap) return gap;
      if (measured.length === 0) return ok('No node has measured the clock of another yet.');
      const most = Math.max(...measured.map(({ seconds }) => seconds));
      return ok(`At most ${(most * 1000).toFixed(1)} ms between a node and a region.`);
    },
  },
];
