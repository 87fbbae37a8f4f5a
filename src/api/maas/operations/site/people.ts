import { RejectedError, rejected } from '../../../../core/errors.ts';
import { json, nothing } from '../../answer.ts';
import type { Handlers } from '../../handler.ts';
import { viewMe, viewSshKey, viewUser } from '../../objects/groups.ts';

/** Name of a key that nobody gave one. */
const KEY_NAME = 'MAAS consumer';

/** Users, their API keys and SSH keys. */
export const PEOPLE_HANDLERS: Handlers = {
  'Users.whoami': async ({ site }) => json(viewMe(await site.call('me.show', {}))),
  'Users.read': async ({ site }) => json((await site.all('user.list')).map(viewUser)),
  'User.read': async ({ site, path }) =>
    json(viewUser(await site.call('user.show', { params: { user: path['username'] ?? '' } }))),

  'Account.create_authorisation_token': async ({ site, args }) => {
    const name = args.text('name') || KEY_NAME;
    const { key } = await site.call('api-key.create', { body: { label: name } });
    const [consumer_key, token_key, token_secret] = (key ?? '').split(':');
    return json({ token_key, token_secret, consumer_key, name });
  },
  'Account.delete_authorisation_token': async ({ site, args }) => {
    await site.call('api-key.revoke', { params: { apiKey: args.text('token_key') ?? '' } });
    return nothing();
  },
  // A secret is shown once, to whoever makes the key, and is stored nowhere.
  'Account.list_authorisation_tokens': async ({ site }) => {
    const keys = await site.all('api-key.list', { user: site.caller.user });
    return json(keys.map(({ label, consumer, token }) => ({ name: label, token: `${consumer}:${token}:` })));
  },

  'SSHKeys.read': async ({ site }) =>
    json((await site.all('ssh-key.list', { user: site.caller.user })).map(viewSshKey)),
  'SSHKeys.create': async ({ site, args }) => {
    const body = { key: (args.text('key') ?? '').trim(), user: args.text('user') || undefined };
    return json(viewSshKey(await site.call('ssh-key.add', { body })), 201);
  },
  'SSHKey.read': async ({ site, path }) => {
    const keys = await site.all('ssh-key.list');
    const found = keys.find(({ id }) => String(id) === path['id']);
    if (!found) throw new RejectedError(rejected('not_found', `There is no SSH key ${path['id']}.`));
    return json(viewSshKey(found));
  },
  'SSHKey.delete': async ({ site, path }) => {
    await site.call('ssh-key.delete', { params: { sshKey: path['id'] ?? '' } });
    return nothing();
  },
};
