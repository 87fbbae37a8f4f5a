import type { Candidate, CandidateCard, CandidateDisk } from './candidate.ts';
import type { CardKey, CardWish, DiskWish } from './wish-grammar.ts';

/** What somebody wants of a machine. Members that are left out are no wish. Of a list of names one fits; of `tags` all must. */
export interface Wish {
  /** Host names, full names or ids. */
  readonly machines?: readonly string[];
  readonly architectures?: readonly string[];
  readonly cpus?: number;
  readonly memoryMb?: number;
  readonly tags?: readonly string[];
  readonly notTags?: readonly string[];
  readonly zones?: readonly string[];
  readonly notZones?: readonly string[];
  readonly pools?: readonly string[];
  readonly notPools?: readonly string[];
  /** CIDRs or names. */
  readonly subnets?: readonly string[];
  readonly notSubnets?: readonly string[];
  readonly interfaces?: readonly CardWish[];
  readonly storage?: readonly DiskWish[];
}

/** What of a machine each wish got, by its label: names of disks, ids of interfaces. */
export interface Matched {
  readonly storage: Readonly<Record<string, string>>;
  readonly interfaces: Readonly<Record<string, number>>;
}

/** A machine that fits, and how. */
export interface Fit {
  readonly candidate: Candidate;
  readonly matched: Matched;
}

type Test = (candidate: Candidate) => boolean;

const DISKS = 'its disks (the first one holds /, the others hold nothing)';

/** The machines that fit, the smallest first, so that large ones stay for those who need them. Pure. */
export function fitsOf(candidates: readonly Candidate[], wish: Wish): Fit[] {
  const tests = testsOf(wish).map(([, test]) => test);
  return candidates
    .filter((candidate) => tests.every((test) => test(candidate)))
    .flatMap((candidate) => {
      const matched = matchOf(candidate, wish);
      return matched === null ? [] : [{ candidate, matched }];
    })
    .toSorted(({ candidate: one }, { candidate: other }) => bySize(one, other));
}

function bySize(one: Candidate, other: Candidate): number {
  const byName = one.hostname < other.hostname ? -1 : 1;
  return one.memoryMb - other.memoryMb || one.cpus - other.cpus || bytesOf(one) - bytesOf(other) || byName;
}

