import type { Role } from '../../../../contract/base/role.ts';
import { RejectedError, rejected } from '../../../../core/errors.ts';
import { json, nothing, text } from '../../answer.ts';
import type { Handlers } from '../../handler.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { calling, notFound } from '../base/refusals.ts';
import { viewMe, viewSshKey, viewUser } from '../../objects/base/groups.ts';

/** Name of a key that nobody gave one. */
const KEY_NAME = 'MAAS consumer';

/** Users, their API keys and SSH keys. */
export const PEOPLE_HANDLERS: Handlers = {
  'Users.whoami': async ({ site }) => json(viewMe(await site.call('me.show', {}))),
  ...nounHandlers({
    noun: 'user',
    all: 'Users',
    one: 'User',
    create: {
      name: param.text('username'),
      role: ({ args }): Role => (args.flag('is_superuser') === true ? 'admin' : 'user'),
      email: param.text('email'),
      password: param.text('password'),
      // MAAS takes passwords of any length.
      allowShort: () => true,
    },
    names: { name: 'username' },
    view: () => viewUser,
  }),
  'User.delete': async ({ site, path, args }) => {
    const heir = args.text('transfer_resources_to');
    if (heir && (await site.find('user.show', { params: { user: heir } })) === null) notFound('user', heir);
    const query = heir ? { transfer_to: heir } : {};
    await site
      .call('user.delete', { params: { user: path['username'] ?? '' }, query })
      .catch(calling({ transfer_to: 'transfer_resources_to' }));
    return nothing();
  },

  'Account.create_authorisation_token': async ({ site, args }) => {
    const name = args.text('name') || KEY_NAME;
    const { key } = await site.call('api-key.create', { body: { label: name } });
    const [consumer_key, token_key, token_secret] = (key ?? '').split(':');
    return json({ token_key, token_secret, consumer_key, name });
  },
  'Account.update_token_name': async ({ site, args }) => {
    // A whole key, or its public part.
    const parts = (args.text('token') ?? '').split(':');
    const params = { apiKey: parts[1] ?? parts[0] ?? '' };
    await site.call('api-key.set', { params, body: { label: args.text('name') ?? '' } });
    return text('Accepted', 202);
  },
  'Account.delete_authorisation_token': async ({ site, args }) => {
    await site.call('api-key.revoke', { params: { apiKey: args.text('token_key') ?? '' } });
    return nothing();
  },
  // A secret is shown once, to the user who makes the key, and is stored nowhere.
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
  'SSHKeys.import': async ({ site, args }) => {
    const source = (args.text('keysource') ?? '').trim();
    const { items } = await site.call('ssh-key.import', { body: { source } }).catch(calling({ source: 'keysource' }));
    return json(items.map(viewSshKey));
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
