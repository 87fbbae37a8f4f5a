import type { Image } from '../../../../contract/cluster/image.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { json, nothing, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { numberOf, uriOf } from '../../objects/uri.ts';
import type { Site } from '../../site.ts';
import { badValue, conflict, notFound } from '../refusals.ts';
import {
  meantSelection,
  select,
  selectionName,
  selectionNames,
  selectionsOf,
  showSelection,
  sourceOf,
} from './selections.ts';

type Source = RouteOutput<'boot-source.show'>;
/** So many digits of a digest are a number that every client can hold. */
const DIGITS = 12;

/** Images, and the sources that they come from. */
export const IMAGE_HANDLERS: Handlers = {
  'BootResources.read': async ({ site, args }) => {
    const type = args.text('type')?.toLowerCase();
    const images = await site.all('image.list');
    return json(images.map(viewImage).filter((one) => !type || one.type.toLowerCase() === type));
  },
  'BootResource.read': async ({ site, path }) => {
    const image = await meantImage(site, path['id'] ?? '');
    return json({ ...viewImage(image), sets: { [image.createdAt.slice(0, 10)]: setOf(image) } });
  },
  'BootResource.delete': async ({ site, path }) => {
    const { digest } = await meantImage(site, path['id'] ?? '');
    await site.call('image.delete', { params: { image: digest } });
    return nothing();
  },
  'BootResources.is_importing': async ({ site }) =>
    json((await site.all('image-sync.list')).some(({ state }) => state === 'waiting' || state === 'running')),
  // What has begun cannot be cut off: it goes to its end, or fails.
  'BootResources.stop_import': async ({ site }) => {
    const busy = (await site.all('image-sync.list')).filter(({ state }) => state === 'waiting' || state === 'running');
    const names = busy.map(({ source }) => source).join(', ');
    return names === ''
      ? text('Nothing is being imported')
      : badValue('id', `the import of ${names} cannot be ended`, 'an import goes to its end');
  },
  'BootResources.import': async ({ site }) => {
    const sources = await site.all('boot-source.list');
    for (const { id } of sources) await site.call('image-sync.create', { params: { source: String(id) } });
    return text('Import of boot resources started');
  },
  'BootSources.read': async ({ site }) => json((await site.all('boot-source.list')).map(viewSource)),
  'BootSource.read': async ({ site, path }) =>
    json(viewSource(await site.call('boot-source.show', { params: { boot_source: path['id'] ?? '' } }))),
  'BootSources.create': async ({ site, args }) => {
    const url = args.text('url') ?? '';
    const name = args.text('name') || titleOf(url);
    const body = { name, type: 'simplestreams' as const, sourceUrl: url, keyring: keyringOf(args) };
    return json(viewSource(await site.call('boot-source.create', { body })), 201);
  },
  'BootSource.update': async ({ site, path, args }) => {
    const body = {
      sourceUrl: args.text('url') || undefined,
      keyring: keyringOf(args),
      name: args.text('name') || undefined,
    };
    const params = { boot_source: path['id'] ?? '' };
    return json(viewSource(await site.call('boot-source.set', { params, body })));
  },
  'BootSource.delete': async ({ site, path }) => {
    await site.call('boot-source.delete', { params: { boot_source: path['id'] ?? '' } });
    return nothing();
  },
  'BootSourceSelections.read': async ({ site, path }) => json(selectionsOf(await sourceOf(site, path))),
  'BootSourceSelection.read': async ({ site, path }) => {
    const source = await sourceOf(site, path);
    return showSelection(site, path, meantSelection(source, path).name);
  },
  'BootSourceSelections.create': async ({ site, path, args }) => {
    const source = await sourceOf(site, path);
    const name = selectionName(args);
    await select(site, source, [...selectionNames(source).filter((one) => one !== name), name]);
    return showSelection(site, path, name);
  },
  'BootSourceSelection.update': async ({ site, path, args }) => {
    const source = await sourceOf(site, path);
    const old = meantSelection(source, path);
    const name = selectionName(args, old.name);
    await select(
      site,
      source,
      selectionNames(source).map((one) => (one === old.name ? name : one)),
    );
    return showSelection(site, path, name);
  },
  'BootSourceSelection.delete': async ({ site, path }) => {
    const source = await sourceOf(site, path);
    const { name } = meantSelection(source, path);
    const rest = selectionNames(source).filter((one) => one !== name);
    // Nothing selected means all that the source has.
    if (rest.length === 0)
      conflict('This is the last selection: without one all images are fetched. Delete the source instead.');
    await select(site, source, rest);
    return nothing();
  },
  'RackControllers.import_boot_images': async () =>
    text('Racks of Regent fetch images when machines ask for them. Nothing is to be done.', 202),
  'RackController.import_boot_images': async ({ site, path }) => {
    await site.call('node.show', { params: { node: path['system_id'] ?? '' } });
    return text('Racks of Regent fetch images when machines ask for them. Nothing is to be done.', 202);
  },
};

