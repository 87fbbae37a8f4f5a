import { KNOWN_OPTIONS, TAKEN_OPTIONS } from '../../../model/networks/dhcp/dhcp-option-table.ts';
import type { SnippetBody } from '../../../model/networks/dhcp-snippet.ts';

/** Members that hold lists: a snippet adds to them. All others it sets. */
const LISTS: ReadonlySet<string> = new Set(['option-def', 'client-classes', 'require-client-classes']);
const OPTIONS = 'option-data';

/** An object of Kea's configuration. */
type KeaObject = Readonly<Record<string, unknown>>;

/** A part of Kea's configuration with the snippets of its scope in it, one after the other. An option of a snippet stands in for the same one before. */
export function withSnippets(part: object, bodies: readonly SnippetBody[]): KeaObject {
  let whole: KeaObject = { ...part };
  for (const body of bodies) {
    const entries = Object.entries(body).map(
      ([name, value]) => [name, mergedMember(name, whole[name], value)] as const,
    );
    whole = { ...whole, ...Object.fromEntries(entries) };
  }
  return whole;
}

function mergedMember(name: string, before: unknown, value: unknown): unknown {
  if (name === OPTIONS) return withOptionData(listOf(before), listOf(value));
  return LISTS.has(name) ? [...listOf(before), ...listOf(value)] : value;
}

function withOptionData(before: readonly unknown[], more: readonly unknown[]): unknown[] {
  const keys = new Set(more.map(optionKey));
  return [...before.filter((option) => !keys.has(optionKey(option))), ...more];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const CODES: ReadonlyMap<string, number> = new Map([
  ...Object.entries(KNOWN_OPTIONS).map(([name, { code }]) => [name, code] as const),
  ...Object.entries(TAKEN_OPTIONS).map(([code, { name }]) => [name, Number(code)] as const),
]);

/** Names an option of `option-data`: by its space, and its code where that is known, else its name. */
export function optionKey(option: unknown): string {
  const { space, name, code } = option as { readonly space?: string; readonly name?: string; readonly code?: number };
  const known = name === undefined ? code : (CODES.get(name) ?? code);
  return `${space ?? 'dhcp4'}/${known ?? name ?? ''}`;
}

/** What a snippet sets, each named so that two of one scope that set the same thing are found. */
export function claimsOf(body: SnippetBody): string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (name === OPTIONS) return listOf(value).map((option) => `the option ${optionKey(option).replace('dhcp4/', '')}`);
    if (name === 'require-client-classes') return [];
    if (LISTS.has(name)) return listOf(value).map((item) => `${name} ${nameIn(item)}`);
    return [`the member ${name}`];
  });
}

function nameIn(item: unknown): string {
  return typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : String(item);
}
