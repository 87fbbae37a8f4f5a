import type { Static, TSchema } from 'typebox';
import * as config from './config.ts';
import { WriteQuery } from './common.ts';
import * as domain from './domain.ts';
import * as event from './event.ts';
import * as fabric from './network/fabric.ts';
import * as lease from './network/lease.ts';
import * as machine from './machine.ts';
import * as node from './node.ts';
import * as rack from './identity/rack.ts';
import * as range from './network/range.ts';
import * as record from './record.ts';
import * as reservation from './network/reservation.ts';
import * as service from './service.ts';
import * as setting from './setting.ts';
import { Status } from './status.ts';
import * as subnet from './network/subnet.ts';
import * as user from './user.ts';
import * as vlan from './network/vlan.ts';

/** Path of the API on every region node. */
export const API_PREFIX = '/api/v1';

/**
 * One call of the API. This table is the only place where a call is declared: the server, the client, the OpenAPI document and the
 * check of roles read it. `roles`: who may call. A call that is not a GET changes something: it takes `Idempotency-Key` and
 * `dry_run`. `hasEtag`: answers carry an ETag and changes accept `If-Match`.
 */
export interface RouteSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly roles: readonly user.Role[];
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly response: TSchema;
  readonly status: 200 | 201;
  readonly hasEtag?: boolean;
}

const EVERYBODY = ['admin', 'operator', 'user', 'auditor'] as const;
const WATCHERS = ['admin', 'operator', 'auditor'] as const;
const OPERATORS = ['admin', 'operator'] as const;
const ADMINS = ['admin'] as const;
const KEEPERS = ['admin', 'auditor'] as const;
const KEY_OWNERS = ['admin', 'operator', 'user'] as const;

/** A plain spread keeps a default's literal type beside the one that replaces it, and both at once are `never`. */
const over = <const D extends object, const R extends object>(defaults: D, rest: R) =>
  ({ ...defaults, ...rest }) as unknown as Omit<D, keyof R> & R;
const get = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'GET', path, summary, status: 200 }, rest);
const post = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'POST', path, summary, status: 201, query: WriteQuery }, rest);
const put = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'PUT', path, summary, status: 200, query: WriteQuery, hasEtag: true }, rest);
const patch = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'PATCH', path, summary, status: 200, query: WriteQuery, hasEtag: true }, rest);
const del = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'DELETE', path, summary, status: 200, query: WriteQuery, hasEtag: true }, rest);

