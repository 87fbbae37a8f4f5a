import Type, { type Static } from 'typebox';
import { DhcpOptions, Id, listQuery, nullable, strict, text } from '../base/common.ts';
import { orNone, textOption } from '../base/command-texts.ts';
import { DHCP_OPTION } from '../base/dhcp-option.ts';
import { entry } from '../base/entry.ts';

const Comment = Type.String({ maxLength: 200 });

/** A reserved address: with a MAC a static lease, without one an address that Regent leaves alone. */
export const Reservation = strict({
  id: Id,
  subnet: Type.String({ description: 'CIDR' }),
  subnetId: Id,
  address: Type.String(),
  mac: nullable(Type.String()),
  hostname: nullable(Type.String()),
  machine: nullable(Type.String({ description: 'full name of the machine that has an interface with this MAC' })),
  comment: Type.String(),
  dhcpOptions: Type.Optional(Type.Array(Type.String())),
});
export type Reservation = Static<typeof Reservation>;

const ReservationCreate = strict({
  address: text(64, 'an address, or "auto" for the lowest free one of the subnet'),
  subnet: Type.Optional(text(64, 'id, CIDR or name; needed with "auto"; else the one that holds the address')),
  mac: Type.Optional(text(17, 'of the interface that is to get it by DHCP')),
  hostname: Type.Optional(text(63, 'name of an interface that belongs to no machine')),
  comment: Type.Optional(Comment),
  dhcpOptions: Type.Optional(DhcpOptions),
});
export type ReservationCreate = Static<typeof ReservationCreate>;

const ReservationSet = strict({
  mac: Type.Optional(nullable(text(17))),
  hostname: Type.Optional(nullable(text(63))),
  comment: Type.Optional(Comment),
  dhcpOptions: Type.Optional(DhcpOptions),
});
export type ReservationSet = Static<typeof ReservationSet>;

const ReservationParams = strict({ reservation: text(64, 'id or address') });
const ReservationListQuery = listQuery(
  {
    subnet: Type.Optional(text(64, 'id, CIDR or name')),
    mac: Type.Optional(text(17)),
    address: Type.Optional(text(64)),
  },
  ['id', 'address'],
);

const comment = textOption('text', 'a note for people');

/** The noun, its calls and its tables. */
export const RESERVATION = entry({
  noun: 'reservation',
  plural: 'reservations',
  one: 'a reserved address',
  many: 'reserved addresses',
  tables: ['reservations'],
  file: { identity: ['address'], refersTo: { subnet: 'subnet' }, after: ['range'] },
  schemas: {
    answer: Reservation,
    params: ReservationParams,
    query: ReservationListQuery,
    create: ReservationCreate,
    set: ReservationSet,
  },
  commands: {
    summary: 'reserved addresses; with a MAC, static leases for devices that are no machines',
    which: 'address or id',
    example: '10.10.20.30',
    title: ({ address }) => address,
    columns: ['address', 'mac', 'name', 'subnet', 'comment'],
    wide: ['machine', 'hostname', 'id'],
    cells: { name: ({ machine, hostname }) => machine ?? hostname },
    details: (reservation) => [
      ['Address', reservation.address],
      ['Subnet', reservation.subnet],
      ['MAC', reservation.mac ?? 'none: Regent leaves the address alone'],
      ['Machine', reservation.machine ?? ''],
      ['Host name', reservation.hostname ?? ''],
      ...(reservation.dhcpOptions?.length ? [['DHCP options', reservation.dhcpOptions] as const] : []),
      ['Comment', reservation.comment],
      ['Id', String(reservation.id)],
    ],
    list: {
      options: {
        subnet: textOption('subnet', 'only those of this subnet'),
        mac: textOption('mac', 'only those of this MAC address'),
        address: textOption('ip', 'only the one of this address'),
      },
      examples: ['regent reservation list --subnet 10.10.20.0/24'],
    },
    create: {
      summary: 'reserve an address; for a machine rather use: regent machine create --mac MAC --address IP',
      args: {
        address: { name: 'address|auto', help: 'an address; auto: the lowest free one of --subnet', values: ['auto'] },
      },
      options: {
        subnet: textOption('subnet', 'its subnet; needed with auto'),
        mac: textOption('mac', 'DHCP gives the address only to this interface; without a MAC nobody gets the address'),
        hostname: textOption('name', "name in DNS and DHCP, for an interface that is no machine's"),
        dhcpOptions: DHCP_OPTION,
        comment,
      },
      examples: [
        'regent reservation create 10.10.20.30 --mac 52:54:00:00:00:30 --hostname printer',
        "regent reservation create auto --subnet 10.10.20.0/24 --comment 'for the new switch'",
      ],
      done,
    },
    set: {
      summary: 'change the owner of a reserved address',
      options: {
        mac: orNone('mac', 'another interface; "none": nobody gets the address'),
        hostname: orNone('name', 'another name; "none" removes it'),
        dhcpOptions: DHCP_OPTION,
        comment,
      },
      examples: [
        'regent reservation set 10.10.20.30 --mac 52:54:00:00:00:31',
        'regent reservation set 10.10.20.30 --mac none',
      ],
      done,
    },
    delete: { summary: 'release a reserved address' },
  },
});

function done({ address, mac }: Reservation, verb: string): string {
  return `reservation ${address} ${verb} (${mac === null ? 'nobody gets it' : `for ${mac}`})`;
}
