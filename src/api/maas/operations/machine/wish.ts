import type { RouteInput } from '../../../../contract/routes.ts';
import type { Args } from '../../args.ts';
import type { Look } from '../../look.ts';
import { meantSubnet } from '../network/subnets.ts';

type Wish = RouteInput<'machine.allocate-any'>['body'];

/** A wish, and the labels of interfaces in it that the caller did not give. */
export interface WishPlan {
  readonly body: Wish;
  readonly labels: readonly string[];
}

/** What a call to allocate asks for, as API v1 takes it. Fabrics and spaces become interfaces with labels of ours. */
export async function wishOf(look: Look, args: Args): Promise<WishPlan> {
  const subnets = args.list('subnets');
  const spaces = subnets.filter((text) => text.startsWith('space:')).map((text) => text.slice('space:'.length));
  const own = [
    ...args.list('fabrics').map((fabric, at) => [`regent-fabric-${at}`, `fabric=${fabric}`] as const),
    ...spaces.map((space, at) => [`regent-space-${at}`, `space=${space}`] as const),
  ];
  const interfaces = [args.text('interfaces') ?? '', ...own.map(([label, wish]) => `${label}:${wish}`)].filter(
    (text) => text !== '',
  );
  const body = {
    comment: args.text('comment') || undefined,
    machines: some([...args.list('name'), ...args.list('system_id')]),
    architectures: some([...args.list('arch'), ...args.list('architecture')]),
    cpus: args.number('cpu_count'),
    memoryMb: args.number('mem'),
    tags: some(args.list('tags')),
    notTags: some(args.list('not_tags')),
    zones: some(args.list('zone')),
    notZones: some(args.list('not_in_zone')),
    pools: some(args.list('pool')),
    notPools: some(args.list('not_in_pool')),
    subnets: some(
      await cidrsOf(
        look,
        subnets.filter((text) => !text.startsWith('space:')),
      ),
    ),
    notSubnets: some(await cidrsOf(look, args.list('not_subnets'))),
    interfaces: interfaces.length === 0 ? undefined : interfaces.join(';'),
    storage: args.text('storage') || undefined,
  };
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  return { body: Object.fromEntries(given) as Wish, labels: own.map(([label]) => label) };
}

function some(texts: readonly string[]): string[] | undefined {
  return texts.length === 0 ? undefined : [...texts];
}

async function cidrsOf(look: Look, texts: readonly string[]): Promise<string[]> {
  const cidrs: string[] = [];
  for (const text of texts) cidrs.push((await meantSubnet(look, text)).cidr);
  return cidrs;
}