/**
 * The image that a distribution's name means: `ubuntu/noble`, `noble`, `custom/NAME`. Undefined: none is named. `isOnlyUsual`: then the one that the site has is
 * meant, where there is one alone.
 */
export async function imageOf(
  site: Site,
  given: string | undefined,
  { isOnlyUsual = false }: { readonly isOnlyUsual?: boolean } = {},
): Promise<string | undefined> {
  if (!given && !isOnlyUsual) return undefined;
  const images = await site.all('image.list', { kind: 'deployable' });
  const names = new Set(images.map((image) => image.name));
  if (!given) return names.size === 1 ? [...names][0] : undefined;
  const name = given.replace(/^custom\//, '');
  const found =
    images.find((image) => image.name === given || image.name === name) ??
    images.find((image) => (name.includes('/') ? image.name === lastOf(name) : lastOf(image.name) === name));
  return (
    found?.name ??
    badValue(
      'distro_series',
      `there is no image ${name}`,
      `one of ${images.map((one) => one.name).join(', ') || 'none, as yet'}`,
    )
  );
}

const lastOf = (name: string) => name.split('/').at(-1) ?? '';

export function viewImage({ digest, name, architecture }: Image) {
  const id = imageNumber(digest);
  return {
    id,
    type: 'Uploaded',
    name,
    architecture: `${architecture}/generic`,
    subarches: 'generic',
    title: name,
    last_deployed: null,
    resource_uri: uriOf('boot-resources', id),
  };
}

export function setOf(image: Image) {
  const { createdAt, size, files, regions, wholeOn, digest } = image;
  const isWhole = wholeOn.length >= regions.length;
  const progress = (count: number) => (regions.length === 0 ? 0 : Math.floor((100 * count) / regions.length));
  const listed = files.map(({ name, size: bytes, sha256, places }) => {
    const whole = places.filter(({ state }) => state === 'there').length;
    const file = { filename: name, filetype: fileType(name), sha256, size: bytes };
    // Nobody has it yet, or somebody is about to.
    const upload = whole === 0 ? { upload_uri: uploadUri(digest, name) } : {};
    return [name, { ...file, complete: whole >= regions.length, progress: progress(whole), ...upload }] as const;
  });
  return {
    version: createdAt.slice(0, 10),
    label: 'uploaded',
    size,
    complete: isWhole,
    progress: progress(wholeOn.length),
    files: Object.fromEntries(listed),
  };
}

/** Number of an image: the first digits of its digest. */
function imageNumber(digest: string): number {
  return Number.parseInt(digest.slice(0, DIGITS), 16);
}

export function fileNumber(digest: string, name: string): number {
  return numberOf('image-file', digest, name);
}

function uploadUri(digest: string, name: string): string {
  return uriOf('boot-resources', imageNumber(digest), 'upload', fileNumber(digest, name));
}

function fileType(name: string): string {
  if (/kernel|vmlinuz/.test(name)) return 'boot-kernel';
  if (/initrd/.test(name)) return 'boot-initrd';
  if (/squashfs/.test(name)) return 'squashfs';
  return /tar|tgz/.test(name) ? 'root-tgz' : 'root-dd';
}

export async function meantImage(site: Site, id: string): Promise<Image> {
  const found = (await site.all('image.list')).find(({ digest }) => String(imageNumber(digest)) === id);
  return found ?? notFound('image', id);
}

/** A name that a source may have, from where it is. */
function titleOf(url: string): string {
  const words = url.replace(/^[a-z]+:\/\//, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return words.slice(0, 64).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

function keyringOf(args: Args): string | undefined {
  const file = args.file('keyring_data');
  return file ? file.content.toString('base64') : args.text('keyring_data') || undefined;
}

/** When a source was made is not told by API v1. */
function viewSource({ id, sourceUrl, keyring }: Source) {
  return {
    id,
    url: sourceUrl,
    keyring_filename: '',
    keyring_data: keyring,
    created: '',
    updated: '',
    resource_uri: uriOf('boot-sources', id),
  };
}
