import type { RouteOutput } from '../../../../contract/routes.ts';
import type { PathValues } from '../../handler.ts';
import { numberOf } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';

export type BootSource = RouteOutput<'boot-source.show'>;

/**
 * The one source that MAAS has from the beginning, and that tools change instead of making one. Here it has no address until somebody gives it one: only then it
 * is stored. It is not shown beside others.
 */
export const DEFAULT_SOURCE: BootSource = {
  // Above all that are counted, and of six digits: clients in Go may write a longer number as 1e+06.
  id: 500_000 + (numberOf('boot source', 'default') % 500_000),
  name: 'default',
  comment: '',
  type: 'simplestreams',
  sourceUrl: '',
  keyring: '',
  selections: '',
};

/** Its number as tools know it: that of the default one stays, stored or not. */
export function shownId({ id, name }: Pick<BootSource, 'id' | 'name'>): number {
  return name === DEFAULT_SOURCE.name ? DEFAULT_SOURCE.id : id;
}

/** All that are stored; without any, the default one. */
export async function sourcesOf(site: Site): Promise<readonly BootSource[]> {
  const stored = await site.all('boot-source.list');
  return stored.length === 0 ? [DEFAULT_SOURCE] : stored;
}

/** How API v1 names the source of a path. `member`: of the path. */
export function refOf(path: PathValues, member: 'id' | 'boot_source_id'): { readonly boot_source: string } {
  const id = path[member] ?? '';
  return { boot_source: id === String(DEFAULT_SOURCE.id) ? DEFAULT_SOURCE.name : id };
}

/** The source of a path, as it is stored; the default one, if nothing is. */
export async function readSource(site: Site, params: { readonly boot_source: string }): Promise<BootSource> {
  const isDefault = params.boot_source === DEFAULT_SOURCE.name;
  const stored = isDefault ? await site.find('boot-source.show', { params }) : null;
  if (stored !== null) return stored;
  return isDefault && (await sourcesOf(site))[0] === DEFAULT_SOURCE
    ? DEFAULT_SOURCE
    : site.call('boot-source.show', { params });
}

/** The same, stored from now on: somebody says something of it. */
export async function storedSource(site: Site, params: { readonly boot_source: string }): Promise<BootSource> {
  const source = await readSource(site, params);
  if (source !== DEFAULT_SOURCE) return source;
  const { name, type } = source;
  return site.call('boot-source.create', { body: { name, type } });
}