/** Every call of API v1, by its name `noun.verb`. */
export const ROUTES = {
  'me.show': get('/me', 'Who the caller is', { roles: EVERYBODY, response: user.Me }),
  'status.show': get('/status', 'The site on one screen', { roles: EVERYBODY, response: Status }),

  'domain.list': get('/domains', 'List domains', {
    roles: EVERYBODY,
    query: domain.DomainListQuery,
    response: domain.DomainPage,
  }),
  'domain.show': get('/domains/{domain}', 'Show a domain', {
    roles: EVERYBODY,
    params: domain.DomainParams,
    response: domain.Domain,
    hasEtag: true,
  }),
  'domain.create': post('/domains', 'Create a domain', {
    roles: OPERATORS,
    body: domain.DomainCreate,
    response: domain.Domain,
  }),
  'domain.set': patch('/domains/{domain}', 'Change a domain', {
    roles: OPERATORS,
    params: domain.DomainParams,
    body: domain.DomainSet,
    response: domain.Domain,
  }),
  'domain.delete': del('/domains/{domain}', 'Delete a domain', {
    roles: OPERATORS,
    params: domain.DomainParams,
    query: domain.DomainDeleteQuery,
    response: domain.Domain,
  }),

  'record.list': get('/records', 'List records', {
    roles: EVERYBODY,
    query: record.RecordListQuery,
    response: record.RecordPage,
  }),
  'record.show': get('/records/{record}', 'Show a record', {
    roles: EVERYBODY,
    params: record.RecordParams,
    response: record.DnsRecord,
    hasEtag: true,
  }),
  'record.create': post('/records', 'Create a record', {
    roles: OPERATORS,
    body: record.RecordCreate,
    response: record.DnsRecord,
  }),
  'record.set': patch('/records/{record}', 'Change a record', {
    roles: OPERATORS,
    params: record.RecordParams,
    body: record.RecordSet,
    response: record.DnsRecord,
  }),
  'record.delete': del('/records/{record}', 'Delete a record', {
    roles: OPERATORS,
    params: record.RecordParams,
    response: record.DnsRecord,
  }),

  'machine.list': get('/machines', 'List machines', {
    roles: EVERYBODY,
    query: machine.MachineListQuery,
    response: machine.MachinePage,
  }),
  'machine.show': get('/machines/{machine}', 'Show a machine', {
    roles: EVERYBODY,
    params: machine.MachineParams,
    response: machine.Machine,
    hasEtag: true,
  }),
  'machine.create': post('/machines', 'Create a machine', {
    roles: OPERATORS,
    body: machine.MachineCreate,
    response: machine.Machine,
  }),
  'machine.set': patch('/machines/{machine}', 'Change a machine', {
    roles: OPERATORS,
    params: machine.MachineParams,
    body: machine.MachineSet,
    response: machine.Machine,
  }),
  'machine.delete': del('/machines/{machine}', 'Delete a machine', {
    roles: OPERATORS,
    params: machine.MachineParams,
    response: machine.Machine,
  }),

  'fabric.list': get('/fabrics', 'List fabrics', {
    roles: EVERYBODY,
    query: fabric.FabricListQuery,
    response: fabric.FabricPage,
  }),
  'fabric.show': get('/fabrics/{fabric}', 'Show a fabric', {
    roles: EVERYBODY,
    params: fabric.FabricParams,
    response: fabric.Fabric,
    hasEtag: true,
  }),
  'fabric.create': post('/fabrics', 'Create a fabric', {
    roles: OPERATORS,
    body: fabric.FabricCreate,
    response: fabric.Fabric,
  }),
  'fabric.set': patch('/fabrics/{fabric}', 'Change a fabric', {
    roles: OPERATORS,
    params: fabric.FabricParams,
    body: fabric.FabricSet,
    response: fabric.Fabric,
  }),
  'fabric.delete': del('/fabrics/{fabric}', 'Delete a fabric', {
    roles: OPERATORS,
    params: fabric.FabricParams,
    response: fabric.Fabric,
  }),

  'space.list': get('/spaces', 'List spaces', {
    roles: EVERYBODY,
    query: fabric.SpaceListQuery,
    response: fabric.SpacePage,
  }),
  'space.show': get('/spaces/{space}', 'Show a space', {
    roles: EVERYBODY,
    params: fabric.SpaceParams,
    response: fabric.Space,
    hasEtag: true,
  }),
  'space.create': post('/spaces', 'Create a space', {
    roles: OPERATORS,
    body: fabric.SpaceCreate,
    response: fabric.Space,
  }),
  'space.set': patch('/spaces/{space}', 'Change a space', {
    roles: OPERATORS,
    params: fabric.SpaceParams,
    body: fabric.SpaceSet,
    response: fabric.Space,
  }),
  'space.delete': del('/spaces/{space}', 'Delete a space', {
    roles: OPERATORS,
    params: fabric.SpaceParams,
    response: fabric.Space,
  }),

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

  'setting.list': get('/settings', 'List settings', {
    roles: WATCHERS,
    query: setting.SettingListQuery,
    response: setting.SettingPage,
  }),
  'setting.show': get('/settings/{setting}', 'Show a setting', {
    roles: WATCHERS,
    params: setting.SettingParams,
    response: setting.Setting,
    hasEtag: true,
  }),
  'setting.set': put('/settings/{setting}', 'Change a setting', {
    roles: ADMINS,
    params: setting.SettingParams,
    body: setting.SettingSet,
    response: setting.Setting,
  }),

  'rack.list': get('/racks', 'List racks, or the placeholder that stands in for them', {
    roles: EVERYBODY,
    query: rack.RackListQuery,
    response: rack.RackPage,
  }),
  'rack.show': get('/racks/{rack}', 'Show a rack', {
    roles: EVERYBODY,
    params: rack.RackParams,
    response: rack.Rack,
    hasEtag: true,
  }),
  'rack.accept': post('/racks/{rack}/accept', 'Accept a rack that waits or was rejected', {
    roles: ADMINS,
    params: rack.RackParams,
    body: rack.RackAccept,
    response: rack.Rack,
    status: 200,
    hasEtag: true,
  }),
  'rack.reject': post('/racks/{rack}/reject', 'Reject a rack: it gets nothing; its machines are the master’s', {
    roles: ADMINS,
    params: rack.RackParams,
    response: rack.Rack,
    status: 200,
    hasEtag: true,
  }),
  'rack.reset-key': post(
    '/racks/{rack}/reset-key',
    'Let the rack’s next registration within 15 minutes bring a new key',
    {
      roles: ADMINS,
      params: rack.RackParams,
      response: rack.Rack,
      status: 200,
      hasEtag: true,
    },
  ),
  'rack.delete': del('/racks/{rack}', 'Forget a rack that waits or was rejected', {
    roles: ADMINS,
    params: rack.RackParams,
    response: rack.Rack,
  }),

  'node.list': get('/nodes', 'List nodes', { roles: EVERYBODY, query: node.NodeListQuery, response: node.NodePage }),
  'node.show': get('/nodes/{node}', 'Show a node', {
    roles: EVERYBODY,
    params: node.NodeParams,
    response: node.Node,
  }),

  'service.list': get('/services', 'List managed services of all nodes', {
    roles: EVERYBODY,
    query: service.ServiceListQuery,
    response: service.ServicePage,
  }),
  'service.show': get('/services/{node}/{service}', 'Show a managed service of a node', {
    roles: EVERYBODY,
    params: service.ServiceParams,
    response: service.Service,
  }),
  'service.restart': post('/services/{node}/{service}/restart', 'Restart a managed service once', {
    roles: OPERATORS,
    params: service.ServiceParams,
    response: service.Service,
    status: 200,
  }),

  'config.diff': get('/config/diff', 'What is published and not yet in force', {
    roles: WATCHERS,
    response: config.PendingConfig,
  }),
  'config.history': get('/config/history', 'Changes of the configuration, newest first', {
    roles: WATCHERS,
    query: config.ChangeListQuery,
    response: config.ChangePage,
  }),
  'config.show': get('/config/history/{change}', 'Show a change', {
    roles: WATCHERS,
    params: config.ChangeParams,
    response: config.Change,
  }),
  'config.rollback': post('/config/history/{change}/rollback', 'Undo a change', {
    roles: OPERATORS,
    params: config.ChangeParams,
    response: config.Change,
  }),

  'event.list': get('/events', 'Events, oldest first, or a stream of them', {
    roles: WATCHERS,
    query: event.EventListQuery,
    response: event.EventPage,
  }),

  'user.list': get('/users', 'List users', { roles: KEEPERS, query: user.UserListQuery, response: user.UserPage }),
  'user.show': get('/users/{user}', 'Show a user', {
    roles: KEEPERS,
    params: user.UserParams,
    response: user.User,
    hasEtag: true,
  }),
  'user.create': post('/users', 'Create a user', { roles: ADMINS, body: user.UserCreate, response: user.User }),
  'user.set': patch('/users/{user}', 'Change a user', {
    roles: ADMINS,
    params: user.UserParams,
    body: user.UserSet,
    response: user.User,
  }),
  'user.delete': del('/users/{user}', 'Delete a user and its API keys', {
    roles: ADMINS,
    params: user.UserParams,
    response: user.User,
  }),
  'api-key.list': get('/api-keys', 'List API keys: all for admins and auditors, else the own ones', {
    roles: EVERYBODY,
    query: user.ApiKeyListQuery,
    response: user.ApiKeyPage,
  }),
  'api-key.create': post('/api-keys', 'Create an API key; its secret is in this answer and nowhere else', {
    roles: KEY_OWNERS,
    body: user.ApiKeyCreate,
    response: user.ApiKeyCreated,
  }),
  'api-key.revoke': del('/api-keys/{apiKey}', 'Revoke an API key', {
    roles: KEY_OWNERS,
    params: user.ApiKeyParams,
    response: user.ApiKey,
    hasEtag: false,
  }),
} as const satisfies Record<string, RouteSpec>;

type Routes = typeof ROUTES;
export type RouteId = keyof Routes;

/** Does the call change something? */
export function isWrite(route: RouteSpec): boolean {
  return route.method !== 'GET';
}

type Part<R, K extends string> = R extends { readonly [P in K]: infer S }
  ? S extends TSchema
    ? Static<S>
    : never
  : never;

/** What a call takes: its parts that exist. `query` may always be left out. */
export type RouteInput<I extends RouteId> = ([Part<Routes[I], 'params'>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: Part<Routes[I], 'params'> }) &
  ([Part<Routes[I], 'query'>] extends [never]
    ? { readonly query?: undefined }
    : { readonly query?: Part<Routes[I], 'query'> }) &
  ([Part<Routes[I], 'body'>] extends [never]
    ? { readonly body?: undefined }
    : { readonly body: Part<Routes[I], 'body'> });

/** What a call answers. */
export type RouteOutput<I extends RouteId> = Static<Routes[I]['response']>;
