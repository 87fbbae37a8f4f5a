/**
 * The chosen rows. `isAll`: all that match the filter except `ids`; else only `ids`. The choice is part of the address.
 */
export type Choice = { readonly isAll: boolean; readonly ids: ReadonlySet<string> };

/** The most rows that an address holds. */
const MOST = 200;

/** Nothing is chosen. */
export const NOTHING: Choice = { isAll: false, ids: new Set() };

/** Reads a choice: `a,b`; `*`: all; `*,a`: all but a. */
export function parseChoice(text: string | undefined): Choice {
  const parts = (text ?? '').split(',').filter((part) => part !== '');
  return { isAll: parts[0] === '*', ids: new Set(parts.filter((part) => part !== '*').slice(0, MOST)) };
}

/** As parseChoice reads it. */
export const choiceText = ({ isAll, ids }: Choice): string => [...(isAll ? ['*'] : []), ...ids].join(',');

/** Is a row chosen? */
export const isChosen = (choice: Choice, id: string): boolean => choice.ids.has(id) !== choice.isAll;

/** The choice with one row toggled; unchanged if the address would hold too many. */
export function toggled(choice: Choice, id: string): Choice {
  const ids = new Set(choice.ids);
  if (!ids.delete(id)) ids.add(id);
  return ids.size > MOST ? choice : { isAll: choice.isAll, ids };
}

/** Chooses all, or none if all are chosen. */
export const allOrNone = (choice: Choice): Choice =>
  choice.isAll && choice.ids.size === 0 ? NOTHING : { isAll: true, ids: new Set() };

/** The chosen ones of some rows. */
export function chosenOf<Row>(choice: Choice, rows: readonly Row[], idOf: (row: Row) => string): readonly Row[] {
  if (!choice.isAll && choice.ids.size === 0) return [];
  return rows.filter((row) => isChosen(choice, idOf(row)));
}
