import type { Reservation, ReservationCreate } from '../../contract/networks/reservation.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { isTagged } from '../../model/machines/interfaces/topology.ts';
import { parseMac } from '../../model/machines/machine.ts';
import { parseDhcpOptions } from '../../model/networks/dhcp/dhcp-option.ts';
import { parseHostLabel } from '../../model/names/names.ts';
import { parseHostAddress } from '../../model/networks/subnet.ts';
import { lockDomain } from '../../store/queries/names/domains.ts';
import { findMachine } from '../../store/queries/machines/machines.ts';
import * as reservations from '../../store/queries/networks/reservations.ts';
import { findSubnet, lockSubnet, type SubnetRow } from '../../store/queries/networks/subnets.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { autocommitReading, target, writing } from '../base/use-case.ts';
import { checkNotLeased, checkNotOwn, checkUnclaimed, nextFree } from './address-rules.ts';
import { defaultDomain } from '../names/domain.ts';
import { usesOf } from '../names/name-rules.ts';
import { reservationByRef, subnetByRef } from './network-refs.ts';
import { subnetOf } from './range.ts';

type ReservationRow = reservations.ReservationRow;

function view({
  id,
  subnet,
  subnetId,
  address,
  mac,
  hostname,
  machine,
  comment,
  dhcpOptions,
}: ReservationRow): Reservation {
  return { id, subnet, subnetId, address, mac, hostname, machine, comment, dhcpOptions: [...dhcpOptions] };
}

/** What a reservation is for, read. */
interface Holder {
  readonly mac: string | null;
  readonly hostname: string | null;
}

function readHolder(input: { mac?: string | null | undefined; hostname?: string | null | undefined }): Holder {
  const mac = accept(typeof input.mac === 'string' ? parseMac(input.mac) : null);
  const hostname = accept(typeof input.hostname === 'string' ? parseHostLabel(input.hostname) : null);
  return { mac, hostname };
}

/** The DHCP options of the interface. An address without a MAC has none, because no client gets it. */
function readOptions(
  { dhcpOptions }: { readonly dhcpOptions?: readonly string[] | undefined },
  mac: string | null,
): readonly string[] | undefined {
  if (dhcpOptions === undefined) return undefined;
  if (mac === null && dhcpOptions.length > 0) {
    refuse(invalid('dhcpOptions', 'the reservation has no MAC', 'DHCP sends options to the interface with the MAC'));
  }
  return accept(parseDhcpOptions(dhcpOptions));
}

/**
 * May this interface have a static lease in the subnet, under this name? DHCP gives an interface one address of a subnet, and an interface
 * of a machine has the machine's name. Locks the default domain if a name is requested.
 */
async function checkHolder(
  tx: Tx,
  subnet: SubnetRow,
  wanted: Holder & { readonly id?: number },
): Promise<Rejected | null> {
  const { mac, hostname } = wanted;
  const same = mac === null ? null : await reservations.findReservation(tx, { subnetId: subnet.id, mac });
  if (same && same.id !== wanted.id) {
    return clash('mac', `${mac} has the static lease ${same.address} in ${subnet.cidr} already`);
  }
  const machine = mac === null ? null : await findMachine(tx, { mac });
  // A bond has the MAC address of a card and its lease; a VLAN interface has the address and no lease.
  const nics = machine?.interfaces.filter((item) => item.mac === mac && !isTagged(machine.interfaces, item)) ?? [];
  const card = nics.find(({ addresses }) => addresses.some((item) => item.subnetId === subnet.id));
  const own = card?.addresses.find((item) => item.subnetId === subnet.id);
  if (machine && card && own) {
    return clash(
      'mac',
      `${mac} is ${card.name} of the machine ${machine.fqdn}, which has ${own.address} in ${subnet.cidr}: that is its static lease`,
    );
  }
  if (hostname === null) return null;
  if (machine) {
    return clash('hostname', `${mac} is an interface of the machine ${machine.fqdn}, whose name is published`);
  }
  return checkHostname(tx, hostname);
}

