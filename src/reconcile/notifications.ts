import type { Activation, AnyService, RoleChange } from '../services/kit/contract.ts';
import type { ServiceRun } from './state.ts';
import type { Memory, Trigger, DesiredService } from './values.ts';

/** News for a service, each sent once: a role of the node, or that its certificate, the site's or that for DHCP partners is another one. */
export type PendingNotification =
  | { readonly kind: RoleChange['kind']; readonly value: string; readonly role: RoleChange }
  | { readonly kind: 'certificate' | 'site' | 'pair'; readonly value: string; readonly role: null };

/** Every node begins with these. The first time they change nothing for a daemon. */
const BEGINNINGS: readonly string[] = ['backup', 'standby'];

/** The first news that the service has not received; null: it knows everything. */
export function nextNotification(wanted: DesiredService, memory: Pick<Memory, 'roles'>): PendingNotification | null {
  return allNotifications(wanted).find(({ kind, value }) => memory.roles[kind] !== value) ?? null;
}

/** The service's reaction; null: none, because it receives this for the first time and it was so all along. */
export function activationOf(
  notification: PendingNotification,
  service: AnyService,
  memory: Pick<Memory, 'roles'>,
): Activation | null {
  const isFirst = memory.roles[notification.kind] === undefined;
  // The first one may have come after the daemon's start: a reload too many does no harm.
  if (notification.kind === 'site')
    return isFirst && notification.value === '' ? null : (service.onSiteCertificate?.() ?? null);
  if (notification.kind === 'pair') return isFirst ? null : (service.onPairCertificate?.() ?? null);
  if (notification.role === null) return isFirst ? null : (service.onCertificate?.() ?? null);
  return isFirst && BEGINNINGS.includes(notification.value) ? null : service.onRoleChange(notification.role);
}

/** The cause of the engine's action for this notification. */
export function triggerOf(notification: PendingNotification): Trigger {
  return notification.role === null ? 'certificate' : 'role';
}

/** Notes that the service was notified. */
export function markNotified({ state }: Pick<ServiceRun, 'state'>, { kind, value }: PendingNotification): void {
  state.memory = { ...state.memory, roles: { ...state.memory.roles, [kind]: value }, telling: null };
}

/** A daemon that has just started sees the node's present roles, so there is nothing to notify. */
export function markRolesCurrent({ state, wanted }: Pick<ServiceRun, 'state' | 'wanted'>): void {
  const current = Object.fromEntries(wanted.roles.map((role) => [role.kind, role.state]));
  state.memory = { ...state.memory, roles: { ...state.memory.roles, ...current }, telling: null };
}

/** All notifications, by kind. */
export function notificationsOf(wanted: DesiredService): Readonly<Record<string, string>> {
  return Object.fromEntries(allNotifications(wanted).map(({ kind, value }) => [kind, value]));
}

function allNotifications({
  roles,
  certificate = null,
  site = null,
  pair = null,
}: DesiredService): readonly PendingNotification[] {
  return [
    ...roles.map((role): PendingNotification => ({ kind: role.kind, value: role.state, role })),
    ...(certificate === null ? [] : [{ kind: 'certificate', value: certificate, role: null } as const]),
    ...(pair === null ? [] : [{ kind: 'pair', value: pair, role: null } as const]),
    ...(site === null ? [] : [{ kind: 'site', value: site, role: null } as const]),
  ];
}
