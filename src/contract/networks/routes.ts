import { callsOf } from '../base/entry.ts';
import { EVERYBODY, get, OPERATORS, post } from '../base/route-spec.ts';
import * as lease from './lease.ts';
import { Pairing, PairingApply } from './pairing.ts';
import { RANGE } from './range.ts';
import { RESERVATION } from './reservation.ts';
import { SUBNET } from './subnet.ts';
import { VLAN } from './vlan.ts';

/** Calls about networks: VLANs, subnets, ranges, reservations, leases. */
export const NETWORK_ROUTES = {
  ...callsOf(VLAN),
  ...callsOf(SUBNET),
  ...callsOf(RANGE),
  ...callsOf(RESERVATION),

  'lease.list': get('/leases', 'List leases of DHCP', {
    roles: EVERYBODY,
    query: lease.LeaseListQuery,
    response: lease.LeasePage,
  }),
  'lease.show': get('/leases/{address}', 'Show the last lease of an address', {
    roles: EVERYBODY,
    params: lease.LeaseParams,
    response: lease.Lease,
  }),
  'lease.release': post('/leases/{address}/release', 'End the lease of an address', {
    roles: OPERATORS,
    params: lease.LeaseParams,
    response: lease.Lease,
  }),

  'pairing.propose': get('/pairing', 'Propose a primary and a secondary rack for every VLAN with DHCP', {
    roles: EVERYBODY,
    response: Pairing,
  }),
  'pairing.apply': post('/pairing/apply', 'Give all VLANs the racks that are proposed, as one change', {
    roles: OPERATORS,
    body: PairingApply,
    response: Pairing,
    status: 200,
  }),
} as const;
