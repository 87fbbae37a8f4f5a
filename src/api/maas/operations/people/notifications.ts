import { NOTE_CATEGORIES, type Notification } from '../../../../contract/people/notification.ts';
import { text } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { viewUser } from '../../objects/base/groups.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { badValue } from '../base/refusals.ts';

/** Notes for users. */
export const NOTIFICATION_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'notification',
    all: 'Notifications',
    one: 'Notification',
    fields: {
      category: categoryOf,
      ident: param.clearable('ident'),
      context: contextOf,
      user: param.clearable('user'),
      users: param.flag('users'),
      admins: param.flag('admins'),
      dismissable: param.flag('dismissable'),
      message: param.filled('message'),
    },
    view: viewer,
  }),
  'Notification.dismiss': async ({ site, path }) => {
    await site.call('notification.dismiss', { params: { notification: path['id'] ?? '' } });
    return text('OK');
  },
};

function categoryOf({ args }: MaasCall) {
  const given = args.text('category');
  if (!given) return undefined;
  const category = NOTE_CATEGORIES.find((one) => one === given);
  return category ?? badValue('category', `${given} is not known`, NOTE_CATEGORIES.join(', '));
}

function contextOf({ args }: MaasCall): Record<string, unknown> | undefined {
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

/** A caller who may not see users sees only the name of a note's user. */
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
