import { formatCount } from '../../../core/count-text.ts';
import { listOf, members } from '../site.ts';
import { type InvariantCheck, ok, warning } from './check.ts';

/** As many region nodes as bear a loss. */
const ENOUGH = 3;

/** What must be known of a cluster that was recovered from one node. */
export const EPOCH_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'epoch',
    title: 'The cluster is whole again after its recovery',
    explanation:
      'A cluster whose majority was lost goes on from one node, under a new epoch. Hosts that were counted as lost must not return with their old data. Until other hosts have joined, the next loss loses all data.',
    concerns: ({ recovery }) => recovery !== undefined,
    judge(site) {
      const { recovery } = site;
      if (recovery === undefined) return ok('It was never recovered.');
      const lost = recovery.lost.map(({ name }) => name);
      const when = new Date(recovery.at).toISOString();
      const summary = `Epoch ${recovery.number} (${recovery.id}) began on ${recovery.node} at ${when}; ${listOf(lost)} ${lost.length === 1 ? 'was' : 'were'} lost.`;
      const count = members(site).length;
      if (count >= ENOUGH) return ok(summary);
      return warning(
        `${summary} It has ${formatCount(count, 'region node')} since.`,
        'Let other hosts join: regent token create --role region; on each: regent join -. A lost host that comes back stays down; on it: regent leave.',
      );
    },
  },
];
