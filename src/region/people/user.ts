import type { ApiKey, User } from '../../contract/people/user.ts';
import { accept, invalid, isRejected, refuse, type Rejected, rejected, show } from '../../core/errors.ts';
import { orRefusal } from '../base/or-refusal.ts';
import { secretDigest } from '../../core/secret.ts';
import type { ApiKeyRow } from '../../store/queries/people/api-keys.ts';
import { createApiKey, listApiKeys, renameApiKey, revokeApiKey } from '../../store/queries/people/api-keys.ts';
import * as users from '../../store/queries/people/users.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { keepPassword } from './accounts/cases.ts';
import { type CaseContext, autocommitReading, target, type WriteCase, writing } from '../base/use-case.ts';

function view({ name, role, email, hasPassword, createdAt }: users.UserRow): User {
  return { name, role, email, hasPassword, createdAt };
}

function viewKey({ user, label, consumer, token, createdAt, expiresAt, usedAt }: ApiKeyRow): ApiKey {
  return { user, label, consumer, token, createdAt, expiresAt, usedAt };
}

async function userByName(tx: Tx, name: string): Promise<users.UserRow> {
  return (await users.findUser(tx, name)) ?? refuse(noSuch('user', name));
}

/** One admin always stays, or nobody could make another. */
async function checkLastAdmin(tx: Tx, user: users.UserRow): Promise<Rejected | null> {
  if (user.role !== 'admin' || (await users.countUsers(tx, 'admin')) > 1) return null;
  return rejected('in_use', `${user.name} is the last admin. Make another user an admin first.`);
}

/** What the user has becomes the heir's; refused if there is something and no heir. */
async function handOn(tx: Tx, name: string, heir: string | undefined): Promise<Rejected | null> {
  if (heir !== undefined) {
    const to = await orRefusal(() => userByName(tx, heir));
    if (isRejected(to)) return { ...to, message: `transfer_to: ${to.message}` };
    if (to.name === name) return invalid('transfer_to', `${name} is the user who is deleted`, 'another user');
    await users.transferOwned(tx, name, to.name);
    return null;
  }
  const owned = await users.ownedBy(tx, name);
  if (owned.length === 0) return null;
  const list = owned.map(({ what, names }) => `${what} (${names.join(', ')})`).join(' and ');
  return rejected(
    'in_use',
    `${name} has ${list}. Rule: every object of a user keeps an owner. Release them first, or name the new owner: regent user delete ${name} --transfer-to USER.`,
  );
}

function parseUserName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,149}$/.test(text)) return text;
  const rule = '1–150 letters, digits and . _ @ + -, starting with a letter or a digit';
  refuse(invalid('name', `${show(text)} is not a user name`, rule));
}

/** Whose keys the caller may see and make: an admin everybody's, an auditor sees all, the others their own. */
function mayReach(context: CaseContext, user: string): Rejected | null {
  if (user === context.caller.user || context.caller.role === 'admin') return null;
  return rejected('forbidden', `${context.caller.user} may use only their own API keys.`);
}

