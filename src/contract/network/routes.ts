import { del, EVERYBODY, get, OPERATORS, patch, post } from '../route-spec.ts';
import * as lease from './lease.ts';
import * as range from './range.ts';
import * as reservation from './reservation.ts';
import * as subnet from './subnet.ts';
import * as vlan from './vlan.ts';

/** Calls about networks: VLANs, subnets, ranges, reservations, leases. */
export const NETWORK_ROUTES = {
  'vlan.list': get('/vlans', 'List VLANs', {
    roles: EVERYBODY,
    query: vlan.VlanListQuery,
    response: vlan.VlanPage,
  }),
  'vlan.show': get('/vlans/{vlan}', 'Show a VLAN', {
    roles: EVERYBODY,
    params: vlan.VlanParams,
    response: vlan.Vlan,
    hasEtag: true,
  }),
  'vlan.create': post('/vlans', 'Create a VLAN', {
    roles: OPERATORS,
    body: vlan.VlanCreate,
    response: vlan.Vlan,
  }),
  'vlan.set': patch('/vlans/{vlan}', 'Change a VLAN', {
    roles: OPERATORS,
    params: vlan.VlanParams,
    body: vlan.VlanSet,
    response: vlan.Vlan,
  }),
  'vlan.delete': del('/vlans/{vlan}', 'Delete a VLAN', {
    roles: OPERATORS,
    params: vlan.VlanParams,
    response: vlan.Vlan,
  }),

  'subnet.list': get('/subnets', 'List subnets', {
    roles: EVERYBODY,
    query: subnet.SubnetListQuery,
    response: subnet.SubnetPage,
  }),
  'subnet.show': get('/subnets/{subnet}', 'Show a subnet', {
    roles: EVERYBODY,
    params: subnet.SubnetParams,
    response: subnet.Subnet,
    hasEtag: true,
  }),
  'subnet.create': post('/subnets', 'Create a subnet', {
    roles: OPERATORS,
    body: subnet.SubnetCreate,
    response: subnet.Subnet,
  }),
  'subnet.set': patch('/subnets/{subnet}', 'Change a subnet', {
    roles: OPERATORS,
    params: subnet.SubnetParams,
    body: subnet.SubnetSet,
    response: subnet.Subnet,
  }),
  'subnet.delete': del('/subnets/{subnet}', 'Delete a subnet', {
    roles: OPERATORS,
    params: subnet.SubnetParams,
    response: subnet.Subnet,
  }),

  'range.list': get('/ranges', 'List ranges of addresses', {
    roles: EVERYBODY,
    query: range.RangeListQuery,
    response: range.RangePage,
  }),
  'range.show': get('/ranges/{range}', 'Show a range of addresses', {
    roles: EVERYBODY,
    params: range.RangeParams,
    response: range.Range,
    hasEtag: true,
  }),
  'range.create': post('/ranges', 'Create a range of addresses', {
    roles: OPERATORS,
    body: range.RangeCreate,
    response: range.Range,
  }),
  'range.set': patch('/ranges/{range}', 'Change a range of addresses', {
    roles: OPERATORS,
    params: range.RangeParams,
    body: range.RangeSet,
    response: range.Range,
  }),
  'range.delete': del('/ranges/{range}', 'Delete a range of addresses', {
    roles: OPERATORS,
    params: range.RangeParams,
    response: range.Range,
  }),

  'reservation.list': get('/reservations', 'List reserved addresses', {
    roles: EVERYBODY,
    query: reservation.ReservationListQuery,
    response: reservation.ReservationPage,
  }),
  'reservation.show': get('/reservations/{reservation}', 'Show a reserved address', {
    roles: EVERYBODY,
    params: reservation.ReservationParams,
    response: reservation.Reservation,
    hasEtag: true,
  }),
  'reservation.create': post('/reservations', 'Create a reserved address', {
    roles: OPERATORS,
    body: reservation.ReservationCreate,
    response: reservation.Reservation,
  }),
  'reservation.set': patch('/reservations/{reservation}', 'Change a reserved address', {
    roles: OPERATORS,
    params: reservation.ReservationParams,
    body: reservation.ReservationSet,
    response: reservation.Reservation,
  }),
  'reservation.delete': del('/reservations/{reservation}', 'Delete a reserved address', {
    roles: OPERATORS,
    params: reservation.ReservationParams,
    response: reservation.Reservation,
  }),

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
} as const;
