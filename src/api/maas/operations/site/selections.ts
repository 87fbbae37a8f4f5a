import type { RouteOutput } from '../../../../contract/routes.ts';
import { type Answer, json } from '../../answer.ts';
import type { Args } from '../../args.ts';
import { numberOf, uriOf } from '../../objects/uri.ts';
import type { Site } from '../../site.ts';
import { badValue, notFound } from '../refusals.ts';

type Source = RouteOutput<'boot-source.show'>;
type Path = Readonly<Record<string, string>>;

/** What stands for any of MAAS's lists. */
const ANY = '*';
/** Where an image has no distribution before its name. */
const NO_OS = 'custom';

export function sourceOf(site: Site, path: Path): Promise<Source> {
  return site.call('boot-source.show', { params: { boot_source: path['boot_source_id'] ?? '' } });
}

/** `ubuntu/noble:amd64`, as API v1 writes a selection. */
export function selectionNames({ selections }: Pick<Source, 'selections'>): string[] {
  return selections.split(',').filter((name) => name !== '');
}

/** A selection as MAAS shows it. Its number follows from its name. */
function viewSelection(source: number, name: string) {
  const id = numberOf('selection', name);
  const [image = '', architecture = ANY] = name.split(':');
  const [os = '', release = ANY] = image.includes('/') ? image.split('/') : [NO_OS, image];
  return {
    os,
    release,
    arches: [architecture],
    subarches: [ANY],
    labels: [ANY],
    boot_source_id: source,
    id,
    resource_uri: uriOf('boot-sources', source, 'selections', id),
  };
}

export function selectionsOf(source: Source) {
  return selectionNames(source).map((name) => viewSelection(source.id, name));
}

/** The selection that a path names. */
export function meantSelection(source: Source, path: Path): { readonly name: string } {
  const name = selectionNames(source).find((one) => String(numberOf('selection', one)) === path['id']);
  return { name: name ?? notFound('selection', path['id']) };
}

/** The name of what a call selects; what it leaves out is as in `before`. */
export function selectionName(args: Args, before = ''): string {
  const [image = '', old = ANY] = before.split(':');
  const [oldOs, oldRelease] = image.includes('/') ? image.split('/') : [NO_OS, image];
  const os = args.text('os') || oldOs || badValue('os', 'it is missing', 'such as ubuntu');
  const release = args.text('release') || oldRelease || badValue('release', 'it is missing', 'such as noble');
  const arches = args.has('arches') ? args.list('arches') : [old];
  if (arches.length > 1) badValue('arches', 'there are several', `one, or ${ANY}: make a selection for each`);
  const [architecture = ANY] = arches;
  return `${os === NO_OS ? '' : `${os}/`}${release}${architecture === ANY ? '' : `:${architecture}`}`;
}

export async function select(site: Site, { id }: Source, names: readonly string[]): Promise<void> {
  const body = { selections: [...new Set(names)].join(',') };
  await site.call('boot-source.set', { params: { boot_source: String(id) }, body });
}

/** The store may write the name in another way, so the one that is there now is shown. */
export async function showSelection(site: Site, path: Path, name: string): Promise<Answer> {
  const source = await sourceOf(site, path);
  return json(viewSelection(source.id, selectionNames(source).find((one) => one === name) ?? name));
}
