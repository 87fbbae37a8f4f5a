import type { ExportKind } from '../../../contract/export-kinds.ts';
import { usualText } from './same.ts';

/** MemberValues of an object as a file has them. */
export type MemberValues = Readonly<Record<string, unknown>>;

/** The name of an object of another noun. */
export interface Reference {
  readonly noun: string;
  readonly name: string;
  /** The member that names it; left out: it follows from others, such as the domain of a record. */
  readonly member?: string;
}

/** An object of the site as it is. */
export interface SiteObject {
  readonly kind: ExportKind;
  /** Unique among its kind (`nameOf`). */
  readonly name: string;
  /** How a call names it. */
  readonly ref: string;
  /** Left out: its noun has none. */
  readonly version?: number;
  readonly members: MemberValues;
  /** Names by which others may refer to it, besides `name`. */
  readonly aliases: readonly string[];
  readonly references: readonly Reference[];
  /** Secrets that it has, by their names in a map. */
  readonly hidden?: readonly string[];
  /** Automatic addresses of its interfaces. */
  readonly autos?: ReadonlySet<string>;
  /** It is there from the beginning, or belongs to another one and goes with it: `--prune` leaves it. */
  readonly isLasting: boolean;
}

/** An object as a file has it. */
export interface WantedObject {
  readonly kind: ExportKind;
  readonly name: string;
  /** Where it stands: `zones/3`. */
  readonly place: string;
  readonly members: MemberValues;
}

/** The name of an object: the members that together name it, each in its usual form. */
export function nameOf({ noun, identity }: ExportKind, members: MemberValues): string {
  const parts = identity.map((member) => partOf(members[member]));
  if (noun === 'vlan') return parts.join('/');
  if (noun === 'range') return parts.join('-');
  if (noun === 'machine' || noun === 'device') return host(parts.join('.'));
  if (noun === 'domain') return host(parts.join(''));
  if (noun === 'record') return [host(parts[0] ?? ''), ...parts.slice(1)].join(' ');
  // The comment of a key is not part of it.
  if (noun === 'ssh-key') return parts.map((part) => part.split(' ').slice(0, 2).join(' ')).join(' ');
  if (noun === 'notification' && typeof members['ident'] === 'string') return members['ident'];
  return parts.join(' ');
}

const partOf = (value: unknown): string =>
  typeof value === 'string' ? usualText(value) : JSON.stringify(value ?? null);

const host = (text: string): string => text.toLowerCase().replace(/\.$/, '');

/** The order of an export: by name, numbers in it as numbers, so that a host or an address with a larger number comes later. */
export function compareNames(one: string, other: string): number {
  const [a, b] = [one.split(DIGITS), other.split(DIGITS)];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = compareParts(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length || (one < other ? -1 : one > other ? 1 : 0);
}

const DIGITS = /(\d+)/;

function compareParts(one: string, other: string): number {
  const isNumber = /^\d+$/.test(one) && /^\d+$/.test(other);
  if (isNumber && one !== other) return one.length === other.length ? (one < other ? -1 : 1) : trimmed(one, other);
  return one < other ? -1 : one > other ? 1 : 0;
}

function trimmed(one: string, other: string): number {
  const [a, b] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : one.length - other.length);
}
