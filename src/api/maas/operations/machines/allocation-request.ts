import type { RouteInput } from '../../../../contract/routes.ts';
import { AGENT_NAME } from '../../../../model/site/annotation.ts';
import type { Args } from '../../args.ts';
import type { SiteLists } from '../../site-lists.ts';
import { meantIds } from '../networks/meant.ts';
import { badValue } from '../base/refusals.ts';
import { tagNames } from './node-filters.ts';

type AllocationBody = RouteInput<'machine.allocate-any'>['body'];

/** The body of an allocation, the labels of interfaces in it that the caller did not give, and those of disks that the caller gave. */
export interface AllocationRequest {
  readonly body: AllocationBody;
  readonly labels: readonly string[];
  readonly disks: readonly string[];
}

/** Reads the constraints of a call, as API v1 takes them. Fabrics and spaces become interfaces with labels of ours. */
export async function readAllocation(lists: SiteLists, args: Args): Promise<AllocationRequest> {
  const subnets = args.list('subnets');
  const spaces = subnets.filter((text) => text.startsWith('space:')).map((text) => text.slice('space:'.length));
  const own = [
    ...args.list('fabrics').map((fabric, at) => [`regent-fabric-${at}`, `fabric=${fabric}`] as const),
    ...spaces.map((space, at) => [`regent-space-${at}`, `space=${space}`] as const),
  ];
  const interfaces = [
    args.text('interfaces') ?? '',
    ...own.map(([label, constraint]) => `${label}:${constraint}`),
  ].filter((text) => text !== '');
  const storage = args.list('storage').join(',');
  const body = {
    comment: args.text('comment') || undefined,
    annotations: args.text('agent_name') ? { [AGENT_NAME]: args.text('agent_name') ?? '' } : undefined,
    machines: some([...args.list('name'), ...args.list('system_id')]),
    architectures: some([...args.list('arch'), ...args.list('architecture')]),
    cpus: atLeast(args.number('cpu_count')),
    memoryMb: atLeast(args.number('mem')),
    tags: some(tagNames(args.list('tags'))),
    notTags: some(tagNames(args.list('not_tags'))),
    zones: some(args.list('zone')),
    notZones: some(args.list('not_in_zone')),
    pools: some(args.list('pool')),
    notPools: some(args.list('not_in_pool')),
    subnets: some(
      await cidrsOf(
        lists,
        subnets.filter((text) => !text.startsWith('space:')),
      ),
    ),
    notSubnets: some(await cidrsOf(lists, args.list('not_subnets'))),
    interfaces: interfaces.length === 0 ? undefined : await byName(lists, interfaces.join(';')),
    storage: storage || undefined,
  };
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  const disks = storage.split(/,(?![^(]*\))/).flatMap((part) => /^\s*([\w-]+):/.exec(part)?.[1] ?? []);
  return { body: Object.fromEntries(given) as AllocationBody, labels: own.map(([label]) => label), disks };
}

/** Whole numbers of which a machine has as many at least; none if every machine has. */
function atLeast(number: number | undefined): number | undefined {
  return number === undefined || number <= 0 ? undefined : Math.ceil(number);
}

const some = (texts: readonly string[]): string[] | undefined => (texts.length === 0 ? undefined : [...texts]);

/** The CIDRs of the subnets that are meant. */
async function cidrsOf(lists: SiteLists, texts: readonly string[]): Promise<string[]> {
  if (texts.length === 0) return [];
  const ids = await meantIds(lists, 'subnet', texts);
  return (await lists.subnets()).filter(({ id }) => ids.has(id)).map(({ cidr }) => cidr);
}

type NamedItem = { readonly id: number; readonly name: string };

/** The name of what is meant by its number or its name; undefined: there is none. */
async function nameIn(list: Promise<readonly NamedItem[]>, text: string): Promise<string | undefined> {
  const all = await list;
  return (all.find(({ id }) => String(id) === text) ?? all.find(({ name }) => name === text))?.name;
}

/** Replaces numbers in constraints of interfaces (`data:space=5`) by the names that API v1 takes. Unknown numbers stay as they are. */
async function byName(lists: SiteLists, text: string): Promise<string> {
  const readers: Readonly<Record<string, (value: string) => Promise<string | undefined>>> = {
    space: (value) => nameIn(lists.spaces(), value),
    fabric: (value) => nameIn(lists.fabrics(), value),
    vlan: async (value) => {
      const found = (await lists.vlans()).find(({ id }) => String(id) === value);
      return found && `${found.fabric}/${found.name}`;
    },
    subnet: async (value) =>
      (await lists.subnets()).find(({ id, name }) => String(id) === value || name === value)?.cidr,
  };
  const parts = text.split(/(?<=[,;])|(?<=(?:^|;)\s*[\w-]+:)/);
  const named = parts.map(async (part) => {
    const [, key = '', value = '', end = ''] = /^\s*([a-z]+)=(?:id:|name:)?([^,;]+)([,;]?)$/.exec(part) ?? [];
    const found = Object.hasOwn(readers, key) ? await readers[key]?.(value.trim()) : undefined;
    return found === undefined ? part : `${key}=${found}${end}`;
  });
  return (await Promise.all(named)).join('');
}

type ScriptsParameter = 'commissioning_scripts' | 'testing_scripts';

/** What a commissioning or a test runs, and whether people may log in meanwhile. */
export function runOf(
  args: Args,
  kind: ScriptsParameter,
): { readonly enableSsh: boolean | undefined; readonly scripts: string[] | undefined } {
  if (kind === 'commissioning_scripts' && namesOf(args, 'testing_scripts').length > 0)
    badValue('testing_scripts', 'a commissioning runs no tests', 'none; the machine is tested by op=test afterwards');
  // Undefined: those that run when none is named.
  return { enableSsh: args.flag('enable_ssh'), scripts: args.text(kind) ? namesOf(args, kind) : undefined };
}

/** Names of scripts; `none` is none. */
const namesOf = (args: Args, kind: ScriptsParameter): string[] => args.list(kind).filter((name) => name !== 'none');
