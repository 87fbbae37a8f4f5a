import type { HistoryQuery } from '../../../contract/site/wire/older.ts';
import { printerOf } from '../../change.ts';
import type { Call } from '../../command-spec.ts';
import { printList, type Shape } from '../../format/output.ts';
import { option, text } from '../../values.ts';

const BY = ['people', 'machines'] as const;

/** Filters that events, changes and the audit trail have in common. */
export const HISTORY_OPTIONS = [
  { flags: '--object <name>', help: 'only what happened to the object of this name, also if it is deleted' },
  {
    flags: '--by <whom>',
    help: 'people: only what users did; machines: only what Regent and machines did',
    values: BY,
  },
  { flags: '--text <text>', help: 'only entries with this text' },
];

/** The same filters without the text: the audit trail has its own one. */
export const AUDIT_OPTIONS = HISTORY_OPTIONS.slice(0, 2);

/** The filters as members of a query. */
export function historyQuery(call: Call): Pick<HistoryQuery, 'text' | 'object'> & { by?: (typeof BY)[number] } {
  const by = option(call, 'by') as (typeof BY)[number] | undefined;
  return { ...text(call, 'text'), ...text(call, 'object'), ...(by === undefined ? {} : { by }) };
}

/** Prints a page of history. If a region of an earlier release did not filter it, stderr says so. */
export async function printHistory<Row>(
  call: Call,
  shape: Shape<Row>,
  page: { readonly items: readonly Row[]; readonly isFilteredHere: boolean },
): Promise<void> {
  await printList(printerOf(call), shape, page.items);
  if (page.isFilteredHere)
    call.io.err.write('This region has an earlier release, so only its last entries were searched.\n');
}
