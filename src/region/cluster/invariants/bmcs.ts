import { formatCount } from '../../../core/count-text.ts';
import { listOf } from '../site.ts';
import { type InvariantCheck, ok, warning } from './check.ts';

const NAMED = 5;

/** What must be true of BMCs: an earlier release took others. */
export const BMC_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'bmcs',
    title: 'BMCs are other hosts, and their secrets travel encrypted',
    explanation:
      'Everybody on the path can read a secret over plain http. Regent sends no order to an address of a node, of loopback or of the link, because the sending node would answer it.',
    concerns: ({ bmcs }) => (bmcs?.count ?? 0) > 0,
    judge({ bmcs = { count: 0, misfits: [] } }) {
      const { count, misfits } = bmcs;
      if (misfits.length === 0) return ok(`${formatCount(count, 'BMC')}, each is another host.`);
      const words = misfits.slice(0, NAMED).map(({ name, problem }) => `${name}: ${problem}`);
      const more = misfits.length > NAMED ? [`${misfits.length - NAMED} more`] : [];
      return warning(
        `${listOf([...words, ...more])}.`,
        'Give the BMC an https:// address or another address, and enter its secrets again: regent bmc set NAME --parameters @FILE.',
      );
    },
  },
];
