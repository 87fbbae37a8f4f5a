import type { InterfaceInput as Wire } from '../../contract/machine.ts';
import { invalid, isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseInterfaceName, parseMac } from '../../model/machine.ts';
import { parseHostAddress } from '../../model/subnet.ts';
import { findMachine, type InterfaceInput, type MachineRow } from '../../store/queries/machines.ts';
import { findReservation } from '../../store/queries/network/reservations.ts';
import { findSubnet, listSubnets, type SubnetRow } from '../../store/queries/network/subnets.ts';
import type { Tx } from '../../store/tx.ts';
import { checkNotLeased, checkNotOwn, checkUnclaimed, nextFree } from './address-rules.ts';
import { subnetByRef, subnetCidrs, vlanByRef } from './network-refs.ts';

/** What is gathered while the interfaces of one request are read. `machine`: the one that is changed, null for a new one. */
interface Gathering {
  readonly tx: Tx;
  readonly machine: MachineRow | null;
  readonly names: Set<string>;
  readonly macs: Set<string>;
  readonly addresses: Set<string>;
}

/**
 * Reads the interfaces of a request: grammar, VLANs, subnets, addresses ("auto": the lowest free one, or the one that the interface has
 * already), collisions inside the request and with other machines, each refusal naming its field.
 */
export async function readInterfaces(
  tx: Tx,
  inputs: readonly Wire[],
  machine: MachineRow | null,
): Promise<InterfaceInput[] | Rejected> {
  const gathering = { tx, machine, names: new Set<string>(), macs: new Set<string>(), addresses: new Set<string>() };
  const cards: InterfaceInput[] = [];
  for (const [index, input] of inputs.entries()) {
    const card = await readInterface(gathering, input, index);
    if (isRejected(card)) return card;
    cards.push(card);
  }
  return cards;
}

async function readInterface(all: Gathering, input: Wire, index: number): Promise<InterfaceInput | Rejected> {
  const at = `interfaces/${index}`;
  const name = parseInterfaceName(input.name ?? `eth${index}`, `${at}/name`);
  if (isRejected(name)) return name;
  if (all.names.has(name))
    return invalid(`${at}/name`, `${name} is there twice`, 'each interface of a machine has its own name');
  all.names.add(name);
  const mac = await readMac(all, input.mac, `${at}/mac`);
  if (isRejected(mac)) return mac;
  const kind = input.kind ?? 'physical';
  if (kind !== 'physical') return invalid(`${at}/kind`, `${kind.slice(0, 16)} is not served yet`, 'physical');
  const vlan = input.vlan === undefined ? null : await vlanByRef(all.tx, input.vlan);
  if (isRejected(vlan)) return vlan;
  const known = all.machine?.interfaces.find((card) => card.mac === mac);
  let vlanId = vlan?.id ?? null;
  const addresses: { subnetId: number; address: string }[] = [];
  for (const [number, wanted] of (input.addresses ?? []).entries()) {
    const field = `${at}/addresses/${number}`;
    const kept = known?.addresses ?? [];
    const found = await readAddress(all, { wanted, field, mac, vlanId, kept });
    if (isRejected(found)) return found;
    vlanId ??= found.subnet.vlanId;
    if (found.subnet.vlanId !== vlanId) {
      return invalid(
        `${field}/subnet`,
        `${found.subnet.cidr} is on the VLAN ${found.subnet.vlan}, the interface on another`,
        'the addresses of an interface lie on its VLAN',
      );
    }
    addresses.push({ subnetId: found.subnet.id, address: found.address });
  }
  return { name, mac, kind, vlanId, addresses, ...(known ? { id: known.id } : {}) };
}

async function readMac(all: Gathering, text: string, field: string): Promise<string | Rejected> {
  const mac = parseMac(text, field);
  if (isRejected(mac)) return mac;
  if (all.macs.has(mac)) return invalid(field, `${mac} is there twice`, 'each interface has its own MAC address');
  all.macs.add(mac);
  const owner = await findMachine(all.tx, { mac });
  if (!owner || owner.id === all.machine?.id) return mac;
  return collision(field, `${mac} is the MAC address of the machine ${owner.fqdn}`);
}

