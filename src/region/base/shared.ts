import type { Clock } from '../../core/ports.ts';

/** One question at a time, and none while the last answer is younger than `freshMs`. */
export function shared<T>(clock: Clock, freshMs: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { value: T; at: number } | null = null;
  let pending: Promise<T> | null = null;
  return () => {
    if (last && clock.monotonic() - last.at < freshMs) return Promise.resolve(last.value);
    pending ??= ask()
      .then((value) => {
        last = { value, at: clock.monotonic() };
        return value;
      })
      .finally(() => {
        pending = null;
      });
    return pending;
  };
}
