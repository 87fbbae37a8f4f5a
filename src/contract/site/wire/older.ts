import { ProblemError } from '../../base/wire/transport.ts';
import { isPerson } from './sentence.ts';

/** Filters of events, changes and the audit trail that a release before 0.4.0 does not know, in one of the lists at least. */
const NEWER = ['text', 'object', 'by', 'until', 'since', 'who'] as const;
type Newer = (typeof NEWER)[number];

/** A query of one of the lists: any of the newer filters may be in it. */
export type HistoryQuery = { readonly [K in Newer]?: string };

/** What a filter compares. `text`: the sentence. */
export interface HistoryFacts {
  readonly text: string;
  readonly who: string;
  readonly at: string;
}

/**
 * Asks for a page of history. During an upgrade a region of an earlier release may answer, which refuses newer filters:
 * then it is sent without them, and what it gives is filtered here. `isFilteredHere`: that happened, so a page may have
 * few entries, or none, although there are more.
 */
export async function askHistory<Q extends object, P extends { readonly items: readonly unknown[] }>(
  query: Q & HistoryQuery,
  ask: (query: Q) => Promise<P>,
  factsOf: (item: P['items'][number]) => HistoryFacts,
): Promise<P & { readonly isFilteredHere: boolean }> {
  try {
    return { ...(await ask(query)), isFilteredHere: false };
  } catch (error) {
    const refused = refusedFilters(error, query);
    if (refused.length === 0) throw error;
    const rest = Object.fromEntries(Object.entries(query).filter(([name]) => !refused.some((one) => one === name)));
    const page = await ask(rest as Q);
    const items = page.items.filter((item) => refused.every((name) => PASSES[name](factsOf(item), query[name] ?? '')));
    return { ...page, items, isFilteredHere: true };
  }
}

/** The filters that a region of an earlier release refused as unknown; none: it refused something else. */
function refusedFilters(error: unknown, query: HistoryQuery): Newer[] {
  if (!(error instanceof ProblemError) || error.problem.status !== 422) return [];
  const fields = error.problem.fields ?? [];
  const refused = NEWER.filter((name) => fields.some(({ field }) => field === name));
  return fields.every(({ field }) => NEWER.some((name) => name === field && query[name] !== undefined)) ? refused : [];
}

const hasText = ({ text }: HistoryFacts, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

const PASSES: Readonly<Record<Newer, (facts: HistoryFacts, value: string) => boolean>> = {
  text: hasText,
  object: hasText,
  by: ({ who }, value) => isPerson(who) === (value === 'people'),
  until: ({ at }, value) => Date.parse(at) < Date.parse(value),
  since: ({ at }, value) => Date.parse(at) >= Date.parse(value),
  who: ({ who }, value) => who === value,
};
