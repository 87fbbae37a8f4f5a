import type { Static, TSchema } from 'typebox';
import * as config from './site/config.ts';
import { DEVICE } from './machines/device.ts';
import { DOMAIN } from './names/domain.ts';
import * as event from './site/event.ts';
import { MACHINE } from './machines/machine.ts';
import { SEARCH_ROUTES } from './search.ts';
import { SCREEN_ROUTES } from './site/screens.ts';
import * as node from './cluster/node.ts';
import * as rack from './cluster/rack.ts';
import { RECORD } from './names/record.ts';
import * as service from './cluster/service.ts';
import * as setting from './site/setting.ts';
import { Status } from './site/status.ts';
import { TRUST_ROUTES } from './cluster/trust-routes.ts';
import { COMMAND_ROUTES, JOB_ROUTES } from './cluster/command-routes.ts';
import { IMAGE_ROUTES } from './images/image.ts';
import { IMAGE_SYNC_ROUTES } from './images/image-sync.ts';
import { BACKUP_ROUTES } from './cluster/backup.ts';
import { FINDING_ROUTES } from './cluster/finding.ts';
import { SERIES_ROUTES } from './cluster/series.ts';
import { SUPPORT_ROUTES } from './cluster/support.ts';
import { UPGRADE_ROUTES } from './site/upgrade.ts';
import { MOVE_ROUTES } from './cluster/move-routes.ts';
import { CLUSTER_ROUTES } from './cluster/routes.ts';
import { ENLISTMENT_ROUTES } from './machines/enlistment.ts';
import { INTERFACE_ROUTES } from './machines/machine-interface-routes.ts';
import { MACHINE_TIMELINE_ROUTES } from './machines/machine-timeline.ts';
import { NETWORK_ROUTES } from './networks/routes.ts';
import { callsOf } from './base/entry.ts';
import { MACHINE_LIFECYCLE_ROUTES, MACHINE_SELECTION_ROUTES } from './machines/machine-lifecycle.ts';
import { MACHINE_INVENTORY_ROUTES } from './machines/machine-inventory.ts';
import { MACHINE_STORAGE_ROUTES } from './machines/machine-storage.ts';
import { MACHINE_POWER_ROUTES } from './machines/machine-power.ts';
import { NOUN_ROUTES } from './noun-routes.ts';
import { SCRIPT } from './machines/script.ts';
import {
  ADMINS,
  del,
  EVERYBODY,
  get,
  KEEPERS,
  KEY_OWNERS,
  OPERATORS,
  patch,
  post,
  put,
  WATCHERS,
  type RouteSpec,
} from './base/route-spec.ts';
import { AUDIT_ROUTES } from './people/audit.ts';
import { SESSION_ROUTES } from './people/session.ts';
import { ALERT_TARGET_ROUTES } from './site/alert-target.ts';
import { ANNOTATION_ROUTES } from './site/annotation.ts';
import { EXPORT_ROUTES } from './export.ts';
import { FILE_ROUTES } from './people/file.ts';
import { NOTIFICATION_ROUTES } from './people/notification.ts';
import { SSH_KEY_ROUTES } from './people/ssh-key.ts';
import * as user from './people/user.ts';

export type { RouteSpec };

export { API_PREFIX } from './base/wire/transport.ts';

