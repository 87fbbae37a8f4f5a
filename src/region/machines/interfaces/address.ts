import type { AddressInput } from '../../../contract/machines/machine-interface.ts';
import { accept, invalid, isRejected, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
import { formatAddress, parseAddress } from '../../../core/ip.ts';
import type { InterfaceKind } from '../../../model/machines/machine.ts';
import { parseHostAddress } from '../../../model/networks/subnet.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import type { LinkInput } from '../../../store/queries/machines/machine-interfaces.ts';
import { findReservation } from '../../../store/queries/networks/reservations.ts';
import { findSubnet, listSubnets, type SubnetRow } from '../../../store/queries/networks/subnets.ts';
import type { Tx } from '../../../store/tx.ts';
import { checkNotLeased, checkNotOwn, checkUnclaimed, nextFree } from '../../networks/address-rules.ts';
import { subnetByRef, subnetCidrs } from '../../networks/network-refs.ts';
import type { Unrivalled } from '../newcomer.ts';
import { type AddressRequest, isExistingLink } from './interface-request.ts';

/** What is gathered while the interfaces of one request are read. `machine`: the one that is changed, null for a new one. `macs`: of cards, with their names. */
export interface Gathering {
  readonly tx: Tx;
  readonly machine: MachineRow | null;
  readonly macs: Map<string, string>;
  readonly addresses: Set<string>;
  /** What nobody else has of it, as far as that is known. */
  readonly unrivalled: Unrivalled | null;
}

/** What a request wants for an interface's addresses. `vlanId` null: the first address decides. `existing`: what the interface has now. */
export interface LinksRequest {
  readonly requests: readonly AddressRequest[];
  readonly at: string;
  readonly mac: string;
  readonly kind: InterfaceKind;
  readonly vlanId: number | null;
  readonly existing: readonly LinkInput[];
}
interface InterfaceLinks {
  readonly vlanId: number | null;
  readonly links: readonly LinkInput[];
  readonly families: readonly (4 | 6 | null)[];
  readonly fresh: readonly boolean[];
}
type SubnetLink = { readonly link: LinkInput; readonly subnet: SubnetRow | null };

/** Reads what a request wants for an interface's addresses, and the VLAN that follows from them. */
export async function readLinks(
  all: Gathering,
  { requests, at, mac, kind, existing, ...given }: LinksRequest,
): Promise<InterfaceLinks> {
  let { vlanId } = given;
  const found: SubnetLink[] = [];
  for (const [number, request] of requests.entries()) {
    const field = `${at}/addresses/${number}`;
    const one = isExistingLink(request)
      ? await readExistingLink(all, request.existing)
      : await readLink(all, { wanted: request, field, mac, kind, vlanId, existing });
    vlanId ??= one.subnet?.vlanId ?? null;
    if (one.subnet && one.subnet.vlanId !== vlanId)
      refuse(
        invalid(
          `${field}/subnet`,
          `${one.subnet.cidr} is on the VLAN ${one.subnet.vlan}, the interface on another`,
          'the addresses of an interface lie on its VLAN',
        ),
      );
    const isTwice =
      one.link.address === null &&
      found.some((other) => other.link.mode === one.link.mode && familyOf(other) === familyOf(one));
    if (isTwice)
      refuse(
        invalid(`${field}/address`, `${one.link.mode} is there twice`, 'DHCP gives an interface its addresses once'),
      );
    found.push(one);
  }
  return {
    vlanId,
    links: found.map(({ link }) => link),
    families: found.map(familyOf),
    fresh: requests.map((request) => !isExistingLink(request)),
  };
}

async function readExistingLink(all: Gathering, link: LinkInput): Promise<SubnetLink> {
  if (link.address !== null) all.addresses.add(link.address);
  return { link, subnet: link.subnetId === null ? null : await findSubnet(all.tx, { id: link.subnetId }) };
}

async function readLink(all: Gathering, want: WantedAddress): Promise<SubnetLink> {
  const { address: addressText, gateway: isGateway = false } = want.wanted;
  const found =
    addressText === 'dhcp' || addressText === 'link'
      ? await readModeLink(all, want, addressText)
      : await readAddressLink(all, want);
  const { subnet } = found;
  const field = `${want.field}/gateway`;
  if (isGateway && addressText === 'link')
    refuse(invalid(field, 'the interface has no address there', 'a default route needs an address'));
  if (isGateway && subnet !== null && subnet.gateway === null)
    refuse(invalid(field, `${subnet.cidr} has no router`, 'the default route goes by the gateway of a subnet'));
  return { link: { ...found.link, isGateway }, subnet };
}

async function readModeLink(all: Gathering, want: WantedAddress, mode: 'dhcp' | 'link'): Promise<SubnetLink> {
  const subnet = want.wanted.subnet === undefined ? null : await subnetByRef(all.tx, want.wanted.subnet);
  return { link: { mode, address: null, subnetId: subnet?.id ?? null, isGateway: false }, subnet };
}

async function readAddressLink(all: Gathering, want: WantedAddress): Promise<SubnetLink> {
  const found = await readAddress(all, want);
  const { subnet, address } = found;
  const mode = want.wanted.address === 'auto' ? 'auto' : 'static';
  return { link: { mode, address, subnetId: subnet.id, isGateway: false }, subnet };
}

/** DHCP that is tied to no subnet is IPv4's. */
function familyOf({ link, subnet }: SubnetLink): 4 | 6 | null {
  if (link.mode === 'link') return null;
  return (link.address ?? subnet?.cidr ?? '').includes(':') ? 6 : 4;
}

interface WantedAddress {
  readonly wanted: AddressInput;
  readonly field: string;
  readonly mac: string;
  readonly kind: InterfaceKind;
  readonly vlanId: number | null;
  readonly existing: readonly LinkInput[];
}

async function readAddress(all: Gathering, want: WantedAddress): Promise<{ subnet: SubnetRow; address: string }> {
  const subnet = await subnetFor(all.tx, want);
  accept(await checkNoStaticLease(all, subnet, want));
  const address =
    want.wanted.address === 'auto' ? await freeAddress(all, subnet, want) : await givenAddress(all, subnet, want);
  if (all.addresses.has(address))
    refuse(invalid(`${want.field}/address`, `${address} is there twice`, 'an address belongs to one interface'));
  all.addresses.add(address);
  return { subnet, address };
}

async function subnetFor(tx: Tx, { wanted, field, vlanId }: WantedAddress): Promise<SubnetRow> {
  if (wanted.subnet !== undefined) return subnetByRef(tx, wanted.subnet);
  const known = async () =>
    `one of ${(await subnetCidrs(tx)).slice(0, 10).join(', ') || 'none: create a subnet first'}`;
  if (wanted.address === 'auto') {
    const onVlan = vlanId === null ? [] : (await listSubnets(tx, { vlanId, limit: 2 })).items;
    const [only] = onVlan;
    if (only && onVlan.length === 1) return only;
    refuse(
      invalid(
        `${field}/subnet`,
        'it is missing',
        `"auto" needs a subnet, or a VLAN with exactly one; ${await known()}`,
      ),
    );
  }
  const address = accept(parseAddress(wanted.address, `${field}/address`));
  const holder = await findSubnet(tx, { holds: formatAddress(address) });
  return (
    holder ??
    refuse(
      invalid(
        `${field}/address`,
        `${wanted.address} is outside every subnet`,
        `an address lies inside its subnet, ${await known()}`,
      ),
    )
  );
}

async function givenAddress(all: Gathering, subnet: SubnetRow, { wanted, field, mac }: WantedAddress): Promise<string> {
  const parsed = accept(parseHostAddress(wanted.address, subnet, `${field}/address`));
  const address = formatAddress(parsed);
  if (all.unrivalled?.addresses.has(address)) return address;
  const owner = await findMachine(all.tx, { address });
  if (owner && owner.id !== all.machine?.id)
    refuse(collision(`${field}/address`, `${address} is an address of the machine ${owner.fqdn}`));
  const taken =
    (await checkUnclaimed(all.tx, subnet, parsed, (claim) => claim.source === 'interface_addresses')) ??
    (owner ? null : ((await checkNotOwn(all.tx, address)) ?? (await checkNotLeased(all.tx, address, mac))));
  return taken ? refuse({ ...taken, message: `${field}/address: ${taken.message}` }) : address;
}

/** An interface that has an address of the subnet keeps it; so the same request twice changes nothing. */
async function freeAddress(all: Gathering, subnet: SubnetRow, want: WantedAddress): Promise<string> {
  const current = want.existing.find(
    ({ subnetId, address }) => subnetId === subnet.id && address !== null && !all.addresses.has(address),
  );
  if (current?.address != null) return current.address;
  const free = await orRefusal(() => nextFree(all.tx, subnet, { also: [...all.addresses], macs: [want.mac] }));
  return isRejected(free) ? refuse({ ...free, message: `${want.field}/address: ${free.message}` }) : free;
}

/**
 * DHCP gives an interface one address of a subnet: a static lease of its MAC is another one than the machine's. A VLAN interface asks no DHCP for an
 * address that it has.
 */
async function checkNoStaticLease(all: Gathering, subnet: SubnetRow, want: WantedAddress): Promise<Rejected | null> {
  if (want.kind === 'vlan' || all.unrivalled?.macs.has(want.mac)) return null;
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
