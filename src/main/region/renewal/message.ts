import type { LogFields } from '../../../core/ports.ts';
import type { LeaseNews } from '../../../region/base/jobs/renewal.ts';
import type { ConnectionSpec } from '../../../store/connection.ts';
import type { HeldJob } from '../../../store/queries/base/jobs/lease.ts';

/** What the thread is started with. `name`: seen in pg_stat_activity. */
export type ThreadStart = { readonly connection: ConnectionSpec; readonly name: string };

/** An order to the thread. `until`: where it writes until when the holder may act, ns of the clock that all threads share. `requestedAt`: ms of it. */
export type RenewalOrder =
  | {
      readonly kind: 'keep';
      readonly place: number;
      readonly held: HeldJob;
      readonly requestedAt: number;
      readonly until: BigInt64Array<SharedArrayBuffer>;
    }
  | { readonly kind: 'drop'; readonly place: number }
  | { readonly kind: 'close' };

/** What the thread says. */
export type ThreadMessage =
  | { readonly kind: 'news'; readonly place: number; readonly news: LeaseNews }
  | { readonly kind: 'log'; readonly message: string; readonly fields: LogFields };

/** The monotonic clock that all threads of a process share, ms. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6;

/** As the shared place holds a time; 0: never again. */
export const toShared = (ms: number): bigint => (ms > 0 ? BigInt(Math.round(ms * 1e6)) : 0n);
