import { type Machine, MACHINE_IN_SHORT } from '../../contract/machines/machine.ts';
import type { MachineInShort } from '../../store/queries/machines/machines-in-short.ts';
import { viewInterface } from './interfaces/view.ts';
import { errorOf, messageOf } from './machine-state.ts';

type ShortMachine = Pick<Machine, (typeof MACHINE_IN_SHORT)[number]>;

/** Does a list ask for just the members of `MACHINE_IN_SHORT`, in any order? Pure. */
export function isInShort(fields: string | undefined): boolean {
  const names = new Set(fields?.split(',').map((name) => name.trim()));
  return names.size === MACHINE_IN_SHORT.length && MACHINE_IN_SHORT.every((name) => names.has(name));
}

/** A machine with those members, as answers show them all. Pure. */
export function viewInShort(row: MachineInShort): ShortMachine {
  const { id, hostname, domain, fqdn, state, owner, isLocked, zone, pool, description, annotations, deployment } = row;
  const shown: ShortMachine = {
    id,
    hostname,
    domain,
    fqdn,
    interfaces: row.interfaces.map(viewInterface),
    state,
    owner,
    locked: isLocked,
    error: errorOf(row),
    message: messageOf(row),
    zone,
    pool,
    description,
    // Nobody else has them.
    annotations: annotations as NonNullable<Machine['annotations']>,
    ...row.carried,
  };
  if (deployment !== null) shown.deployment = deployment;
  if (row.minHweKernel !== '') shown.minHweKernel = row.minHweKernel;
  if (row.expectedArchitecture !== '') shown.expectedArchitecture = row.expectedArchitecture;
  if (row.bmc === null) return shown;
  if (row.powerType !== null) shown.powerType = row.powerType;
  shown.powerState = row.powerState;
  return shown;
}
