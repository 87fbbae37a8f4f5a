import type { PowerArgs } from '../../../contract/machines/power-commands.ts';
import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { formatAddress, parseAddress } from '../../../core/ip.ts';
import { secretsIn } from '../../../model/machines/power.ts';
import type { BmcHost } from '../../../model/machines/bmc-hosts.ts';
import { driverOf } from '../../../power/registry.ts';
import { type DeclaredRow, findDeclared } from '../../../store/declared/rows.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import type { Tx } from '../../../store/tx.ts';
import { readPowerParameters, refuseHosts } from './bmc.ts';
import type { Sealer } from '../../base/sealer.ts';

/** A machine with the BMC that switches it. `parameters` hold no secrets: those are in `secrets`. */
export interface PowerTarget {
  readonly machine: MachineRow;
  readonly bmc: DeclaredRow<'bmc'>;
  readonly powerType: PowerArgs['powerType'];
  readonly parameters: PowerArgs['parameters'];
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the BMC on the network; null: it has a name, or none. */
  readonly address: string | null;
  /** Every host that an order may go to. */
  readonly hosts: readonly BmcHost[];
  /** Is there something on the network that can be probed? */
  readonly hasDoor: boolean;
}

/** Reads how a machine is switched, secrets opened. Refused: there is none, or its secrets cannot be opened. */
export async function readTarget(tx: Tx, sealer: Sealer, machineId: string): Promise<PowerTarget | Rejected> {
  const machine = await findMachine(tx, { id: machineId });
  if (machine === null) return rejected('not_found', `The machine ${machineId} no longer exists.`);
  const bmc = machine.bmcId === null ? null : await findDeclared(tx, 'bmc', { id: machine.bmcId });
  if (bmc === null) return rejected('conflict', `Nothing can switch ${machine.fqdn}, because it no longer has a BMC.`);
  const all = await readPowerParameters(tx, sealer, { bmc, own: machine.powerParameters });
  if (isRejected(all)) return all;
  const driver = driverOf(bmc.powerType);
  const { settings } = driver;
  const secrets = secretsIn(settings, all);
  const shown = Object.entries(all).filter(([name]) => !Object.hasOwn(secrets, name));
  const hosts = driver.hostsOf(all);
  const closed = await refuseHosts(tx, hosts);
  if (closed) return closed;
  const door = driver.doorOf(all);
  const address = door.kind === 'nowhere' ? null : parseAddress(door.host);
  return {
    machine,
    bmc,
    powerType: bmc.powerType,
    parameters: Object.fromEntries(shown) as PowerArgs['parameters'],
    secrets,
    hosts,
    hasDoor: door.kind !== 'nowhere',
    address: address === null || isRejected(address) ? null : formatAddress(address),
  };
}