export const userCases = {
  'user.list': autocommitReading('user.list', async (tx, { query }) =>
    pageBody(await users.listUsers(tx, { ...query }), view, query),
  ),

  'user.show': autocommitReading('user.show', async (tx, { params }) => {
    const row = await userByName(tx, params.user);
    return { body: view(row), version: row.version };
  }),

  'user.create': {
    ...writing(
      'user.create',
      ({ body }) => `user create ${body.name} ${body.role}`,
      async (tx, { body }, context) => {
        const name = parseUserName(body.name);
        const row = await users.createUser(tx, { name, role: body.role, email: body.email });
        const { password, allowShort } = body;
        accept(password === undefined ? null : await keepPassword(tx, row, { password, allowShort }, context));
        tx.emit({ kind: 'user.created', subject: name, data: { role: row.role } });
        return { body: { ...view(row), hasPassword: body.password !== undefined }, version: row.version };
      },
    ),
    digested: (body) => (body.password === undefined ? body : { ...body, password: '' }),
  } as WriteCase<'user.create'>,

  'user.set': writing(
    'user.set',
    ({ params, body }) => `user set ${params.user} ${body.role ?? ''}`.trim(),
    async (tx, { params, body }, context) => {
      const old = await userByName(tx, params.user);
      accept(body.role === undefined || body.role === 'admin' ? null : await checkLastAdmin(tx, old));
      const row = accept(await users.updateUser(tx, target(old.name, context), body));
      tx.emit({ kind: 'user.changed', subject: row.name, data: { role: row.role } });
      return { body: view(row), version: row.version };
    },
  ),

  'user.delete': writing(
    'user.delete',
    ({ params }) => `user delete ${params.user}`,
    async (tx, { params, query }, context) => {
      const old = await userByName(tx, params.user);
      accept((await checkLastAdmin(tx, old)) ?? (await handOn(tx, old.name, query?.transfer_to)));
      const row = accept(await users.deleteUser(tx, target(old.name, context)));
      const heir = query?.transfer_to === undefined ? {} : { transferredTo: query.transfer_to };
      tx.emit({ kind: 'user.deleted', subject: row.name, data: heir });
      return { body: view(row) };
    },
  ),

  'api-key.list': autocommitReading('api-key.list', async (tx, { query }, { caller }) => {
    const seesAll = caller.role === 'admin' || caller.role === 'auditor';
    if (!seesAll && query?.user !== undefined && query.user !== caller.user)
      refuse('forbidden', `${caller.user} may see only their own API keys.`);
    const page = await listApiKeys(tx, { ...query, user: seesAll ? query?.user : caller.user });
    return pageBody(page, viewKey, query);
  }),

  'api-key.create': writing(
    'api-key.create',
    ({ body }) => `api-key create ${body.label}`,
    async (tx, { body }, context) => {
      const owner = body.user ?? context.caller.user;
      accept(mayReach(context, owner));
      const user = await userByName(tx, owner);
      const expiresAt = body.expiresAt ?? null;
      if (expiresAt !== null && Date.parse(expiresAt) <= context.clock.now())
        refuse(invalid('expiresAt', `${expiresAt} is past`, 'a moment in the future, or null for never'));
      const secret = context.random.hex(24);
      const [consumer, token] = [context.random.hex(9), context.random.hex(12)];
      const row = await createApiKey(tx, {
        user: user.name,
        label: body.label,
        consumer,
        token,
        expiresAt,
        secretSha256: secretDigest(secret),
      });
      tx.emit({ kind: 'api-key.created', subject: user.name, data: { token, label: row.label } });
      return { body: { ...viewKey(row), key: null }, secrets: { key: `${consumer}:${token}:${secret}` } };
    },
  ),

  'api-key.set': writing(
    'api-key.set',
    ({ params, body }) => `api-key set ${params.apiKey} ${body.label}`,
    async (tx, { params, body }, { caller }) => {
      const row = await renameApiKey(tx, params.apiKey, body.label, caller.role === 'admin' ? undefined : caller.user);
      if (!row) refuse(noSuch(caller.role === 'admin' ? 'API key in force' : 'API key of your own', params.apiKey));
      tx.emit({ kind: 'api-key.changed', subject: row.user, data: { token: row.token, label: row.label } });
      return { body: viewKey(row) };
    },
  ),

  'api-key.revoke': writing(
    'api-key.revoke',
    ({ params }) => `api-key revoke ${params.apiKey}`,
    async (tx, { params }, { caller }) => {
      const row = await revokeApiKey(tx, params.apiKey, caller.role === 'admin' ? undefined : caller.user);
      if (!row) refuse(noSuch(caller.role === 'admin' ? 'API key in force' : 'API key of your own', params.apiKey));
      tx.emit({ kind: 'api-key.revoked', subject: row.user, data: { token: row.token } });
      return { body: viewKey(row) };
    },
  ),
};
