import Type, { type Static } from 'typebox';
import { DhcpOptions, Id, listQuery, nullable, strict, text } from '../base/common.ts';
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

/** The noun, its calls and its tables. */
export const RESERVATION = entry({
  noun: 'reservation',
  plural: 'reservations',
  one: 'a reserved address',
  many: 'reserved addresses',
  component: 'Reservation',
  tables: ['reservations'],
  schemas: {
    answer: Reservation,
    params: ReservationParams,
    query: ReservationListQuery,
    create: ReservationCreate,
    set: ReservationSet,
  },
  names: (items) => items.map(({ address }) => address),
});
