import type { RouteOutput } from '../../../../contract/routes.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { uriOf } from '../../objects/uri.ts';

type Repository = RouteOutput<'package-repository.show'>;

/** Package repositories of what is deployed. */
export const REPOSITORY_HANDLERS: Handlers = {
  'PackageRepositories.read': async ({ site }) => json((await site.all('package-repository.list')).map(view)),
  'PackageRepositories.create': async ({ site, args }) => {
    const body = { ...fieldsOf(args), name: args.text('name') ?? '' };
    return json(view(await site.call('package-repository.create', { body })));
  },
  'PackageRepository.read': async (call) =>
    json(view(await call.site.call('package-repository.show', { params: ref(call) }))),
  'PackageRepository.update': async (call) => {
    const body = { ...fieldsOf(call.args), name: call.args.text('name') || undefined };
    return json(view(await call.site.call('package-repository.set', { params: ref(call), body })));
  },
  'PackageRepository.delete': async (call) => {
    await call.site.call('package-repository.delete', { params: ref(call) });
    return nothing();
  },
};

const ref = ({ path }: MaasCall) => ({ package_repository: path['id'] ?? '' });

/** What was given: an empty list takes a list away. */
function fieldsOf(args: Args) {
  const words = (name: string) => (args.has(name) ? args.list(name).join(' ') : undefined);
  const key = args.text('key');
  return {
    sourceUrl: args.text('url') || undefined,
    // Keys have lines; API v1 takes their bytes in base64.
    signingKey: key === undefined ? undefined : Buffer.from(key).toString('base64'),
    distributions: words('distributions'),
    components: words('components'),
    arches: words('arches'),
    disabledPockets: words('disabled_pockets'),
    disabledComponents: words('disabled_components'),
    disableSources: args.flag('disable_sources'),
    enabled: args.flag('enabled'),
  };
}

function view(repository: Repository) {
  const { id, name, sourceUrl, signingKey, disableSources, enabled } = repository;
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  const key = Buffer.from(signingKey, 'base64');
  return {
    id,
    name,
    url: sourceUrl,
    distributions: words(repository.distributions),
    disabled_pockets: words(repository.disabledPockets),
    disabled_components: words(repository.disabledComponents),
    disable_sources: disableSources,
    components: words(repository.components),
    arches: words(repository.arches),
    // One without armour, which came by API v1, is no text.
    key: key[0] === 0x2d ? key.toString('utf8') : signingKey,
    enabled,
    resource_uri: uriOf('package-repositories', id),
  };
}
