import type { Rejected } from '../core/errors.ts';
import type { BootDevice, PowerParameters, PowerState, PowerType, StopMode } from '../model/machines/power.ts';
import type { Learned, PowerFailure } from './driver.ts';

/** The machine that an order is for. `learned`: from the last outcome. */
export interface PowerTarget {
  readonly type: PowerType;
  readonly parameters: PowerParameters;
  readonly learned: Learned;
  /** Addresses that get no request, besides those of the node itself: the region names those of the cluster. */
  readonly closed?: readonly string[] | undefined;
}

/**
 * What is wanted, as a state: `on` of a machine that is on does nothing; `cycle` is off, then on, whatever it was. `boot`: what its next start
 * uses. `epoch`: of whoever holds the BMC's orders. `timeoutMs`: of everything, waiting in the queue too.
 */
export interface PowerOrder {
  readonly verb: 'query' | 'on' | 'off' | 'cycle';
  readonly stopMode?: StopMode;
  readonly boot?: BootDevice;
  readonly epoch: number;
  readonly timeoutMs: number;
}

/** The order is done: `state` was seen. `hasChanged`: the machine got an order. `isVerified`: false if the state cannot be queried. */
export interface PowerDone {
  readonly kind: 'done';
  readonly state: PowerState;
  readonly hasChanged: boolean;
  readonly isVerified: boolean;
  readonly learned: Learned;
  /** Sentences about what was not as usual. */
  readonly notes: readonly string[];
  readonly tookMs: number;
}

/** What became of an order. A refusal means that nothing was done by it from then on. */
export type PowerOutcome = PowerDone | (PowerFailure & { readonly learned: Learned }) | Rejected;
