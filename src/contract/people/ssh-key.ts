import Type, { type Static } from 'typebox';
import { Id, listQuery, oneOf, page, strict, Time, text } from '../base/common.ts';
import { del, EVERYBODY, get, KEY_OWNERS, post } from '../base/route-spec.ts';
import { KEY_SOURCE_RULE } from '../../model/people/key-source.ts';
import { SSH_KEY_TYPES } from '../../model/people/ssh-key.ts';
import { USER_NAME_MOST } from '../base/role.ts';

/** A user's public key of SSH: machines that run a system of ours for this user let its owner in. */
export const SshKey = strict({
  id: Id,
  user: Type.String(),
  type: oneOf(SSH_KEY_TYPES),
  bits: Type.Integer(),
  fingerprint: Type.String({ description: 'as ssh-keygen -l shows it: SHA256:…' }),
  comment: Type.String(),
  key: Type.String({ description: 'the line of the public key file' }),
  createdAt: Time,
  source: Type.Optional(Type.String({ description: 'where it was imported from: lp:NAME or gh:NAME' })),
});
export type SshKey = Static<typeof SshKey>;

export const SshKeyCreate = strict({
  key: text(8192, 'a line of a public key file: TYPE BASE64 [COMMENT]'),
  user: Type.Optional(text(USER_NAME_MOST, 'name; the caller when left out')),
});
export const SshKeyImport = strict({
  source: text(80, KEY_SOURCE_RULE),
  user: Type.Optional(text(USER_NAME_MOST, 'name; the caller when left out')),
});
/** `items`: the keys that the user has of those that the source has; `added`: how many of them are new. */
export const SshKeysImported = strict({
  source: Type.String(),
  added: Type.Integer(),
  items: Type.Array(SshKey),
  refused: Type.Array(Type.String(), { description: 'keys that are not taken, and why' }),
});
export type SshKeysImported = Static<typeof SshKeysImported>;
export const SshKeyParams = strict({ sshKey: text(64, 'id, or fingerprint') });
export const SshKeyListQuery = listQuery({ user: Type.Optional(text(USER_NAME_MOST)) }, ['id', 'user', 'created']);
export const SshKeyPage = page(SshKey);

/** Calls about users' SSH keys. */
export const SSH_KEY_ROUTES = {
  'ssh-key.list': get('/ssh-keys', 'List SSH keys: all for admins and auditors, else the own ones', {
    roles: EVERYBODY,
    query: SshKeyListQuery,
    response: SshKeyPage,
  }),
  'ssh-key.add': post('/ssh-keys', 'Add a public key, by which machines let their owner in', {
    roles: KEY_OWNERS,
    body: SshKeyCreate,
    response: SshKey,
  }),
  'ssh-key.import': post('/ssh-keys/import', 'Import public keys from Launchpad or GitHub: those that are new', {
    roles: KEY_OWNERS,
    body: SshKeyImport,
    response: SshKeysImported,
  }),
  'ssh-key.delete': del('/ssh-keys/{sshKey}', 'Delete a public key', {
    roles: KEY_OWNERS,
    params: SshKeyParams,
    response: SshKey,
    hasEtag: false,
  }),
} as const;