function bytesOf({ disks }: Candidate): number {
  return disks.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Says why no machine fits: how many are left after each wish. Pure. */
export function whyNone(candidates: readonly Candidate[], wish: Wish): string {
  if (candidates.length === 0) return 'No machine is ready and unlocked. See: regent machine list --state ready.';
  let left = candidates;
  const counts: string[] = [];
  for (const [words, test] of testsOf(wish)) {
    left = left.filter(test);
    counts.push(`${left.length} after ${words}`);
    if (left.length === 0) break;
  }
  return `Of ${candidates.length} ready machines none fits: ${counts.join(', ')} are left.`;
}

function testsOf(wish: Wish): (readonly [words: string, test: Test])[] {
  const any = (words: string, wanted: readonly string[] | undefined, of: (one: Candidate) => readonly string[]) =>
    wanted === undefined || wanted.length === 0
      ? []
      : [
          [
            `${words} ${wanted.join(' or ')}`,
            (one: Candidate) => of(one).some((name) => wanted.includes(name)),
          ] as const,
        ];
  const none = (words: string, wanted: readonly string[] | undefined, of: (one: Candidate) => readonly string[]) =>
    any(words, wanted, of).map(([text, test]) => [`not ${text}`, (one: Candidate) => !test(one)] as const);
  const { cpus, memoryMb, tags = [], interfaces = [], storage = [] } = wish;
  const subnetsOf = ({ interfaces: cards }: Candidate) => cards.flatMap((card) => card.subnets);
  return [
    ...any('machine', wish.machines, ({ id, hostname, fqdn }) => [id, hostname, fqdn]),
    ...any('architecture', wish.architectures, ({ architecture }) => (architecture === null ? [] : [architecture])),
    ...(cpus === undefined ? [] : [[`${cpus} processors`, (one: Candidate) => one.cpus >= cpus] as const]),
    ...(memoryMb === undefined
      ? []
      : [[`${memoryMb} MiB of memory`, (one: Candidate) => one.memoryMb >= memoryMb] as const]),
    ...tags.flatMap((tag) => any('tag', [tag], (one) => one.tags)),
    ...none('tag', wish.notTags, (one) => one.tags),
    ...any('zone', wish.zones, ({ zone }) => [zone]),
    ...none('zone', wish.notZones, ({ zone }) => [zone]),
    ...any('pool', wish.pools, ({ pool }) => [pool]),
    ...none('pool', wish.notPools, ({ pool }) => [pool]),
    ...any('subnet', wish.subnets, subnetsOf),
    ...none('subnet', wish.notSubnets, subnetsOf),
    ...(interfaces.length === 0
      ? []
      : [['its interfaces', (one: Candidate) => cardsOf(one, interfaces) !== null] as const]),
    ...(storage.length === 0 ? [] : [[DISKS, (one: Candidate) => disksOf(one, storage) !== null] as const]),
  ];
}

function matchOf(candidate: Candidate, { interfaces = [], storage = [] }: Wish): Matched | null {
  const cards = cardsOf(candidate, interfaces);
  const disks = disksOf(candidate, storage);
  if (cards === null || disks === null) return null;
  return {
    interfaces: Object.fromEntries(interfaces.map(({ label }, index) => [label, cards[index]?.id ?? 0])),
    storage: Object.fromEntries(storage.map(({ label }, index) => [label, disks[index]?.name ?? ''])),
  };
}

function cardsOf({ interfaces }: Candidate, wishes: readonly CardWish[]): CandidateCard[] | null {
  return assign(wishes, interfaces, ({ wants }, card) => wants.every(([key, value]) => hasMember(card, key, value)));
}

/** The first wish is the device that holds `/`, as in MAAS; the others are devices that hold nothing. */
function disksOf({ disks }: Candidate, wishes: readonly DiskWish[]): CandidateDisk[] | null {
  const [first, ...others] = wishes;
  if (first === undefined) return [];
  const fits = ({ minBytes, tags }: DiskWish, disk: CandidateDisk) =>
    disk.bytes >= minBytes && tags.every((tag) => disk.tags.includes(tag));
  const root = disks.find(({ use }) => use === 'root');
  if (root === undefined || !fits(first, root)) return null;
  // The smallest that fits: a large one stays for another wish.
  const free = disks.filter(({ use }) => use === 'free').toSorted((one, other) => one.bytes - other.bytes);
  const rest = assign(others, free, fits);
  return rest === null ? null : [root, ...rest];
}

function hasMember(card: CandidateCard, key: CardKey, value: string): boolean {
  switch (key) {
    case 'vid':
      return `${card.vid ?? 0}` === value;
    case 'mac':
      return card.mac === value.toLowerCase();
    case 'subnet':
    case 'subnet_cidr':
      return card.subnets.includes(value);
    case 'vlan':
      return card.vlan === value || card.vlan?.endsWith(`/${value}`) === true;
    case 'name':
    case 'fabric':
    case 'space':
      return card[key] === value;
  }
}

/** Another thing for each wish, or null: a matching by augmenting paths (Kuhn). */
function assign<W, T>(wishes: readonly W[], things: readonly T[], fits: (wish: W, thing: T) => boolean): T[] | null {
  const takenBy = new Map<number, number>();
  const place = (wish: number, seen: Set<number>): boolean => {
    const own = wishes[wish];
    if (own === undefined) return false;
    // What nobody has comes first: wishes that are alike get things in their order.
    const free = things.findIndex((thing, index) => !takenBy.has(index) && !seen.has(index) && fits(own, thing));
    if (free >= 0) {
      takenBy.set(free, wish);
      return true;
    }
    return things.some((thing, index) => {
      if (seen.has(index) || !fits(own, thing)) return false;
      seen.add(index);
      const other = takenBy.get(index);
      if (other !== undefined && !place(other, seen)) return false;
      takenBy.set(index, wish);
      return true;
    });
  };
  if (!wishes.every((_, wish) => place(wish, new Set()))) return null;
  const byWish = new Map([...takenBy].map(([thing, wish]) => [wish, things[thing]]));
  return wishes.flatMap((_, wish) => byWish.get(wish) ?? []);
}
