import type { SshKey } from '../../../../contract/people/ssh-key.ts';
import type { Me, User } from '../../../../contract/people/user.ts';
import type { Domain } from '../../../../contract/names/domain.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { uriOf } from './uri.ts';

type Zone = RouteOutput<'zone.show'>;
type Pool = RouteOutput<'resource-pool.show'>;
type Tag = RouteOutput<'tag.show'>;

/** Plain objects as MAAS shows them. */
export function viewZone({ id, name, comment }: Zone) {
  return { name, description: comment, id, resource_uri: uriOf('zones', name) };
}

export function viewPool({ id, name, comment }: Pool) {
  return { name, description: comment, id, resource_uri: uriOf('resourcepool', id) };
}

export function viewTag({ name, definition, comment, kernelOptions }: Tag) {
  return { name, definition, comment, kernel_opts: kernelOptions, resource_uri: uriOf('tags', name) };
}

/** `records`: how many names and records are in it. */
export function viewDomain({ id, name, ttl, authoritative, isDefault }: Domain, records: number) {
  return {
    authoritative,
    ttl,
    is_default: isDefault,
    name,
    id,
    resource_record_count: records,
    resource_uri: uriOf('domains', id),
  };
}

export function viewUser({ name, role, email }: Pick<User, 'name' | 'role' | 'email'>) {
  return { is_superuser: role === 'admin', username: name, email, is_local: true, resource_uri: uriOf('users', name) };
}

export const viewMe = ({ user, role, email }: Me) => viewUser({ name: user, role, email });

export function viewSshKey({ id, key, source }: SshKey) {
  return { id, key, keysource: source ?? null, resource_uri: uriOf('account', 'prefs', 'sshkeys', id) };
}
