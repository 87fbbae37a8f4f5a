import type { Role } from '../../contract/base/role.ts';
import type { RouteId } from '../../contract/routes.ts';

/** Who calls, verified. */
export interface Caller {
  readonly user: string;
  readonly role: Role;
  /** Of the browser's session that calls; left out: an API key does. */
  readonly sessionId?: string;
  /** May only look, whatever the role. */
  readonly isReadOnly?: boolean;
}

/** The parts of a call, of the shape that the table of calls states for it. */
export type CallInput = { readonly params: unknown; readonly query: unknown; readonly body: unknown };

/** A call with its input. */
export type PlannedCall = { readonly id: RouteId; readonly input: CallInput };

/** What goes with a call. `origin`: where it came from (api, cli, maas). `ifMatch`: version that the object must still have. */
export interface CallContext {
  readonly caller: Caller;
  readonly origin: string;
  readonly idempotencyKey: string;
  readonly ifMatch: string | null;
  /** Does the caller still wait for the answer? Without: always. */
  readonly isWanted?: () => boolean;
}

/** A call that was done. `version`: of the object, for its ETag; `change`: the change of the configuration that it made, if any. */
export interface CallOutcome {
  readonly kind: 'done';
  readonly status: number;
  readonly body: unknown;
  readonly version: number | null;
  readonly isReplay: boolean;
  readonly change?: number | null;
}

/** Result of a probe of the database by a real write; `latencyMs` null when it failed. */
export type DatabaseHealth = { readonly isUp: boolean; readonly why: string; readonly latencyMs: number | null };

/** Hints that something was committed. They only wake: what happened is read from the database. */
export interface WakePort {
  /** Calls `listener` after commits of any region and after each reconnect; the result ends it. */
  onWake(listener: () => void): () => void;
}