/** Every call of API v1, by its name `noun.verb`. */
export const ROUTES = {
  'me.show': get('/me', 'Who the caller is', { roles: EVERYBODY, response: user.Me }),
  'status.show': get('/status', 'The site on one screen', { roles: EVERYBODY, response: Status }),

  ...CLUSTER_ROUTES,
  ...JOB_ROUTES,
  ...COMMAND_ROUTES,
  ...MOVE_ROUTES,
  ...BACKUP_ROUTES,
  ...FINDING_ROUTES,
  ...SERIES_ROUTES,
  ...SUPPORT_ROUTES,
  ...UPGRADE_ROUTES,
  ...ALERT_TARGET_ROUTES,

  ...callsOf(DOMAIN),
  ...callsOf(RECORD),
  ...callsOf(MACHINE),
  // A machine's owner may store annotations with it.
  'machine.set': { ...callsOf(MACHINE)['machine.set'], roles: KEY_OWNERS },
  ...callsOf(DEVICE),
  ...FILE_ROUTES,
  ...ANNOTATION_ROUTES,
  ...NOTIFICATION_ROUTES,
  ...callsOf(SCRIPT),
  ...INTERFACE_ROUTES,
  ...MACHINE_POWER_ROUTES,
  ...MACHINE_LIFECYCLE_ROUTES,
  ...MACHINE_SELECTION_ROUTES,
  ...MACHINE_INVENTORY_ROUTES,
  ...MACHINE_STORAGE_ROUTES,
  ...ENLISTMENT_ROUTES,
  ...MACHINE_TIMELINE_ROUTES,
  ...NOUN_ROUTES,
  ...NETWORK_ROUTES,
  ...TRUST_ROUTES,
  ...IMAGE_ROUTES,
  ...IMAGE_SYNC_ROUTES,

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
    'Give the rack the key of its rebuilt host, or let its own node bring one within 15 minutes',
    {
      roles: ADMINS,
      params: rack.RackParams,
      body: rack.RackResetKey,
      isBodyOptional: true,
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
  'node.show': get('/nodes/{node}', 'Show a node', { roles: EVERYBODY, params: node.NodeParams, response: node.Node }),

  'service.list': get('/services', 'List managed services of all nodes', {
    roles: EVERYBODY,
    query: service.ServiceListQuery,
    response: service.ServicePage,
  }),
  'service.show': get('/services/{node}/{service}', 'Show a managed service of a node', {
    roles: EVERYBODY,
    params: service.ServiceParams,
    response: service.ServiceDetail,
  }),
  'metric.list': get(
    '/metrics',
    'Numbers of the site, in Prometheus’ text format or as OpenMetrics unless the call accepts JSON',
    { roles: WATCHERS, response: service.Metrics },
  ),
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
    response: config.ConfigChange,
  }),
  'config.rollback': post('/config/history/{change}/rollback', 'Undo a change', {
    roles: OPERATORS,
    params: config.ChangeParams,
    response: config.ConfigChange,
  }),

  ...EXPORT_ROUTES,

  'event.list': get('/events', 'Events, or a stream of them; role user gets only kind and subject', {
    roles: EVERYBODY,
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
    query: user.UserDeleteQuery,
    response: user.User,
  }),
  'user.set-password': put('/users/{user}/password', 'Set a password; an admin everybody’s, the others their own', {
    roles: KEY_OWNERS,
    params: user.UserParams,
    body: user.PasswordSet,
    response: user.User,
    hasEtag: false,
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
  'api-key.set': patch('/api-keys/{apiKey}', 'Give an API key another title', {
    roles: KEY_OWNERS,
    params: user.ApiKeyParams,
    body: user.ApiKeySet,
    response: user.ApiKey,
    hasEtag: false,
  }),
  'api-key.revoke': del('/api-keys/{apiKey}', 'Revoke an API key', {
    roles: KEY_OWNERS,
    params: user.ApiKeyParams,
    response: user.ApiKey,
    hasEtag: false,
  }),
  ...SSH_KEY_ROUTES,
  ...SESSION_ROUTES,
  ...AUDIT_ROUTES,
  ...SEARCH_ROUTES,
  ...SCREEN_ROUTES,
} as const satisfies Record<string, RouteSpec>;

type RouteTable = typeof ROUTES;
export type RouteId = keyof RouteTable;

/** Does the call change something? */
export const isWrite = (route: RouteSpec): boolean => route.method !== 'GET';

type RoutePart<R, K extends string> = R extends { readonly [P in K]: infer S }
  ? S extends TSchema
    ? Static<S>
    : never
  : never;

/** What a call takes: its parts that exist. `query` may always be left out. */
export type RouteInput<I extends RouteId> = ([RoutePart<RouteTable[I], 'params'>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: RoutePart<RouteTable[I], 'params'> }) &
  ([RoutePart<RouteTable[I], 'query'>] extends [never]
    ? { readonly query?: undefined }
    : { readonly query?: RoutePart<RouteTable[I], 'query'> }) &
  ([RoutePart<RouteTable[I], 'body'>] extends [never]
    ? { readonly body?: undefined }
    : { readonly body: RoutePart<RouteTable[I], 'body'> });

/** What a call answers. */
export type RouteOutput<I extends RouteId> = Static<RouteTable[I]['response']>;
