/** Where the metadata service is, on every listener. */
export const METADATA_PREFIX = '/MAAS/metadata';

/** Versions of EC2's kind of metadata that MAAS's clients ask for. */
export const METADATA_VERSIONS = ['2012-03-01', 'latest'] as const;

/** What a path of the metadata service is about. `mirror`: for machines that nobody knows yet, or for curtin, which asks the same under another name. */
export type MetadataTarget =
  | { readonly kind: 'versions' }
  | { readonly kind: 'status' | 'inventory' | 'by-id'; readonly machine: string }
  | { readonly kind: 'enlist-preseed' }
  | {
      readonly kind: 'index' | 'user-data' | 'meta-data' | 'maas-scripts' | 'maas-commissioning-scripts';
      readonly mirror: Mirror;
      /** Of meta-data; '': the list of items. */
      readonly item: string;
    };
type Mirror = 'none' | 'enlist' | 'curtin';

/** A target, and the operation that the path itself names (`…/op-signal/`). */
export type MetadataPath = { readonly target: MetadataTarget; readonly op: string | null };

const MACHINE = /^[a-z0-9]{6}$/;
const MIRRORS: Readonly<Record<string, Mirror>> = { enlist: 'enlist', curtin: 'curtin' };
const ITEMS = ['index', 'user-data', 'meta-data', 'maas-scripts', 'maas-commissioning-scripts'] as const;

/** Reads what follows the prefix; null: there is no such path, version or machine's id. Repeated slashes and one at the end do not matter. Pure. */
export function readTarget(path: string): MetadataPath | null {
  const all = path.split('/').filter((part) => part !== '');
  const last = /^op-([a-z_]{1,40})$/.exec(all.at(-1) ?? '')?.[1] ?? null;
  const parts = last === null ? all : all.slice(0, -1);
  const target = targetOf(parts);
  return target === null ? null : { target, op: last };
}

function targetOf(parts: readonly string[]): MetadataTarget | null {
  const [first, second = '', ...rest] = parts;
  if (first === undefined) return { kind: 'versions' };
  if (first === 'status' || first === 'inventory')
    return rest.length === 0 && MACHINE.test(second) ? { kind: first, machine: second } : null;
  const mirror = MIRRORS[first];
  return mirror === undefined ? versioned(parts, 'none') : versioned(parts.slice(1), mirror);
}

function versioned([version, item = 'index', ...rest]: readonly string[], mirror: Mirror): MetadataTarget | null {
  if (!METADATA_VERSIONS.some((one) => one === version)) return null;
  if (mirror === 'none' && item === 'by-id')
    return rest.length === 1 && MACHINE.test(rest[0] ?? '') ? { kind: 'by-id', machine: rest[0] ?? '' } : null;
  if (mirror === 'none' && item === 'enlist-preseed') return rest.length === 0 ? { kind: 'enlist-preseed' } : null;
  const kind = ITEMS.find((one) => one === item);
  if (kind === undefined) return null;
  if (kind !== 'meta-data') return rest.length === 0 ? { kind, mirror, item: '' } : null;
  return rest.length <= 1 ? { kind, mirror, item: rest[0] ?? '' } : null;
}
