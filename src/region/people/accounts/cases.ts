import type { Session } from '../../../contract/people/session.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { canonicalPassword, parsePassword } from '../../../model/people/password.ts';
import { listAudit } from '../../../store/queries/people/audit.ts';
import { dropPassword, findPassword, setPassword } from '../../../store/queries/people/passwords.ts';
import { endSession, endSessionsOf, listSessions, type SessionRow } from '../../../store/queries/people/sessions.ts';
import { findUser, type UserRow } from '../../../store/queries/people/users.ts';
import type { Tx } from '../../../store/tx.ts';
import type { Caller } from '../../base/port.ts';
import { nameAudit } from '../../base/history.ts';
import { pageBody } from '../../base/paging.ts';
import { noSuch } from '../../base/refs.ts';
import { autocommitReading, type CaseContext, type WriteCase, writing } from '../../base/use-case.ts';

const viewFor =
  (caller: Caller) =>
  ({ keyToken, isWall, role: _role, ...row }: SessionRow): Session => ({
    ...row,
    isReadOnly: isWall,
    isCurrent: row.id === caller.sessionId,
    apiKey: keyToken,
  });

/**
 * Sets, or takes away, the password of a user. Only the store has its hash. `allowShort`: an admin may give a short
 * one.
 */
export async function keepPassword(
  tx: Tx,
  user: Pick<UserRow, 'name'>,
  { password, allowShort = false }: { readonly password: string | null; readonly allowShort?: boolean | undefined },
  { passwords, caller }: Pick<CaseContext, 'passwords' | 'caller'>,
): Promise<Rejected | null> {
  if (password === null) {
    await dropPassword(tx, user.name);
    return null;
  }
  if (allowShort && caller.role !== 'admin') return rejected('forbidden', 'Only admins may set a short password.');
  const parsed = accept(parsePassword(password, user.name, { allowShort }));
  const hash = accept(await passwords.hash(parsed));
  await setPassword(tx, user.name, hash);
  return null;
}

/** A user who is no admin may set only the own password, and must know the previous one. */
async function checkSetter(
  tx: Tx,
  user: string,
  current: string | undefined,
  { caller, passwords }: CaseContext,
): Promise<Rejected | null> {
  if (caller.role === 'admin') return null;
  if (user !== caller.user) return rejected('forbidden', `${caller.user} may set only their own password.`);
  const known = await findPassword(tx, user);
  if (known === null || known.hash === null) return null;
  if (current === undefined) return invalid('current', 'it is missing', 'the password that you have now');
  const isRight = accept(await passwords.isRight(canonicalPassword(current), known.hash));
  return isRight ? null : invalid('current', 'it is not your password', 'the password that you have now');
}

const setPasswordCase: WriteCase<'user.set-password'> = {
  ...writing(
    'user.set-password',
    ({ params, body }) => `user set-password ${params.user}${body.password === null ? ' to none' : ''}`,
    async (tx, { params, body }, context) => {
      const user = await findUser(tx, params.user);
      if (user === null) refuse(noSuch('user', params.user));
      accept(
        (await checkSetter(tx, user.name, body.current, context)) ?? (await keepPassword(tx, user, body, context)),
      );
      // Who had the old one in hand is out; the session that changed it goes on.
      await endSessionsOf(tx, user.name, context.caller.sessionId ?? null);
      const hasPassword = body.password !== null;
      tx.emit({ kind: 'user.password', subject: user.name, data: { hasPassword } });
      const { name, role, email, createdAt } = user;
      return { body: { name, role, email, hasPassword, createdAt } };
    },
  ),
  digested: (body) => ({ ...body, password: body.password === null ? null : '', current: '' }),
};

/** Use cases of passwords, of browsers' sessions, and of the audit trail. */
export const accountCases = {
  'user.set-password': setPasswordCase,

  'audit.list': autocommitReading('audit.list', async (tx, { query }) => {
    const { items, next } = await listAudit(tx, { ...query });
    return pageBody({ items: await nameAudit(tx, items), next }, (row) => row, query);
  }),

  'session.list': autocommitReading('session.list', async (tx, { query }, { caller }) => {
    const seesAll = caller.role === 'admin' || caller.role === 'auditor';
    if (!seesAll && query?.user !== undefined && query.user !== caller.user)
      refuse('forbidden', `${caller.user} may see only their own sessions.`);
    return pageBody(
      await listSessions(tx, { ...query, user: seesAll ? query?.user : caller.user }),
      viewFor(caller),
      query,
    );
  }),

  'session.end': writing(
    'session.end',
    ({ params }) => `session end ${params.session}`,
    async (tx, { params }, { caller }) => {
      const row = await endSession(tx, params.session, caller.role === 'admin' ? undefined : caller.user);
      if (row === null) refuse(noSuch(caller.role === 'admin' ? 'session' : 'session of your own', params.session));
      tx.emit({ kind: 'session.ended', subject: row.user, data: { id: row.id } });
      return { body: viewFor(caller)(row) };
    },
  ),
};
