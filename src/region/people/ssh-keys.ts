import type { SshKey } from '../../contract/people/ssh-key.ts';
import { accept, refuse, show } from '../../core/errors.ts';
import { formatSshKey, parseSshKey } from '../../model/people/ssh-key.ts';
import {
  countSshKeys,
  createSshKey,
  deleteSshKey,
  findSshKeys,
  listSshKeys,
  type SshKeyRow,
} from '../../store/queries/people/ssh-keys.ts';
import { findUser } from '../../store/queries/people/users.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import type { Caller } from '../base/port.ts';
import { noSuch, parseRef } from '../base/refs.ts';
import { autocommitReading, writing } from '../base/use-case.ts';

/** A machine gets all keys of a user in one answer. */
export const KEYS_MOST = 64;

/** A key as answers show it. */
export function keyView({ data, source, ...row }: SshKeyRow): SshKey {
  return { ...row, key: formatSshKey({ ...row, data }), ...(source === '' ? {} : { source }) };
}

/** Whose keys a caller means; refused: nobody's, or those of another, which only an admin handles. */
export async function keyOwner(tx: Tx, named: string | undefined, caller: Caller): Promise<string> {
  const owner = named ?? caller.user;
  if (owner !== caller.user && caller.role !== 'admin')
    refuse('forbidden', `${caller.user} may add only their own SSH keys.`);
  return (await findUser(tx, owner))?.name ?? refuse(noSuch('user', owner));
}

/** The key of a number or a fingerprint; `user`: only among that user's. */
async function keyByRef(tx: Tx, text: string, user: string | undefined): Promise<SshKeyRow> {
  const ref = parseRef(text);
  const [first, second] = await findSshKeys(tx, 'id' in ref ? ref : { fingerprint: text }, user);
  if (first === undefined) refuse(noSuch(user === undefined ? 'SSH key' : 'SSH key of your own', text));
  if (second !== undefined) refuse('conflict', `Several users have the key ${show(text, 60)}. Name it by its id.`);
  return first;
}

/** Use cases of users' SSH keys: an admin handles everybody's, an auditor sees all, the others have their own. */
export const sshKeyCases = {
  'ssh-key.list': autocommitReading('ssh-key.list', async (tx, { query }, { caller }) => {
    const seesAll = caller.role === 'admin' || caller.role === 'auditor';
    if (!seesAll && query?.user !== undefined && query.user !== caller.user)
      refuse('forbidden', `${caller.user} may see only their own SSH keys.`);
    return pageBody(await listSshKeys(tx, { ...query, user: seesAll ? query?.user : caller.user }), keyView, query);
  }),

  'ssh-key.add': writing(
    'ssh-key.add',
    ({ body }) => `ssh-key add ${body.user ?? ''}`.trim(),
    async (tx, { body }, { caller }) => {
      const key = accept(parseSshKey(body.key));
      const user = await keyOwner(tx, body.user, caller);
      if ((await countSshKeys(tx, user)) >= KEYS_MOST)
        refuse('conflict', `${user} has ${KEYS_MOST} SSH keys. Rule: at most ${KEYS_MOST}; delete one first.`);
      const row = await createSshKey(tx, { ...key, user, source: '' });
      tx.emit({ kind: 'ssh-key.added', subject: user, data: { type: row.type, fingerprint: row.fingerprint } });
      return { body: keyView(row) };
    },
  ),

  'ssh-key.delete': writing(
    'ssh-key.delete',
    ({ params }) => `ssh-key delete ${params.sshKey}`,
    async (tx, { params }, { caller }) => {
      const row = await keyByRef(tx, params.sshKey, caller.role === 'admin' ? undefined : caller.user);
      await deleteSshKey(tx, row.id);
      tx.emit({ kind: 'ssh-key.deleted', subject: row.user, data: { type: row.type, fingerprint: row.fingerprint } });
      return { body: keyView(row) };
    },
  ),
};
