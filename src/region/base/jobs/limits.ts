/** How long a lease lasts, ms: two missed renewals and a planned switchover of the database fit in. */
export const LEASE_MS = 8000;
/** The holder stops this long before its lease ends, ms: clocks run differently, and an effect takes its time after the question. */
export const MARGIN_MS = 1000;
/** How often a job may start without being handed back in good order. */
export const ATTEMPTS_MAX = 10;
/** How long a started job may still wind up after its deadline, ms. */
export const WIND_UP_MS = 30_000;
/** How many jobs a process runs at once. */
export const AT_ONCE = 4;
/** Pauses after runs that threw. */
export const BACK_OFF = { firstMs: 1000, mostMs: 30_000 } as const;
/** How long an end of this process waits for a run to leave off, ms; a lease that nobody was seen to leave is not given back, it runs out. */
export const SETTLE_MS = 2000;
