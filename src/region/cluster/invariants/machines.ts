import type { NamedClash } from '../../../store/queries/networks/named-clashes.ts';
import { listOf } from '../site.ts';
import { type InvariantCheck, ok, warning } from './check.ts';

const NAMED = 5;

/** What must be true of machines and of the addresses around them. Earlier releases let each of these happen. */
export const MACHINE_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'named-addresses',
    title: 'Nobody is given an address that the configuration names',
    explanation:
      'A resolver, router, time server, proxy or BMC stops answering when a machine gets its address. Regent leaves such addresses out when it chooses one; what was configured before may still have one.',
    concerns: ({ named }) => (named?.count ?? 0) > 0,
    judge({ named = { count: 0, clashes: [] } }) {
      const { count, clashes } = named;
      const pools = clashes.filter(({ use }) => use === 'pool');
      if (pools.length > 0)
        return warning(
          `DHCP gives to any client: ${describeClashes(pools)}.`,
          'Take the address out of the range: regent range set RANGE --last ADDRESS, or --first. Or name another address in the configuration.',
        );
      const picked = clashes.filter(({ use }) => use === 'auto' || use === 'held');
      if (picked.length > 0)
        return warning(
          `${describeClashes(picked)}.`,
          'Give the machine another address, or name another one in the configuration. If that machine is the host that is meant, enter its address by hand: regent interface set MACHINE INTERFACE --address ADDRESS.',
        );
      const hosts = clashes.length === 0 ? '' : ` Entered for hosts of this site: ${describeClashes(clashes)}.`;
      return ok(`The configuration names ${count}. No pool has one, and none was chosen automatically.${hosts}`);
    },
  },
  {
    id: 'machine-owners',
    title: 'Every machine in use has an owner',
    explanation:
      'The role user reaches only its own machines, and nobody answers for a machine without an owner. Earlier releases removed a user and left the machines to nobody.',
    concerns: ({ ownerless }) => ownerless !== undefined,
    judge({ ownerless = [] }) {
      if (ownerless.length === 0) return ok('Each has one.');
      return warning(
        `Without an owner: ${listFirst(ownerless.map(({ machine, state }) => `${machine} is ${state}`))}.`,
        'If nobody needs the system: regent machine release MACHINE. An operator or admin can still do everything with it.',
      );
    },
  },
];

function describeClashes(clashes: readonly NamedClash[]): string {
  return listFirst(clashes.map(({ address, named, holder }) => `${address} (${named}) is in ${holder}`));
}

/** The first few, and how many more there are. */
function listFirst(all: readonly string[]): string {
  return listOf([...all.slice(0, NAMED), ...(all.length > NAMED ? [`${all.length - NAMED} more`] : [])]);
}
