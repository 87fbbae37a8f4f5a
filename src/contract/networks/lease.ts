import Type, { type Static } from 'typebox';
import { LEASE_STATES } from '../../model/networks/lease.ts';
import { Id, listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';

/** The last lease of an address, as the DHCP server of `node` has it; of a pair of racks, the one that serves. */
export const Lease = strict({
  address: Type.String(),
  subnet: nullable(Type.String({ description: 'CIDR; null when no subnet holds the address any more' })),
  subnetId: nullable(Id),
  vlan: nullable(Type.String({ description: 'FABRIC/NAME' })),
  vlanId: nullable(Id),
  node: Type.String({ description: 'name of the node that serves it' }),
  // A region of an earlier release leaves these out.
  heldBy: Type.Optional(
    Type.Array(Type.String(), {
      description: 'names of the nodes that have it now; both racks of a pair where all is well',
    }),
  ),
  partner: Type.Optional(nullable(Type.String({ description: 'the other rack of the pair; null: there is none' }))),
  mac: nullable(Type.String()),
  clientId: nullable(Type.String({ description: 'what the client calls itself in DHCP, octets in hexadecimal' })),
  hostname: Type.String({ description: 'as the client gave it; empty for none' }),
  machine: nullable(Type.String({ description: 'full name of the machine that has an interface with this MAC' })),
  kind: oneOf(['dynamic', 'static'], "static: a machine's own or a reserved address"),
  state: oneOf(LEASE_STATES, 'declined: a client found somebody else at the address; expired: it ended'),
  startsAt: Time,
  expiresAt: Time,
});
export type Lease = Static<typeof Lease>;

export const LeaseParams = strict({ address: text(64) });
export const LeaseListQuery = listQuery(
  {
    subnet: Type.Optional(text(64, 'id, CIDR or name')),
    vlan: Type.Optional(text(140, 'FABRIC/NAME, FABRIC/VID, or name, VID or id if only one has it')),
    node: Type.Optional(text(64, 'id or name')),
    mac: Type.Optional(text(17)),
    address: Type.Optional(text(64)),
    hostname: Type.Optional(text(255, 'part of the name that the client gave')),
    state: Type.Optional(oneOf(LEASE_STATES, 'active and declined when left out')),
  },
  ['address', 'hostname', 'mac', 'expires'],
);
export const LeasePage = page(Lease);
