import type { Candidate, CandidateCard, CandidateDisk } from './candidate.ts';
import type { CardKey, InterfaceRequirement, DiskRequirement } from './requirement-grammar.ts';

/** What somebody requires of a machine. Members that are left out require nothing. Of a list of names one fits; of `tags` all must. */
export interface MachineRequirements {
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
  readonly interfaces?: readonly InterfaceRequirement[];
  readonly storage?: readonly DiskRequirement[];
}

/** Which part of a machine meets each requirement, by its label: names of disks, ids of interfaces. */
export interface MatchedDevices {
  readonly storage: Readonly<Record<string, string>>;
  readonly interfaces: Readonly<Record<string, number>>;
}

/** A machine that fits, and how. */
export type Fit = { readonly candidate: Candidate; readonly matched: MatchedDevices };

type Test = (candidate: Candidate) => boolean;

const DISKS = 'its disks (the first one holds /, the others hold nothing)';

/** The machines that fit, the smallest first, so that large ones stay for those who need them. Pure. */
export function fitsOf(candidates: readonly Candidate[], requirements: MachineRequirements): Fit[] {
  const tests = testsOf(requirements).map(([, test]) => test);
  return candidates
    .filter((candidate) => tests.every((test) => test(candidate)))
    .flatMap((candidate) => {
      const matched = matchOf(candidate, requirements);
      return matched === null ? [] : [{ candidate, matched }];
    })
    .toSorted(({ candidate: one }, { candidate: other }) => bySize(one, other));
}

function bySize(one: Candidate, other: Candidate): number {
  const byName = one.hostname < other.hostname ? -1 : 1;
  return one.memoryMb - other.memoryMb || one.cpus - other.cpus || bytesOf(one) - bytesOf(other) || byName;
}

const bytesOf = ({ disks }: Candidate): number => disks.reduce((sum, { bytes }) => sum + bytes, 0);

/** Says why no machine fits: how many are left after each requirement. Pure. */
export function whyNone(candidates: readonly Candidate[], requirements: MachineRequirements): string {
  if (candidates.length === 0) return 'No machine is ready and unlocked. See: regent machine list --state ready.';
  let left = candidates;
  const counts: string[] = [];
  for (const [title, test] of testsOf(requirements)) {
    left = left.filter(test);
    counts.push(`${left.length} after ${title}`);
    if (left.length === 0) break;
  }
  return `No ready machine fits. Machines that are left: ${[`${candidates.length} ready`, ...counts].join(', ')}.`;
}

function testsOf(requirements: MachineRequirements): (readonly [title: string, test: Test])[] {
  const any = (title: string, wanted: readonly string[] | undefined, of: (one: Candidate) => readonly string[]) =>
    wanted === undefined || wanted.length === 0
      ? []
      : [
          [
            `${title} ${wanted.join(' or ')}`,
            (one: Candidate) => of(one).some((name) => wanted.includes(name)),
          ] as const,
        ];
  const none = (title: string, wanted: readonly string[] | undefined, of: (one: Candidate) => readonly string[]) =>
    any(title, wanted, of).map(([text, test]) => [`not ${text}`, (one: Candidate) => !test(one)] as const);
  const { cpus, memoryMb, tags = [], interfaces = [], storage = [] } = requirements;
  const subnetsOf = ({ interfaces: cards }: Candidate) => cards.flatMap((card) => card.subnets);
  return [
    ...any('machine', requirements.machines, ({ id, hostname, fqdn }) => [id, hostname, fqdn]),
    ...any('architecture', requirements.architectures, ({ architecture }) =>
      architecture === null ? [] : [architecture],
    ),
    ...(cpus === undefined ? [] : [[`${cpus} processors`, (one: Candidate) => one.cpus >= cpus] as const]),
    ...(memoryMb === undefined
      ? []
      : [[`${memoryMb} MiB of memory`, (one: Candidate) => one.memoryMb >= memoryMb] as const]),
    ...tags.flatMap((tag) => any('tag', [tag], (one) => one.tags)),
    ...none('tag', requirements.notTags, (one) => one.tags),
    ...any('zone', requirements.zones, ({ zone }) => [zone]),
    ...none('zone', requirements.notZones, ({ zone }) => [zone]),
    ...any('pool', requirements.pools, ({ pool }) => [pool]),
    ...none('pool', requirements.notPools, ({ pool }) => [pool]),
    ...any('subnet', requirements.subnets, subnetsOf),
    ...none('subnet', requirements.notSubnets, subnetsOf),
    ...(interfaces.length === 0
      ? []
      : [['its interfaces', (one: Candidate) => cardsOf(one, interfaces) !== null] as const]),
    ...(storage.length === 0 ? [] : [[DISKS, (one: Candidate) => disksOf(one, storage) !== null] as const]),
  ];
}

function matchOf(candidate: Candidate, { interfaces = [], storage = [] }: MachineRequirements): MatchedDevices | null {
  const cards = cardsOf(candidate, interfaces);
  const disks = disksOf(candidate, storage);
  if (cards === null || disks === null) return null;
  return {
    interfaces: Object.fromEntries(interfaces.map(({ label }, index) => [label, cards[index]?.id ?? 0])),
    storage: Object.fromEntries(storage.map(({ label }, index) => [label, disks[index]?.name ?? ''])),
  };
}

function cardsOf({ interfaces }: Candidate, requirements: readonly InterfaceRequirement[]): CandidateCard[] | null {
  return assign(requirements, interfaces, ({ wants }, card) =>
    wants.every(([key, value]) => hasMember(card, key, value)),
  );
}

/** The first required disk is the device that holds `/`, as in MAAS; the others are devices that hold nothing. */
function disksOf({ disks }: Candidate, requirements: readonly DiskRequirement[]): CandidateDisk[] | null {
  const [first, ...others] = requirements;
  if (first === undefined) return [];
  const fits = ({ minBytes, tags }: DiskRequirement, disk: CandidateDisk) =>
    disk.bytes >= minBytes && tags.every((tag) => disk.tags.includes(tag));
  const root = disks.find(({ use }) => use === 'root');
  if (root === undefined || !fits(first, root)) return null;
  // The smallest that fits: a large one stays for another requirement.
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

/** Another thing for each requirement, or null: a matching by augmenting paths (Kuhn). */
function assign<W, T>(
  requirements: readonly W[],
  things: readonly T[],
  fits: (requirement: W, thing: T) => boolean,
): T[] | null {
  const takenBy = new Map<number, number>();
  const place = (requirementIndex: number, seen: Set<number>): boolean => {
    const own = requirements[requirementIndex];
    if (own === undefined) return false;
    // What nobody has comes first: equal requirements get things in their order.
    const free = things.findIndex((thing, index) => !takenBy.has(index) && !seen.has(index) && fits(own, thing));
    if (free >= 0) {
      takenBy.set(free, requirementIndex);
      return true;
    }
    return things.some((thing, index) => {
      if (seen.has(index) || !fits(own, thing)) return false;
      seen.add(index);
      const other = takenBy.get(index);
      if (other !== undefined && !place(other, seen)) return false;
      takenBy.set(index, requirementIndex);
      return true;
    });
  };
  if (!requirements.every((_, requirementIndex) => place(requirementIndex, new Set()))) return null;
  const thingByRequirement = new Map(
    [...takenBy].map(([thing, requirementIndex]) => [requirementIndex, things[thing]]),
  );
  return requirements.flatMap((_, requirementIndex) => thingByRequirement.get(requirementIndex) ?? []);
}
