import { backOffMs } from '../../core/back-off.ts';
import type { Problem } from '../../contract/base/common.ts';
import { networkSentence, ProblemError } from '../../contract/base/wire/transport.ts';
import { answered, loading, refusedView, SLOW_MS, unanswered, type View } from '../models/base/view.ts';

/** Events come in bursts: one read follows a burst. */
const COALESCE_MS = 250;
const BACK_OFF = { firstMs: 300, mostMs: 3000 } as const;

/** A long list follows events less often: it is read a fifth of the time at most, and no later than this, ms. */
const REST = { factor: 4, mostMs: 10_000 } as const;

/**
 * What a watch needs. `ask` reads from the site; on the first read it may show a part before all has arrived;
 * `everyMs`: the interval of reads, for changes that have no event.
 */
export interface WatchPorts<T> {
  readonly ask: (signal: AbortSignal, begin: (part: T) => void) => Promise<T>;
  readonly everyMs: number;
  readonly now: () => number;
  readonly fraction: () => number;
  readonly onView: (view: View<T>) => void;
  /** The list has thousands of items. */
  readonly isLong?: boolean;
  /** The view from before; it is old until the site has answered. */
  readonly before?: View<T>;
}

/** A running watch. */
export interface Watch {
  /** The object may have changed: the watch reads it again soon; `isUrgent`: even if the last read took long. */
  wake(isUrgent?: boolean): void;
  /** Nobody sees the page: the watch does not read. */
  setActive(isActive: boolean): void;
  stop(): void;
}

/**
 * Keeps a view of one object up to date. At most one read runs at a time. After an answer it reads again when something
 * wakes it, and slowly by itself; after a failure soon, with a pause that doubles. It reads the whole object each time,
 * because a state that is patched drifts.
 */
export function startWatch<T>(ports: WatchPorts<T>): Watch {
  const stopped = new AbortController();
  let view: View<T> = ports.before ? unanswered(ports.before, '') : loading(ports.now());
  let timer: ReturnType<typeof setTimeout> | null = null;
  let dueAt = Number.POSITIVE_INFINITY;
  let isAsking = false;
  let isWoken = false;
  let isActive = true;
  let failures = 0;
  let tookMs = 0;
  let isWhole = ports.before !== undefined;

  const show = (next: View<T>) => {
    if (stopped.signal.aborted || next === view) return;
    view = next;
    ports.onView(view);
  };

  const restMs = () => Math.max(COALESCE_MS, ports.isLong ? Math.min(tookMs * REST.factor, REST.mostMs) : 0);

  /** The earlier of two planned reads counts. */
  const plan = (ms: number) => {
    const at = ports.now() + ms;
    if (stopped.signal.aborted || (timer !== null && dueAt <= at)) return;
    if (timer !== null) clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void round(), ms);
  };

  async function round(): Promise<void> {
    timer = null;
    if (!isActive || isAsking || stopped.signal.aborted) return;
    isAsking = true;
    isWoken = false;
    const at = ports.now();
    const waitLong = () => setTimeout(() => show(unanswered(view, '')), SLOW_MS);
    let slow = waitLong();
    try {
      const begin = (part: T) => {
        clearTimeout(slow);
        slow = waitLong();
        if (!isWhole) show(answered(part, at));
      };
      show(answered(await ports.ask(stopped.signal, begin), at));
      isWhole = true;
      failures = 0;
      tookMs = ports.now() - at;
    } catch (error) {
      const refusal = refusalOf(error);
      show(refusal ? refusedView(refusal) : unanswered(view, sentenceOfFailure(error)));
      failures = refusal ? 0 : failures + 1;
    } finally {
      clearTimeout(slow);
      isAsking = false;
    }
    if (isWoken) plan(restMs());
    else plan(failures > 0 ? backOffMs(failures - 1, BACK_OFF, ports) : ports.everyMs * (0.9 + ports.fraction() / 5));
  }

  ports.onView(view);
  plan(0);
  return {
    wake(isUrgent = false) {
      if (isAsking) isWoken = true;
      else plan(failures > 0 ? 0 : isUrgent ? COALESCE_MS : restMs());
    },
    setActive(next) {
      if (next === isActive) return;
      isActive = next;
      if (isActive) plan(0);
    },
    stop() {
      stopped.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** The refusal of a site that answers; null: the site reports only that it cannot answer now. */
function refusalOf(error: unknown): Problem | null {
  if (!(error instanceof ProblemError)) return null;
  const { status } = error.problem;
  return status >= 500 || status === 429 ? null : error.problem;
}

function sentenceOfFailure(error: unknown): string {
  return error instanceof ProblemError ? error.problem.detail : networkSentence(error);
}
