import { type RawBuilder, sql } from 'kysely';
import type { Notification } from '../../../contract/people/notification.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** What a change sets; what is left out stays. */
type NotificationChange = Partial<Omit<Notification, 'id' | 'createdAt'>>;

/** Who reads: notes are for one user, for all, or for admins. `isAll`: whomever they are for. */
export type NotificationReader = { readonly user: string; readonly isAdmin: boolean; readonly isAll: boolean };

const COLUMNS = sql`t.id, t.ident, t.category, t.message, t.context, t.user_name as "user", t.users, t.admins, t.dismissable, t.created_at as "createdAt"`;

function seenBy({ user, isAdmin, isAll }: NotificationReader): RawBuilder<unknown> {
  if (isAll) return sql`true`;
  return sql`(t.user_name = ${user} or t.users or (t.admins and ${isAdmin}))
    and not exists (select from notification_dismissals d where d.notification_id = t.id and d.user_name = ${user})`;
}

/** Notes in the order in which they were made. */
export function listNotifications(
  tx: Tx,
  reader: NotificationReader,
  query: PageQuery,
): Promise<ListPage<Notification>> {
  const id = sql`t.id`;
  const spec = { columns: COLUMNS, from: sql`notifications t`, id, sorts: { id }, defaultSort: 'id' };
  return listPage(tx, spec, [seenBy(reader)], query);
}

export function findNotification(tx: Tx, id: number, reader: NotificationReader): Promise<Notification | null> {
  return tx.one(sql<Notification>`select ${COLUMNS} from notifications t where t.id = ${id} and ${seenBy(reader)}`);
}

export async function createNotification(
  tx: Tx,
  { ident, category, message, context, user, users, admins, dismissable }: NotificationChange,
): Promise<Notification> {
  const row = await tx.one(sql<Notification>`
    insert into notifications as t (ident, category, message, context, user_name, users, admins, dismissable)
    values (${ident ?? null}, ${category ?? 'info'}, ${message ?? ''}, ${JSON.stringify(context ?? {})}::jsonb, ${user ?? null},
      ${users ?? false}, ${admins ?? false}, ${dismissable ?? true}) returning ${COLUMNS}`);
  if (!row) throw new Error('the note that was just written is not there');
  return row;
}

/** Changes a note; null: there is none. */
export function updateNotification(tx: Tx, id: number, change: NotificationChange): Promise<Notification | null> {
  const columns: [string, RawBuilder<unknown>][] = [
    ['updated_at', sql`now()`],
    ...(['ident', 'category', 'message', 'users', 'admins', 'dismissable'] as const).flatMap(
      (name): [string, RawBuilder<unknown>][] => (change[name] === undefined ? [] : [[name, sql`${change[name]}`]]),
    ),
    ...(change.user === undefined ? [] : ([['user_name', sql`${change.user}`]] as [string, RawBuilder<unknown>][])),
    ...(change.context === undefined
      ? []
      : ([['context', sql`${JSON.stringify(change.context)}::jsonb`]] as [string, RawBuilder<unknown>][])),
  ];
  const set = sql.join(columns.map(([column, value]) => sql`${sql.ref(column)} = ${value}`));
  return tx.one(sql<Notification>`update notifications as t set ${set} where t.id = ${id} returning ${COLUMNS}`);
}

export function deleteNotification(tx: Tx, id: number): Promise<Notification | null> {
  return tx.one(sql<Notification>`delete from notifications t where t.id = ${id} returning ${COLUMNS}`);
}

/** Hides a note from a user; false: it was hidden already. */
export async function dismissNotification(tx: Tx, id: number, user: string): Promise<boolean> {
  const added = await tx.run(
    sql`insert into notification_dismissals (notification_id, user_name) values (${id}, ${user}) on conflict do nothing`,
  );
  return added > 0;
}