async function checkHostname(tx: Tx, hostname: string): Promise<Rejected | null> {
  const domain = await defaultDomain(tx);
  const refusal = await lockDomain(tx, domain.id);
  if (refusal) return refusal;
  const uses = await usesOf(tx, { domainId: domain.id, domain: domain.name, name: hostname });
  const other = uses.find((use) => use.kind === 'machine' || use.kind === 'node' || use.type === 'CNAME');
  return other ? clash('hostname', `${hostname}.${domain.name} is the name of ${other.label}`) : null;
}

function clash(field: string, problem: string): Rejected {
  return rejected('conflict', `${field}: ${problem}.`, [{ field, problem }]);
}

/** The address that a request names, or the lowest free one. Holds the subnet. */
async function readAddress(tx: Tx, subnet: SubnetRow, text: string, mac: string | null): Promise<string> {
  if (text === 'auto') return await nextFree(tx, subnet, { macs: mac === null ? [] : [mac] });
  const address = accept(parseHostAddress(text, subnet));
  const canonical = formatAddress(address);
  const refusal =
    (await lockSubnet(tx, { key: subnet.id })) ??
    (await checkUnclaimed(tx, subnet, address)) ??
    (await checkNotOwn(tx, canonical)) ??
    (await checkNotLeased(tx, canonical, mac));
  return accept(refusal ?? canonical);
}

async function readSubnet(tx: Tx, body: ReservationCreate): Promise<SubnetRow> {
  if (body.address !== 'auto') return subnetOf(tx, { subnet: body.subnet, address: body.address, field: 'address' });
  if (body.subnet !== undefined) return await subnetByRef(tx, body.subnet);
  refuse(invalid('subnet', 'it is missing', 'with "auto" a reservation names its subnet'));
}

export const reservationCases = {
  'reservation.list': autocommitReading('reservation.list', async (tx, { query }) => {
    const subnet = query?.subnet === undefined ? undefined : await subnetByRef(tx, query.subnet);
    const mac = accept(query?.mac === undefined ? undefined : parseMac(query.mac));
    const address = accept(query?.address === undefined ? undefined : parseAddress(query.address));
    const page = await reservations.listReservations(tx, {
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      subnetId: subnet?.id,
      mac,
      address: address ? formatAddress(address) : undefined,
    });
    return pageBody(page, view, query);
  }),

  'reservation.show': autocommitReading('reservation.show', async (tx, { params }) => {
    const row = await reservationByRef(tx, params.reservation);
    return { body: view(row), version: row.version };
  }),

  'reservation.create': writing(
    'reservation.create',
    ({ body }) => `reservation create ${body.address}`,
    async (tx, { body }) => {
      const subnet = await readSubnet(tx, body);
      const holder = readHolder(body);
      accept(await checkHolder(tx, subnet, holder));
      const address = await readAddress(tx, subnet, body.address, holder.mac);
      const dhcpOptions = readOptions(body, holder.mac);
      const wanted = { ...holder, subnetId: subnet.id, address, comment: body.comment, dhcpOptions };
      const row = await reservations.createReservation(tx, wanted);
      tx.emit({ kind: 'reservation.created', subject: row.address, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'reservation.set': writing(
    'reservation.set',
    ({ params }) => `reservation set ${params.reservation}`,
    async (tx, { params, body }, context) => {
      const old = await reservationByRef(tx, params.reservation);
      const subnet = (await findSubnet(tx, { id: old.subnetId })) ?? refuse(noSuch('subnet', old.subnet));
      const holder = readHolder({ mac: old.mac, hostname: old.hostname, ...body });
      const isSame = holder.mac === old.mac && holder.hostname === old.hostname;
      accept(isSame ? null : await checkHolder(tx, subnet, { ...holder, id: old.id }));
      const dhcpOptions = readOptions({ dhcpOptions: old.dhcpOptions, ...body }, holder.mac);
      const change = { ...holder, comment: body.comment, dhcpOptions };
      const row = accept(await reservations.updateReservation(tx, target(old.id, context), change));
      tx.emit({ kind: 'reservation.changed', subject: row.address, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'reservation.delete': writing(
    'reservation.delete',
    ({ params }) => `reservation delete ${params.reservation}`,
    async (tx, { params }, context) => {
      const old = await reservationByRef(tx, params.reservation);
      const row = accept(await reservations.deleteReservation(tx, target(old.id, context)));
      tx.emit({ kind: 'reservation.deleted', subject: row.address, data: { ...view(row) } });
      return { body: view(row) };
    },
  ),
};
