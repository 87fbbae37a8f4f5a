import type { Notification } from '../../contract/people/notification.ts';
import { accept, refuse } from '../../core/errors.ts';
import {
  createNotification,
  deleteNotification,
  dismissNotification,
  findNotification,
  listNotifications,
  type NotificationReader,
  updateNotification,
} from '../../store/queries/people/notifications.ts';
import { findUser } from '../../store/queries/people/users.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import type { Caller } from '../base/port.ts';
import { noSuch } from '../base/refs.ts';
import { autocommitReading, writing } from '../base/use-case.ts';
import { noteText, renderNote } from './note-text.ts';

/** An admin reaches every note; the others reach those that are for them. */
function readerOf({ user, role }: Caller, isAll = role === 'admin'): NotificationReader {
  return { user, isAdmin: role === 'admin', isAll };
}

async function unknownUser(tx: Tx, user: string | null | undefined) {
  return typeof user === 'string' && (await findUser(tx, user)) === null ? noSuch('user', user) : null;
}

/** A note as the wire shows it. */
const view = (row: Notification, text = noteText(row.message, row.context)): Notification => ({ ...row, text });

const missing = (text: string) => noSuch('notification', text);

/** The id that a path names; 0, which no note has, where it names none. */
function idOf({ notification }: { readonly notification: string }): number {
  return /^[1-9]\d{0,8}$/.test(notification) ? Number(notification) : 0;
}

/** Notes for users. */
export const notificationCases = {
  'notification.list': autocommitReading('notification.list', async (tx, { query }, { caller }) => {
    if (query?.all === true && caller.role !== 'admin')
      refuse('forbidden', `${caller.user} may see only their own notes.`);
    return pageBody(await listNotifications(tx, readerOf(caller, query?.all === true), { ...query }), view, query);
  }),

  'notification.show': autocommitReading('notification.show', async (tx, { params }, { caller }) => {
    const row = await findNotification(tx, idOf(params), readerOf(caller));
    return row === null ? refuse(missing(params.notification)) : { body: view(row) };
  }),

  'notification.create': writing(
    'notification.create',
    () => 'notification create',
    async (tx, { body }) => {
      accept(await unknownUser(tx, body.user));
      const row = await createNotification(tx, body);
      const text = accept(renderNote(row.message, row.context));
      tx.emit({ kind: 'notification.created', subject: String(row.id), data: { ...row } });
      return { body: view(row, text) };
    },
  ),

  'notification.set': writing(
    'notification.set',
    ({ params }) => `notification set ${params.notification}`,
    async (tx, { params, body }) => {
      accept(await unknownUser(tx, body.user));
      const row = await updateNotification(tx, idOf(params), body);
      if (row === null) refuse(missing(params.notification));
      const text = accept(renderNote(row.message, row.context));
      tx.emit({ kind: 'notification.changed', subject: String(row.id), data: { ...row } });
      return { body: view(row, text) };
    },
  ),

  'notification.delete': writing(
    'notification.delete',
    ({ params }) => `notification delete ${params.notification}`,
    async (tx, { params }) => {
      const row = await deleteNotification(tx, idOf(params));
      if (row === null) refuse(missing(params.notification));
      tx.emit({ kind: 'notification.deleted', subject: String(row.id), data: { ...row } });
      return { body: view(row) };
    },
  ),

  'notification.dismiss': writing(
    'notification.dismiss',
    ({ params }) => `notification dismiss ${params.notification}`,
    async (tx, { params }, { caller }) => {
      const row = await findNotification(tx, idOf(params), readerOf(caller));
      if (row === null) refuse(missing(params.notification));
      if (!row.dismissable)
        refuse('conflict', `The note ${row.id} cannot be dismissed. Rule: it stays until it is deleted.`);
      // Events of a user's own affairs go only to that user (store/queries/base/events.ts).
      if (await dismissNotification(tx, row.id, caller.user))
        tx.emit({ kind: 'notification.dismissed', subject: String(row.id), data: {} });
      return { body: view(row) };
    },
  ),
};
