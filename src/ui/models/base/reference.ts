import type { NounObject, ReferenceNoun } from './nouns/nouns.ts';
import { refOf } from './nouns/nouns.ts';
import { REFERENCES } from './nouns/noun-table.ts';

/** Names that a list of choices shows at most. */
export const SHOWN_MOST = 20;
/** The largest page of a list: a noun without a filter by name is filtered here. */
const PAGE_MOST = 1000;

/** The query of the list for a typed part of a name: the site answers a bounded part of it. */
export function choicesQuery(noun: ReferenceNoun, text: string): Readonly<Record<string, string | number>> {
  const { by }: { readonly param: string; readonly by?: string } = REFERENCES[noun];
  if (by === undefined) return { limit: PAGE_MOST };
  // A VLAN is FABRIC/NAME; a machine is in its list by its first label.
  const part = (noun === 'vlan' ? text.split('/').at(-1) : noun === 'machine' ? text.split('.')[0] : text) ?? '';
  return { limit: SHOWN_MOST + 1, ...(part === '' ? {} : { [by]: part }) };
}

/** Names of what was found that have the typed text, each once. `isMore`: not all of them are shown. */
export function choicesOf(
  noun: ReferenceNoun,
  rows: readonly NounObject[],
  text: string,
): { readonly names: readonly string[]; readonly isMore: boolean } {
  const wanted = text.toLowerCase();
  const names = [...new Set(rows.map((row) => refOf(noun, row)))].filter((name) => name.toLowerCase().includes(wanted));
  return { names: names.slice(0, SHOWN_MOST), isMore: names.length > SHOWN_MOST };
}

/** The part of a path that names an object: the call that shows whether it exists. */
export const referenceParams = (noun: ReferenceNoun, text: string): Readonly<Record<string, string>> => ({
  [REFERENCES[noun].param]: text,
});
