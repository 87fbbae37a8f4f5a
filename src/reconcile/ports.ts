import type { Clock, Log, Random } from '../core/ports.ts';
import type { Host } from '../host/interface.ts';
import type { Templates } from '../services/kit/contract.ts';
import type { Gate } from './gate.ts';
import type { Memory } from './values.ts';

/** Durable memory of the engine. Faults are AppErrors; the engine logs them and goes on. */
export interface MemoryStore {
  /** Identities of the services in memory. */
  known(): readonly string[];
  /** The service is gone for good: forget it. */
  forget(service: string): Promise<void>;
  load(service: string): Promise<Memory | null>;
  save(service: string, memory: Memory): Promise<void>;
  /** Desired part of the last healthy configuration, found by its digest. A rollback needs its questions. */
  loadDesired(service: string): Promise<{ readonly digest: string; readonly desired: unknown } | null>;
  saveDesired(service: string, digest: string, desired: unknown): Promise<void>;
}

/** The engine's ports. `wait` resolves after so many ms (of a virtual clock in tests). */
export interface EnginePorts {
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly memory: MemoryStore;
  readonly templates: Templates;
  readonly timing: Timing;
  /** Places for the daemons' checkers of all services together: they share the host's processors with what serves calls. */
  readonly checking: Gate;
  wait(ms: number): Promise<void>;
  /** Files of a service differed from what the engine had installed: somebody changed, removed or added them. The engine restores its own. */
  onDrift?(service: string, paths: readonly string[]): void;
}

/** All times of the engine, ms. */
export interface Timing {
  /** How long a daemon may take to become healthy after a change, before the engine acts. */
  readonly settleMs: number;
  /** Time for a unit's orderly restart. A daemon that has not ended by then is killed. */
  readonly politeRestartMs: number;
  readonly unitMs: number;
  /** Failed probes in a row, outside of a change, before the daemon counts as hung. */
  readonly hungAfter: number;
  readonly backOffFirstMs: number;
  /** First pause before the engine shows refused files to the checker again. */
  readonly refusedFirstMs: number;
  readonly backOffMaxMs: number;
  /** How often the files on disk are compared although nothing has changed. */
  readonly verifyMs: number;
}

export const TIMING: Timing = {
  settleMs: 10_000,
  politeRestartMs: 1_500,
  unitMs: 30_000,
  hungAfter: 3,
  backOffFirstMs: 1_000,
  refusedFirstMs: 10_000,
  backOffMaxMs: 60_000,
  verifyMs: 60_000,
};
