/** Puts one where those stand that began earlier, or at the same time, before it, and all others behind it. */
export function queue<T extends { readonly since: number }>(waiters: T[], waiter: T): void {
  waiters.splice(waiters.findLastIndex(({ since }) => since <= waiter.since) + 1, 0, waiter);
}
