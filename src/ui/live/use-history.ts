import { useState } from 'preact/hooks';
import type { ItemOf } from '../../contract/caller.ts';
import type { RouteInput, RouteOutput } from '../../contract/routes.ts';
import { askHistory, type HistoryFacts } from '../../contract/site/wire/older.ts';
import { type FileForm, type HistoryFileRow, fileText } from '../models/site/history-file.ts';
import { saveText } from './files/save-text.ts';
import { useLive } from './live.ts';
import { useWatched, type Watched, type WatchOptions } from './use-view.ts';

/** Lists of what happened. */
export type HistoryCall = 'event.list' | 'config.history' | 'audit.list';
type Query<I extends HistoryCall> = NonNullable<RouteInput<I>['query']>;
type HistoryItem<I extends HistoryCall> = ItemOf<I>;

/** A page of history. `isFilteredHere`: a region of an earlier release did not filter it. */
export interface HistoryPage<I extends HistoryCall> {
  readonly items: HistoryItem<I>[];
  readonly next: string | null;
  readonly isFilteredHere: boolean;
}

/** A list of what happened: which one, how it is filtered, and what its filters compare. */
export interface HistoryList<I extends HistoryCall> {
  readonly id: I;
  readonly query: Query<I>;
  readonly factsOf: (item: HistoryItem<I>) => HistoryFacts;
}

/** A page of history, up to date while the component is on the screen; regions of an earlier release answer, too. */
export function useHistory<I extends HistoryCall>(
  list: HistoryList<I>,
  options: WatchOptions,
): Watched<HistoryPage<I>> {
  const { calls } = useLive();
  return useWatched(`history ${list.id} ${JSON.stringify(list.query)}`, options, (signal) =>
    pageOf(list, (query) => calls.read.call(list.id, { query } as RouteInput<I>, { signal })),
  );
}

async function pageOf<I extends HistoryCall>(
  { query, factsOf }: HistoryList<I>,
  ask: (query: Query<I>) => Promise<{ readonly body: RouteOutput<I> }>,
): Promise<HistoryPage<I>> {
  // The three lists have pages of one form.
  return askHistory(query, async (sent: Query<I>) => (await ask(sent)).body as HistoryPage<I>, factsOf);
}

/** Entries of one file, at most. */
const FILE_MAX = 10_000;

/** Saves all entries that the filters find as a file, at most 10,000. `cursor`: how the query names the next page. */
export function useHistoryFile<I extends HistoryCall>(
  list: HistoryList<I>,
  cursor: 'cursor' | 'before',
  rowOf: (item: HistoryItem<I>) => HistoryFileRow,
): { readonly isBusy: boolean; readonly why: string; save(form: FileForm): void } {
  const { calls } = useLive();
  const [isBusy, setBusy] = useState(false);
  const [why, setWhy] = useState('');
  const readAll = async () => {
    const rows: HistoryFileRow[] = [];
    let place: string | null = '';
    while (place !== null && rows.length < FILE_MAX) {
      const at: object = place === '' ? {} : { [cursor]: cursor === 'before' ? Number(place) : place };
      const query = { ...list.query, limit: 1000, ...at };
      const page: HistoryPage<I> = await pageOf({ ...list, query }, (sent) =>
        calls.read.call(list.id, { query: sent } as RouteInput<I>),
      );
      rows.push(...page.items.map(rowOf));
      place = page.next;
    }
    return rows.slice(0, FILE_MAX);
  };
  return {
    isBusy,
    why,
    save(form) {
      setBusy(true);
      setWhy('');
      readAll()
        .then(
          (rows) =>
            saveText(`${list.id}.${form}`, form === 'csv' ? 'text/csv' : 'application/json', fileText(rows, form)),
          (error: unknown) => setWhy(error instanceof Error ? error.message : String(error)),
        )
        .finally(() => setBusy(false));
    },
  };
}
