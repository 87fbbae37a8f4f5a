import { useEffect, useRef } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import { ProblemError } from '../../contract/base/wire/transport.ts';
import { dataOf } from '../models/base/view.ts';
import { useLive } from './live.ts';
import { usePlaces } from './place.ts';
import { type Tagged, useWatched, type WatchOptions, type Watched } from './use-view.ts';

/** A noun whose pages have the object's name in their address. */
export interface Named<I extends RouteId> {
  readonly input: (ref: string) => RouteInput<I>;
  /** The reference that stays valid when the name changes, as `input` takes it. */
  readonly ref: (body: RouteOutput<I>) => string;
  /** The address of its page. */
  readonly path: (body: RouteOutput<I>) => readonly string[];
}

/**
 * As useTagged, of an object that may be renamed while its page is open: it is found by its name, then followed by its id, and the page goes to its new
 * address as soon as no dialog is open, so that what a form says in the end is read.
 */
export function useNamed<I extends RouteId>(
  id: I,
  named: Named<I>,
  name: string,
  options: WatchOptions,
): Watched<Tagged<RouteOutput<I>>> {
  const { calls } = useLive();
  const places = usePlaces();
  const known = useRef<string | null>(null);
  const found = useWatched<Tagged<RouteOutput<I>>>(`named ${id} ${name}`, options, async (signal) => {
    const read = (ref: string) => calls.read.call(id, named.input(ref), { signal });
    const reply = await read(known.current ?? name).catch((error: unknown) => {
      // The object is deleted; another one may have its name.
      if (known.current === null || !isMissing(error)) throw error;
      known.current = null;
      return read(name);
    });
    known.current = named.ref(reply.body);
    return reply;
  });
  const shown = dataOf(found.view);
  const path = shown === null ? null : named.path(shown.body);
  const isStaying = places.isStaying.value;
  useEffect(() => {
    if (path !== null && !isStaying) places.correct(path);
  }, [path?.join('\n'), isStaying]);
  return found;
}

const isMissing = (error: unknown): boolean => error instanceof ProblemError && error.problem.status === 404;
