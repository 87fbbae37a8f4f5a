import { useEffect, useRef, useState } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import type { ItemOf } from '../../contract/caller.ts';
import { loading, type View } from '../models/base/view.ts';
import { useLive } from './live.ts';
import { startWatch, type Watch, type WatchPorts } from './watch.ts';

/** How a call is watched. `nouns`: events of these wake it, `*`: of all; `everyMs`: how often it is asked anyway. */
export interface WatchOptions {
  readonly nouns: readonly string[];
  readonly everyMs?: number;
  /** It is thousands of things: it follows events less often. */
  readonly isLong?: boolean;
}

/** What is looked at, and how to ask for it again at once. */
export interface Watched<T> {
  readonly view: View<T>;
  readonly refresh: () => void;
}

const EVERY_MS = 30_000;

/** The answer of a call, kept true while the part is on the screen. */
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

/** An object with its ETag: what a change of it is compared with. */
export interface Tagged<T> {
  readonly body: T;
  readonly etag: string | null;
}

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

/** All items of a list, kept true while the part is on the screen. */
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

/** Anything that is read, under a key that names it. */
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
    // The key says what `ask` asks for.
  }, [key, nouns, everyMs]);
  return { view, refresh: () => watch.current?.wake(true) };
}
