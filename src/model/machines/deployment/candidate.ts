/** What of a ready machine requirements are about. `cpus`, `memoryMb`: 0 if not known. */
export interface Candidate {
  readonly id: string;
  readonly hostname: string;
  readonly fqdn: string;
  /** As images name it; null: not known. */
  readonly architecture: string | null;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly tags: readonly string[];
  readonly zone: string;
  readonly pool: string;
  readonly interfaces: readonly CandidateCard[];
  readonly disks: readonly CandidateDisk[];
}

/** One of its interfaces. `subnets`: CIDRs of its VLAN's subnets, and their names. */
export interface CandidateCard {
  readonly id: number;
  readonly name: string;
  readonly mac: string;
  readonly vlan: string | null;
  readonly vid: number | null;
  readonly fabric: string | null;
  readonly space: string | null;
  readonly subnets: readonly string[];
}

/** One of its disks, RAIDs or volumes. `use`: it holds `/`, something else, or nothing. */
export interface CandidateDisk {
  readonly name: string;
  readonly bytes: number;
  readonly tags: readonly string[];
  readonly use: 'root' | 'used' | 'free';
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** The kernel's name of an architecture as images have it. Pure. */
export function imageArchitecture(kernel: string | undefined): string | null {
  return kernel === undefined ? null : (ARCHITECTURES[kernel] ?? kernel);
}

/** What MAAS calls a disk by its kind. Pure. */
export function diskTags({
  name,
  rotational,
  bus,
}: {
  readonly name: string;
  readonly rotational?: boolean | undefined;
  readonly bus?: string | undefined;
}): string[] {
  const kind = rotational === undefined ? null : rotational ? 'rotary' : 'ssd';
  const bound = bus ?? (name.startsWith('nvme') ? 'nvme' : null);
  if (kind === null || kind === bound) return bound === null ? [] : [bound];
  return bound === null ? [kind] : [kind, bound];
}

/** Prefix of a hardware tag that somebody removed from a disk: it is stored among the disk's tags. */
const TAKEN = '!';

/** The stored mark of a hardware tag that is removed from a disk. Pure. */
export const takenTag = (tag: string): string => TAKEN + tag;

/** The tags of a disk: those of its hardware without the removed ones, and those that it was given. Pure. */
export function tagsOfDisk(hardware: readonly string[], storedTags: readonly string[]): readonly string[] {
  if (storedTags.length === 0) return hardware;
  const own = storedTags.filter((tag) => !tag.startsWith(TAKEN));
  return [...new Set([...hardware.filter((tag) => !storedTags.includes(takenTag(tag))), ...own])];
}
