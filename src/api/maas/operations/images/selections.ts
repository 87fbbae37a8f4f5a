import { isRejected } from '../../../../core/errors.ts';
import { isSelected, parseSelections } from '../../../../model/images/boot-source.ts';
import type { Args } from '../../args.ts';
import type { PathValues } from '../../handler.ts';
import { numberOf, uriOf } from '../../objects/base/uri.ts';
import { type Site, step } from '../../site.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { readSource, refOf, shownId, type BootSource } from './default-source.ts';

/** What an image says of who made it, where that was a source: its name follows. */
export const BY_SOURCE = 'boot source ';

/** What stands for any of MAAS's lists. */
const ANY = '*';
/** Where an image has no distribution before its name. */
export const NO_OS = 'custom';
/** What is stored if nothing is wanted: no image has this name. To API v1 no selections mean all that the source has. */
const NOTHING = 'none';

/** What is wanted of a source: an image, and the architectures of it. `arches` empty: any. */
export type WantedSelection = { readonly image: string; readonly arches: readonly string[] };

/** The boot source of a path. */
export function sourceOf(site: Site, path: PathValues): Promise<BootSource> {
  return readSource(site, refOf(path, 'boot_source_id'));
}

/** What is wanted of a source, image by image: API v1 writes `ubuntu/noble:amd64` for each architecture. */
export function namesOf({ selections }: Pick<BootSource, 'selections'>): WantedSelection[] {
  const names = selections.split(',').filter((name) => name !== '' && name !== NOTHING);
  const images = Map.groupBy(names, (name) => name.split(':')[0] ?? '');
  return [...images].map(([image, own]) => {
    const arches = own.map((name) => name.split(':')[1] ?? '');
    return { image, arches: arches.includes('') ? [] : arches };
  });
}

/** A selection as MAAS shows it. Its number follows from the name of the image. */
export function viewSelection(source: number, { image, arches }: WantedSelection) {
  const id = numberOf('selection', image);
  const [os = '', release = ANY] = image.includes('/') ? image.split('/') : [NO_OS, image];
  return {
    os,
    release,
    arches: arches.length === 0 ? [ANY] : arches,
    subarches: [ANY],
    labels: [ANY],
    boot_source_id: source,
    id,
    resource_uri: uriOf('boot-sources', source, 'selections', id),
  };
}

/** The selections of a source as MAAS shows them. */
export function selectionsOf(source: BootSource) {
  return namesOf(source).map((wanted) => viewSelection(shownId(source), wanted));
}

/** The selection that a path names. */
export function selectionIn(source: BootSource, path: PathValues): WantedSelection {
  const found = namesOf(source).find(({ image }) => String(numberOf('selection', image)) === path['id']);
  return found ?? notFound('selection', path['id']);
}

/** What a call selects; what it leaves out is as in `before`. */
export function changed(args: Args, before?: WantedSelection): WantedSelection {
  const [oldOs, oldRelease] = before?.image.includes('/') ? before.image.split('/') : [NO_OS, before?.image];
  const os = args.text('os') || (before ? oldOs : '') || badValue('os', 'it is missing', 'such as ubuntu');
  const release = args.text('release') || oldRelease || badValue('release', 'it is missing', 'such as noble');
  const arches = args.has('arches') ? [...new Set(args.list('arches'))] : (before?.arches ?? []);
  return { image: os === NO_OS ? release : `${os}/${release}`, arches: arches.includes(ANY) ? [] : arches };
}

/**
 * Stores what is wanted of a source. `old`: a selection that was changed or taken away: images of the source that only
 * this selection allowed are deleted, as they do in MAAS; tools wait for that.
 */
export async function select(
  site: Site,
  source: BootSource,
  all: readonly WantedSelection[],
  old?: WantedSelection,
): Promise<void> {
  const selections = textOf(all);
  const gone = old ? await imagesOf(site, source, { in: textOf([old]), out: selections }) : [];
  await site.together([
    ...gone.map(({ digest }) => step('image.delete', { params: { image: digest } })),
    step('boot-source.set', { params: { boot_source: String(source.id) }, body: { selections } }),
  ]);
}

function textOf(all: readonly WantedSelection[]): string {
  const names = all.flatMap(({ image, arches }) =>
    arches.length === 0 ? [image] : arches.map((architecture) => `${image}:${architecture}`),
  );
  return names.join(',') || NOTHING;
}

/** Images that came from a source, that one text selects and another one does not. */
async function imagesOf(site: Site, { name }: BootSource, texts: { readonly in: string; readonly out: string }) {
  const [inside, outside] = [texts.in, texts.out].map((text) => parseSelections(text, 'selections'));
  if (inside === undefined || outside === undefined || isRejected(inside) || isRejected(outside)) return [];
  const images = (await site.all('image.list')).filter(({ createdBy }) => createdBy === `${BY_SOURCE}${name}`);
  return images.filter((image) => isSelected(image, inside) && !isSelected(image, outside));
}
