import { useEffect, useRef, useState } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import type { ItemOf } from '../../contract/caller.ts';
import { loading, type View } from '../models/base/view.ts';
import { useLive } from './live.ts';
import { startWatch, type Watch, type WatchPorts } from './watch.ts';

/**
 * How a call is watched. `nouns`: events of these trigger a read, `*`: all events; `everyMs`: the interval of reads
 * without an event.
 */
export interface WatchOptions {
  readonly nouns: readonly string[];
  readonly everyMs?: number;
  /** The list has thousands of items: it follows events less often. */
  readonly isLong?: boolean;
}

/** The view of a call, and a function that reads it again at once. */
export type Watched<T> = { readonly view: View<T>; readonly refresh: () => void };

const EVERY_MS = 30_000;

/** The answer of a call, up to date while the component is on the screen. */
export function useView<I extends RouteId>(
  id: I,
  input: RouteInput<I>,
  options: WatchOptions,
): Watched<RouteOutput<I>> {
  const { calls } = useLive();
  return useWatched(`${id} ${JSON.stringify(input)}`, options, async (signal) => {
    return (await calls.read.call(id, input, { signal })).body;
  });
}

/** An object with its ETag, which a change of it sends. */
export type Tagged<T> = { readonly body: T; readonly etag: string | null };

/** As useView, with the ETag. */
export function useTagged<I extends RouteId>(
  id: I,
  input: RouteInput<I>,
  options: WatchOptions,
): Watched<Tagged<RouteOutput<I>>> {
  const { calls } = useLive();
  return useWatched(`tagged ${id} ${JSON.stringify(input)}`, options, (signal) =>
    calls.read.call(id, input, { signal }),
  );
}

/** All items of a list, up to date while the component is on the screen. */
export function useList<I extends RouteId>(
  id: I,
  input: RouteInput<I>,
  options: WatchOptions,
): Watched<readonly ItemOf<I>[]> {
  const { calls } = useLive();
  return useWatched(`all ${id} ${JSON.stringify(input)}`, options, async (signal) => {
    const items: ItemOf<I>[] = [];
    for await (const item of calls.read.all(id, input, { signal })) items.push(item);
    return items;
  });
}

/** The view of any read. `key` names what is read. */
export function useWatched<T>(key: string, options: WatchOptions, ask: WatchPorts<T>['ask']): Watched<T> {
  const live = useLive();
  const [view, setView] = useState<View<T>>(() => loading(Date.now()));
  const watch = useRef<Watch | null>(null);
  const nouns = options.nouns.join(' ');
  const { everyMs = EVERY_MS, isLong = false } = options;
  useEffect(() => {
    setView(loading(Date.now()));
    const started = startWatch<T>({ ask, everyMs, isLong, now: Date.now, fraction: Math.random, onView: setView });
    watch.current = started;
    const deaf = live.onEvent((event) => {
      const noun = event?.kind.split('.')[0] ?? '*';
      if (event === null) started.wake(true);
      else if (nouns.split(' ').some((name) => name === '*' || name === noun)) started.wake();
    });
    const blind = live.isVisible.subscribe((isVisible) => started.setActive(isVisible));
    return () => {
      deaf();
      blind();
      started.stop();
    };
    // The key names what `ask` reads.
  }, [key, nouns, everyMs]);
  return { view, refresh: () => watch.current?.wake(true) };
}
