import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { createSiteLists, type SiteLists } from '../../site-lists.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { type Site, step, type SiteStep } from '../../site.ts';
import { momentOfBirth, readBirths } from '../base/births.ts';
import type { BootSource } from './default-source.ts';
import { DEFAULT_SOURCE, readSource, refOf, shownId, sourcesOf, storedSource } from './default-source.ts';
import { changed, namesOf, select, selectionIn, selectionsOf, sourceOf, viewSelection } from './selections.ts';

/** Where images come from besides uploads, and what is wanted of it. */
export const SOURCE_HANDLERS: Handlers = {
  'BootSources.read': async ({ site, lists }) => {
    const view = await viewer(site, lists);
    return json((await sourcesOf(site)).map(view));
  },
  'BootSource.read': async (call) => show(call, await readSource(call.site, ref(call))),
  'BootSources.create': async (call) => {
    const { site, args } = call;
    const url = args.text('url') ?? '';
    const name = args.text('name') || titleOf(url);
    const body = { name, type: 'simplestreams' as const, sourceUrl: url, keyring: keyringOf(args) };
    const source = await site.call('boot-source.create', { body });
    await storeAnnotations(call, source.id);
    return show(call, source, 201);
  },
  'BootSource.update': async (call) => {
    const { site, args } = call;
    const body = {
      sourceUrl: args.text('url') || undefined,
      keyring: keyringOf(args),
      name: args.text('name') || undefined,
    };
    const { id } = await storedSource(site, ref(call));
    const steps = [...annotationSteps(args, id), step('boot-source.set', { params: ref(call), body })];
    return show(call, (await site.together(steps)).at(-1) as BootSource);
  },
  'BootSource.delete': async (call) => {
    const source = await readSource(call.site, ref(call));
    if (source === DEFAULT_SOURCE) return nothing();
    const { id } = source;
    const texts = Object.fromEntries(ANNOTATED_FIELDS.map((field) => [nameOf(id, field), '']));
    await call.site.together([annotation(texts), step('boot-source.delete', { params: ref(call) })]);
    return nothing();
  },
  'BootSourceSelections.read': async ({ site, path }) => json(selectionsOf(await sourceOf(site, path))),
  'BootSourceSelection.read': async ({ site, path }) => {
    const source = await sourceOf(site, path);
    return json(viewSelection(shownId(source), selectionIn(source, path)));
  },
  'BootSourceSelections.create': async ({ site, path, args }) => {
    const source = await storedSource(site, refOf(path, 'boot_source_id'));
    const wanted = changed(args);
    const known = namesOf(source).find(({ image }) => image === wanted.image);
    const arches = known && args.has('arches') ? [...new Set([...known.arches, ...wanted.arches])] : wanted.arches;
    const rest = namesOf(source).filter((one) => one !== known);
    await select(site, source, [...rest, { ...wanted, arches }]);
    return json(viewSelection(shownId(source), { ...wanted, arches }));
  },
  'BootSourceSelection.update': async ({ site, path, args }) => {
    const source = await sourceOf(site, path);
    const old = selectionIn(source, path);
    const wanted = changed(args, old);
    const others = namesOf(source).filter(({ image }) => image === old.image || image !== wanted.image);
    await select(
      site,
      source,
      others.map((one) => (one.image === old.image ? wanted : one)),
      old,
    );
    return json(viewSelection(shownId(source), wanted));
  },
  'BootSourceSelection.delete': async ({ site, path }) => {
    const source = await sourceOf(site, path);
    const old = selectionIn(source, path);
    await select(
      site,
      source,
      namesOf(source).filter(({ image }) => image !== old.image),
      old,
    );
    return nothing();
  },
};

const ref = ({ path }: Pick<MaasCall, 'path'>) => refOf(path, 'id');

async function show(call: MaasCall, source: BootSource, status = 200) {
  const view = await viewer(call.site, createSiteLists(call.site));
  return json(view(source), status);
}

/** A name that a source may have, from where it is. */
function titleOf(url: string): string {
  const slug = url.replace(/^[a-z]+:\/\//, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return slug.slice(0, 64).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

function keyringOf(args: Args): string | undefined {
  const file = args.file('keyring_data');
  return file ? file.content.toString('base64') : args.text('keyring_data');
}

/**
 * Fields of a source that are stored as they were given, because tools read them back: its address, which API v1 has without a slash at its end, and the name of a
 * file with a key, which no region reads. They are annotations of the site.
 */
const ANNOTATED_FIELDS = ['url', 'keyring_filename'] as const;
const nameOf = (id: number, field: (typeof ANNOTATED_FIELDS)[number]) => `boot-source.${id}.${field}`;
const annotation = (texts: Record<string, string>) =>
  step('annotation.set', { params: { kind: 'site', object: 'site' }, body: { texts } });

function annotationSteps(args: Args, id: number): SiteStep[] {
  const given = ANNOTATED_FIELDS.filter((field) => args.has(field)).map((field) => [
    nameOf(id, field),
    args.text(field) ?? '',
  ]);
  return given.length === 0 ? [] : [annotation(Object.fromEntries(given) as Record<string, string>)];
}

async function storeAnnotations({ site, args }: MaasCall, id: number): Promise<void> {
  const steps = annotationSteps(args, id);
  if (steps.length > 0) await site.together(steps);
}

async function viewer(site: Site, lists: SiteLists) {
  const births = await readBirths(site, 'boot-source');
  const changes = await readBirths(site, 'boot-source', 'changed');
  const texts = (await lists.annotations()).find(({ kind }) => kind === 'site')?.texts ?? {};
  return ({ id, name, sourceUrl, keyring }: BootSource) => {
    const given = texts[nameOf(id, 'url')] ?? '';
    return {
      id: shownId({ id, name }),
      url: given.replace(/\/+$/, '') === sourceUrl ? given : sourceUrl,
      keyring_filename: texts[nameOf(id, 'keyring_filename')] ?? '',
      keyring_data: keyring,
      created: momentOfBirth(births.get(name)),
      updated: momentOfBirth(changes.get(name) ?? births.get(name)),
      resource_uri: uriOf('boot-sources', shownId({ id, name })),
    };
  };
}
