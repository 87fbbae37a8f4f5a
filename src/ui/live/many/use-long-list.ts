import type { RouteId, RouteInput } from '../../../contract/routes.ts';
import type { ItemOf } from '../../../contract/caller.ts';
import { useLive } from '../live.ts';
import { useWatched, type Watched, type WatchOptions } from '../use-view.ts';

/** A list that loads page by page. `isWhole`: all pages are loaded. */
export type LongList<T> = { readonly items: readonly T[]; readonly isWhole: boolean };

const PAGE = 1000;

/**
 * As useList, for lists of thousands: it shows the first page while the others load. After that the list changes as a
 * whole.
 */
export function useLongList<I extends RouteId, Row>(
  id: I,
  input: RouteInput<I>,
  options: WatchOptions & { readonly rowOf: (item: ItemOf<I>) => Row },
): Watched<LongList<Row>> {
  const { calls } = useLive();
  return useWatched<LongList<Row>>(
    `long ${id} ${JSON.stringify(input)}`,
    { ...options, isLong: true },
    async (signal, begin) => {
      const items: Row[] = [];
      for await (const item of calls.read.all(id, input, { signal })) {
        if (items.length > 0 && items.length % PAGE === 0) begin({ items: [...items], isWhole: false });
        items.push(options.rowOf(item));
      }
      return { items, isWhole: true };
    },
  );
}
