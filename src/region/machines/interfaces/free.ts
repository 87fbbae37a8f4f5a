import { type Rejected, rejected } from '../../../core/errors.ts';
import { stableJson } from '../../../core/stable-json.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { forceRunning, runningSystem } from '../../../store/queries/networks/held-addresses.ts';
import type { InterfaceInput, InterfaceRow, LinkInput } from '../../../store/queries/machines/machine-interfaces.ts';
import type { Tx } from '../../../store/tx.ts';

/** Its system ends: its network may change. */
const GOING: readonly string[] = ['being released', 'being erased'];

/** Does the caller want it although a system runs on the machine? */
type ForceOption = { readonly force?: boolean | undefined };

/** Refuses another network for a machine that is being deployed: its system gets what was planned when that began. */
export function checkInterfacesFree(
  { fqdn, state }: Pick<MachineRow, 'fqdn' | 'state'>,
  { force = false }: ForceOption = {},
): Rejected | null {
  if (state !== 'deploying' || force) return null;
  return rejected(
    'conflict',
    `${fqdn} is being deployed. Rule: the interfaces of a machine change before that or afterwards.`,
  );
}

/**
 * Refuses another network for a machine whose system runs: that system keeps what it was deployed with, and nobody else may have its addresses. Names,
 * MAC addresses and tags may change. With `force` the addresses that the record loses stay occupied.
 */
export async function checkNetworkUnchanged(
  tx: Tx,
  machine: MachineRow,
  wanted: readonly InterfaceInput[],
  { force = false }: ForceOption,
): Promise<Rejected | null> {
  const why = await runningSystem(tx, machine.id);
  if (why === null || GOING.includes(why) || isSameNetwork(machine.interfaces, wanted)) return null;
  if (force) return forceRunning(tx).then(() => null);
  return rejected(
    'conflict',
    `${machine.fqdn} is ${why}: its system keeps the network that it was deployed with. Rule: the network of a machine changes before it is deployed or after it is released. With force only the record changes, and the addresses that it loses stay occupied until the machine is released.`,
  );
}

/** Refuses to delete a machine whose system runs. With `force` its system goes on, and its addresses stay occupied. */
export async function checkNotRunning(
  tx: Tx,
  { id, fqdn, hostname, interfaces, powerState }: MachineRow,
  { force = false }: ForceOption,
): Promise<Rejected | null> {
  const why = await runningSystem(tx, id);
  // Tools delete what they release without a wait; its addresses stay occupied.
  if (why === null || why === 'being released') return null;
  if (force) return forceRunning(tx).then(() => null);
  const addresses = interfaces.flatMap((card) => card.addresses.map(({ address }) => address));
  const stays = addresses.length === 0 ? 'its system goes on' : `its system goes on with ${addresses.join(', ')}`;
  return rejected(
    'conflict',
    `${fqdn} is ${why}, and its power is ${powerState}. Rule: a machine is released before it is deleted: regent machine release ${hostname}. With force only the record is deleted: ${stays}, and these addresses stay occupied until regent lease release ADDRESS.`,
  );
}

function isSameNetwork(now: readonly InterfaceRow[], wanted: readonly InterfaceInput[]): boolean {
  if (now.length !== wanted.length) return false;
  const names = new Map(wanted.flatMap(({ id, name }) => (id === undefined ? [] : [[id, name] as const])));
  const renamed = new Map(now.map(({ id, name }) => [name, names.get(id) ?? name]));
  const parents = (of: readonly string[]) => of.map((name) => renamed.get(name) ?? name);
  const before = new Map(now.map((card) => [card.id, formOf({ ...card, parents: parents(card.parents) })]));
  return wanted.every((card) => card.id !== undefined && before.get(card.id) === formOf(card));
}

/** What a system has of an interface, as a text to compare. */
function formOf({ kind, vlanId, parents = [], mtu = null, acceptRa, bond, bridge, ...card }: InterfaceInput): string {
  const links = (card.links ?? card.addresses.map(staticLink)).map(
    ({ mode, address, subnetId, isGateway }) =>
      `${mode === 'auto' ? 'static' : mode} ${address} ${subnetId} ${isGateway}`,
  );
  return stableJson({
    kind,
    vlanId,
    parents: [...parents],
    mtu,
    acceptRa: acceptRa ?? null,
    bond: bond ?? null,
    bridge: bridge ?? null,
    links: links.toSorted(),
  });
}

function staticLink({ address, subnetId }: { readonly address: string; readonly subnetId: number }): LinkInput {
  return { mode: 'static', address, subnetId, isGateway: false };
}