interface WantedAddress {
  readonly wanted: NonNullable<Wire['addresses']>[number];
  readonly field: string;
  readonly mac: string;
  readonly vlanId: number | null;
  readonly kept: readonly { readonly subnetId: number; readonly address: string }[];
}

async function readAddress(
  all: Gathering,
  want: WantedAddress,
): Promise<{ subnet: SubnetRow; address: string } | Rejected> {
  const subnet = await subnetFor(all.tx, want);
  if (isRejected(subnet)) return subnet;
  const refusal = await checkNoStaticLease(all, subnet, want);
  if (refusal) return refusal;
  const address =
    want.wanted.address === 'auto' ? await freeAddress(all, subnet, want) : await givenAddress(all, subnet, want);
  if (isRejected(address)) return address;
  if (all.addresses.has(address))
    return invalid(`${want.field}/address`, `${address} is there twice`, 'an address belongs to one interface');
  all.addresses.add(address);
  return { subnet, address };
}

async function subnetFor(tx: Tx, { wanted, field, vlanId }: WantedAddress): Promise<SubnetRow | Rejected> {
  if (wanted.subnet !== undefined) return subnetByRef(tx, wanted.subnet);
  const known = async () =>
    `one of ${(await subnetCidrs(tx)).slice(0, 10).join(', ') || 'none: create a subnet first'}`;
  if (wanted.address === 'auto') {
    const onVlan = vlanId === null ? [] : (await listSubnets(tx, { vlanId, limit: 2 })).items;
    const [only] = onVlan;
    if (only && onVlan.length === 1) return only;
    return invalid(
      `${field}/subnet`,
      'it is missing',
      `"auto" needs a subnet, or a VLAN with exactly one; ${await known()}`,
    );
  }
  const address = parseAddress(wanted.address, `${field}/address`);
  if (isRejected(address)) return address;
  const holder = await findSubnet(tx, { holds: formatAddress(address) });
  return (
    holder ??
    invalid(
      `${field}/address`,
      `${wanted.address} is outside every subnet`,
      `an address lies inside its subnet, ${await known()}`,
    )
  );
}

async function givenAddress(
  all: Gathering,
  subnet: SubnetRow,
  { wanted, field, mac }: WantedAddress,
): Promise<string | Rejected> {
  const parsed = parseHostAddress(wanted.address, subnet, `${field}/address`);
  if (isRejected(parsed)) return parsed;
  const address = formatAddress(parsed);
  const owner = await findMachine(all.tx, { address });
  if (owner && owner.id !== all.machine?.id)
    return collision(`${field}/address`, `${address} is an address of the machine ${owner.fqdn}`);
  const taken =
    (await checkUnclaimed(all.tx, subnet, parsed, (claim) => claim.source === 'interface_addresses')) ??
    (owner ? null : ((await checkNotOwn(all.tx, address)) ?? (await checkNotLeased(all.tx, address, mac))));
  return taken ? { ...taken, message: `${field}/address: ${taken.message}` } : address;
}

/** An interface that has an address of the subnet keeps it; so the same request twice changes nothing. */
async function freeAddress(all: Gathering, subnet: SubnetRow, want: WantedAddress): Promise<string | Rejected> {
  const kept = want.kept.find((item) => item.subnetId === subnet.id && !all.addresses.has(item.address));
  if (kept) return kept.address;
  const free = await nextFree(all.tx, subnet, [...all.addresses]);
  return isRejected(free) ? { ...free, message: `${want.field}/address: ${free.message}` } : free;
}

/** DHCP gives an interface one address of a subnet: a static lease of its MAC is another one than the machine's. */
async function checkNoStaticLease(all: Gathering, subnet: SubnetRow, want: WantedAddress): Promise<Rejected | null> {
  const lease = await findReservation(all.tx, { subnetId: subnet.id, mac: want.mac });
  if (!lease) return null;
  const problem = `${want.mac} has the static lease ${lease.address} in ${subnet.cidr}`;
  return rejected('conflict', `${want.field}/address: ${problem}. Delete that reservation first.`, [
    { field: `${want.field}/address`, problem },
  ]);
}

function collision(field: string, problem: string): Rejected {
  return rejected('conflict', `${field}: ${problem}.`, [{ field, problem }]);
}
