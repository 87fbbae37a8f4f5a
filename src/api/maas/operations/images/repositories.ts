import type { RouteOutput } from '../../../../contract/routes.ts';
import { stableJson } from '../../../../core/stable-json.ts';
import { type MaasAnswer, json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { numberOf, uriOf } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';
import { badValue, conflict } from '../base/refusals.ts';

type Repository = RouteOutput<'package-repository.show'>;

/** Package repositories of what is deployed. */
export const REPOSITORY_HANDLERS: Handlers = {
  'PackageRepositories.read': async ({ site }) =>
    json(withDefaults(await site.all('package-repository.list')).map(view)),
  'PackageRepositories.create': async ({ site, args }) => {
    const body = { ...fieldsOf(args), name: args.text('name') ?? '' };
    return json(view(await site.call('package-repository.create', { body })));
  },
  'PackageRepository.read': async (call) => json(view(await meant(call))),
  'PackageRepository.update': updateRepository,
  'PackageRepository.delete': async (call) => {
    const { id, name } = await meant(call);
    if (isDefault(name)) conflict(`${name} is there by default and is not deleted. Rule: disable it: enabled=false.`);
    await call.site.call('package-repository.delete', { params: { package_repository: String(id) } });
    return nothing();
  },
};

/** The archives that MAAS has by default. Here they stand for what each image has itself, until somebody changes one: only then it is stored. */
const DEFAULTS: readonly Repository[] = [
  { name: 'main_archive', sourceUrl: 'http://archive.ubuntu.com/ubuntu', arches: 'amd64 i386' },
  { name: 'ports_archive', sourceUrl: 'http://ports.ubuntu.com/ubuntu-ports', arches: 'armhf arm64 ppc64el s390x' },
].map((own) => ({
  ...own,
  // Above all that are counted, and of six digits: clients in Go may write a longer number as 1e+06.
  id: 500_000 + (numberOf('package repository', own.name) % 500_000),
  comment: '',
  enabled: true,
  signingKey: '',
  distributions: '',
  components: '',
  disabledPockets: '',
  disabledComponents: '',
  disableSources: true,
}));

/** Is it the name of one that MAAS has by default? */
export function isDefault(name: string): boolean {
  return DEFAULTS.some((one) => one.name === name);
}

/** What is stored, and before it the defaults that nobody has changed. */
function withDefaults(stored: readonly Repository[]): Repository[] {
  const first = DEFAULTS.map((one) => stored.find(({ name }) => name === one.name) ?? one);
  return [...first, ...stored.filter(({ name }) => !isDefault(name))];
}

/** Where packages come from by one of the defaults, as it is now. */
export async function urlOfDefault(site: Site, name: string): Promise<string> {
  const named = ({ name: own }: Repository) => own === name;
  const stored = (await site.all('package-repository.list')).find(named);
  return stored?.sourceUrl || (DEFAULTS.find(named)?.sourceUrl ?? '');
}

/** The repository that a path names. One of the defaults has its number for life, stored or not. */
async function meant({ site, path }: MaasCall): Promise<Repository> {
  const own = DEFAULTS.find(({ id }) => String(id) === path['id']);
  if (own === undefined)
    return site.call('package-repository.show', { params: { package_repository: path['id'] ?? '' } });
  return (await site.find('package-repository.show', { params: { package_repository: own.name } })) ?? own;
}

async function updateRepository(call: MaasCall): Promise<MaasAnswer> {
  const { site, args } = call;
  const old = await meant(call);
  const name = args.text('name') || old.name;
  if (isDefault(old.name) && name !== old.name)
    badValue('name', `${old.name} is there by default`, 'it keeps its name');
  const body = { ...fieldsOf(args), name };
  const params = { package_repository: String(old.id) };
  const isStored = !DEFAULTS.includes(old);
  const usual = DEFAULTS.find((one) => one.name === name);
  if (usual === undefined) return json(view(await site.call('package-repository.set', { params, body })));
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  const { id: _id, ...wanted } = { ...old, ...Object.fromEntries(given) };
  // One that is as it was by default is stored no more: nothing that is deployed has it.
  if (sameText(wanted) === sameText(usual)) {
    if (isStored) await site.call('package-repository.delete', { params });
    return json(view(usual));
  }
  if (isStored) return json(view(await site.call('package-repository.set', { params, body })));
  return json(view(await site.call('package-repository.create', { body: wanted })));
}

/** The content of a repository as a text, to compare two of one name. The order of architectures and a slash at the end do not count. */
function sameText({ id: _id, comment: _comment, ...one }: Partial<Repository>): string {
  const arches = (one.arches ?? '').split(' ').toSorted((first, second) => (first < second ? -1 : 1));
  return stableJson({ ...one, arches, sourceUrl: (one.sourceUrl ?? '').replace(/\/+$/, '') });
}

/** What was given: an empty list takes a list away. */
function fieldsOf(args: Args) {
  const joinList = (name: string) => (args.has(name) ? args.list(name).join(' ') : undefined);
  const key = args.text('key');
  return {
    sourceUrl: args.text('url') || undefined,
    // Keys have lines; API v1 takes their bytes in base64.
    signingKey: key === undefined ? undefined : Buffer.from(key).toString('base64'),
    distributions: joinList('distributions'),
    components: joinList('components'),
    arches: joinList('arches'),
    disabledPockets: joinList('disabled_pockets'),
    disabledComponents: joinList('disabled_components'),
    disableSources: args.flag('disable_sources'),
    enabled: args.flag('enabled'),
  };
}

function view(repository: Repository) {
  const { name, sourceUrl, signingKey, disableSources, enabled } = repository;
  const id = DEFAULTS.find((one) => one.name === name)?.id ?? repository.id;
  const splitList = (text: string) => text.split(' ').filter((item) => item !== '');
  const key = Buffer.from(signingKey, 'base64');
  return {
    id,
    name,
    url: sourceUrl,
    distributions: splitList(repository.distributions),
    disabled_pockets: splitList(repository.disabledPockets),
    disabled_components: splitList(repository.disabledComponents),
    disable_sources: disableSources,
    components: splitList(repository.components),
    arches: splitList(repository.arches),
    // One without armour, which came by API v1, is no text.
    key: key[0] === 0x2d ? key.toString('utf8') : signingKey,
    enabled,
    resource_uri: uriOf('package-repositories', id),
  };
}
