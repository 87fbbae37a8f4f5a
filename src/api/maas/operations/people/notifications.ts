import { NOTE_CATEGORIES, type Notification } from '../../../../contract/people/notification.ts';
import { json, nothing, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { viewUser } from '../../objects/base/groups.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { badValue } from '../base/refusals.ts';

/** Notes for users. */
export const NOTIFICATION_HANDLERS: Handlers = {
  'Notifications.read': async (call) => {
    const view = await viewer(call);
    return json((await call.site.all('notification.list')).map(view));
  },
  'Notifications.create': async (call) => {
    const body = { ...fieldsOf(call.args), message: call.args.text('message') ?? '' };
    return show(call, await call.site.call('notification.create', { body }));
  },
  'Notification.read': async (call) => show(call, await call.site.call('notification.show', { params: ref(call) })),
  'Notification.update': async (call) => {
    const body = { ...fieldsOf(call.args), message: call.args.text('message') || undefined };
    return show(call, await call.site.call('notification.set', { params: ref(call), body }));
  },
  'Notification.delete': async (call) => {
    await call.site.call('notification.delete', { params: ref(call) });
    return nothing();
  },
  'Notification.dismiss': async (call) => {
    await call.site.call('notification.dismiss', { params: ref(call) });
    return text('OK');
  },
};

const ref = ({ path }: MaasCall) => ({ notification: path['id'] ?? '' });

function fieldsOf(args: Args) {
  const given = args.text('category');
  const category = given ? NOTE_CATEGORIES.find((one) => one === given) : undefined;
  if (given && category === undefined) badValue('category', `${given} is not known`, NOTE_CATEGORIES.join(', '));
  return {
    category,
    ident: args.clearable('ident'),
    context: contextOf(args),
    user: args.clearable('user'),
    users: args.flag('users'),
    admins: args.flag('admins'),
    dismissable: args.flag('dismissable'),
  };
}

function contextOf(args: Args): Record<string, unknown> | undefined {
  const given = args.text('context');
  if (!given) return undefined;
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The check below refuses it.
  }
  return badValue('context', 'it cannot be read', 'an object of JSON');
}

async function show(call: MaasCall, notification: Notification) {
  const view = await viewer(call);
  return json(view(notification));
}

/** Who may not see users sees a note's user by name alone. */
async function viewer({ site }: MaasCall) {
  const isAllowed = site.caller.role === 'admin' || site.caller.role === 'auditor';
  const users = new Map((isAllowed ? await site.all('user.list') : []).map((user) => [user.name, user]));
  return ({ id, ident, category, message, context, user, users: isForUsers, admins, dismissable }: Notification) => ({
    id,
    ident,
    user: user === null ? null : viewUser(users.get(user) ?? { name: user, role: 'user', email: '' }),
    users: isForUsers,
    admins,
    message,
    context,
    category,
    dismissable,
    resource_uri: uriOf('notifications', id),
  });
}
