import type { Image } from '../../../../contract/images/image.ts';
import { RejectedError } from '../../../../core/errors.ts';
import { json, nothing, text } from '../../answer.ts';
import type { Handlers } from '../../handler.ts';
import { numberOf, uriOf } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { BY_SOURCE, NO_OS } from './selections.ts';

/** So many digits of a digest are a number that every client can hold. */
const DIGITS = 12;

/** Images. */
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
  // A running import cannot be stopped: it goes to its end, or fails.
  'BootResources.stop_import': async ({ site }) => {
    const busy = (await site.all('image-sync.list')).filter(({ state }) => state === 'waiting' || state === 'running');
    const names = busy.map(({ source }) => source).join(', ');
    return names === ''
      ? text('Nothing is being imported')
      : badValue('id', `the import of ${names} cannot be ended`, 'an import goes to its end');
  },
  'BootResources.import': async ({ site }) => {
    // A source that cannot be read, because it has no key, keeps none of the others from it.
    const refusals: RejectedError[] = [];
    const sources = await site.all('boot-source.list');
    for (const { id } of sources)
      await site.call('image-sync.create', { params: { source: String(id) } }).catch((error: unknown) => {
        if (!(error instanceof RejectedError)) throw error;
        refusals.push(error);
      });
    const [refusal] = refusals;
    if (refusal && refusals.length === sources.length) throw refusal;
    return text('Import of boot resources started');
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
 * meant, if there is only one.
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

type ImageField = 'digest' | 'name' | 'architecture' | 'createdBy';

/** What came from a boot source is named as its selections are: a distribution and a release, of which tools make one from the other. */
export function viewImage({ digest, name, architecture, createdBy }: Pick<Image, ImageField>) {
  const id = imageNumber(digest);
  const isSynced = createdBy.startsWith(BY_SOURCE);
  return {
    id,
    type: isSynced ? 'Synced' : 'Uploaded',
    name: isSynced && !name.includes('/') ? `${NO_OS}/${name}` : name,
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
const imageNumber = (digest: string): number => Number.parseInt(digest.slice(0, DIGITS), 16);

export const fileNumber = (digest: string, name: string): number => numberOf('image-file', digest, name);

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
