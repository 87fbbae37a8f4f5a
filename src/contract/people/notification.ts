import Type, { type Static } from 'typebox';
import { Flag, Id, listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';
import { ADMINS, del, EVERYBODY, get, KEY_OWNERS, patch, post } from '../base/route-spec.ts';
import { USER_NAME_MOST } from '../base/role.ts';

/** How grave a note is. */
export const NOTE_CATEGORIES = ['error', 'warning', 'success', 'info'] as const;

const Context = Type.Record(Type.String(), Type.Unknown(), {
  maxProperties: 64,
  description: 'values for {placeholders} of the message; without any the message is read as it is written',
});

/** A note for users, until they dismiss it. */
export const Notification = strict({
  id: Id,
  ident: nullable(Type.String({ description: 'by which a tool knows its note again' })),
  category: oneOf(NOTE_CATEGORIES),
  message: Type.String({ description: 'as it was written' }),
  text: Type.Optional(
    Type.String({ description: 'the message for people: values of the context stand in place of {placeholders}' }),
  ),
  context: Context,
  user: nullable(Type.String({ description: 'name of the one user that it is for' })),
  users: Type.Boolean({ description: 'it is for all users' }),
  admins: Type.Boolean({ description: 'it is for admins' }),
  dismissable: Type.Boolean(),
  createdAt: Time,
});
export type Notification = Static<typeof Notification>;

const Fields = {
  ident: Type.Optional(nullable(text(40, 'each once: letters, digits and . _ : / -'))),
  category: Type.Optional(oneOf(NOTE_CATEGORIES)),
  context: Type.Optional(Context),
  user: Type.Optional(nullable(text(USER_NAME_MOST, 'name of the one user that it is for'))),
  users: Type.Optional(Flag),
  admins: Type.Optional(Flag),
  dismissable: Type.Optional(Flag),
};
const Message = text(4000, 'for people');
const NotificationCreate = strict({ message: Message, ...Fields });
const NotificationSet = strict({ message: Type.Optional(Message), ...Fields });

const Params = strict({ notification: text(16, 'id') });
const ListQuery = listQuery({ all: Type.Optional({ ...Flag, description: 'for admins: also those of others' }) }, [
  'id',
]);

/** Calls about notes for users. */
export const NOTIFICATION_ROUTES = {
  'notification.list': get('/notifications', 'List the notes that are for the caller and not dismissed', {
    roles: EVERYBODY,
    query: ListQuery,
    response: page(Notification),
  }),
  'notification.show': get('/notifications/{notification}', 'Show a note that is for the caller', {
    roles: EVERYBODY,
    params: Params,
    response: Notification,
  }),
  'notification.create': post('/notifications', 'Notify users', {
    roles: ADMINS,
    body: NotificationCreate,
    response: Notification,
  }),
  'notification.set': patch('/notifications/{notification}', 'Change a note', {
    roles: ADMINS,
    params: Params,
    body: NotificationSet,
    response: Notification,
    hasEtag: false,
  }),
  'notification.delete': del('/notifications/{notification}', 'Delete a note', {
    roles: ADMINS,
    params: Params,
    response: Notification,
    hasEtag: false,
  }),
  'notification.dismiss': post('/notifications/{notification}/dismiss', 'Read: the caller sees the note no more', {
    roles: KEY_OWNERS,
    params: Params,
    response: Notification,
    status: 200,
  }),
} as const;
