import type { Metric, RoleChange } from '../services/kit/contract.ts';

/** State of a service after a run; the wire's ServiceState (architecture.md §3, "on failure"). */
export type ServiceStateName =
  | 'healthy'
  | 'unhealthy'
  | 'render_failed'
  | 'rejected'
  | 'check_failed'
  | 'install_failed'
  | 'rolled_back'
  | 'absent'
  | 'unknown';

/** What made the engine act; the wire's ActionTrigger. */
export type Trigger = 'change' | 'role' | 'restart' | 'health' | 'certificate';

/** What was done to a service; the wire's ServiceAction. `at`: ISO time. `trigger`: missing in a memory of an earlier release. */
export interface LastAction {
  readonly kind: 'command' | 'reload' | 'restart' | 'start' | 'stop' | 'rollback';
  readonly why: string;
  readonly at: string;
  readonly trigger?: Trigger;
}

/**
 * What one service is to be. `digest`: of `desired`. `roles`: the roles that this node has now. `certificate`: what names the node's
 * certificate, another text when it was renewed; null or missing: there is none.
 */
export interface Wanted {
  readonly generation: number;
  readonly digest: string;
  readonly desired: Readonly<Record<string, unknown>> | null;
  readonly restart: string | null;
  readonly roles: readonly RoleChange[];
  readonly certificate?: string | null;
}

/** An installed file without its text. `digest` leaves the generated header out. */
export interface FileState {
  readonly digest: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

/** Files by target path. */
export type FileStates = Readonly<Record<string, FileState>>;

/** A configuration: the generation and the digest of the desired part that it came from, and its files. */
export interface Configuration {
  readonly generation: number;
  readonly digest: string;
  readonly files: FileStates;
}

/** A configuration that was installed, did not become healthy and was taken back. */
export interface Refusal {
  /** Digest of its files: only other files are tried again. */
  readonly filesDigest: string;
  readonly why: string;
  /**
   * `open`: the previous one is being brought back. `guilty`: that one became healthy, so this one was to blame. `unclear`: neither
   * was healthy, something else is wrong; when the previous one is healthy again, this one is tried once more (`retrying`).
   */
  readonly verdict: 'open' | 'guilty' | 'unclear' | 'retrying';
}

/**
 * What the engine must know after a crash, per service; made durable before the effect that it speaks of can hurt.
 * Everything else is read from the disk and from systemd.
 */
export interface Memory {
  /** What the daemon was last made to take. */
  readonly loaded: Configuration | null;
  /** The last configuration that was healthy: where a rollback goes. */
  readonly good: Configuration | null;
  readonly refused: Refusal | null;
  /** The operator's restart: noted with the daemon's pid before it is done, so that it is done once. */
  readonly restart: { readonly nonce: string; readonly pidBefore: number | null; readonly isDone: boolean } | null;
  /** What the service has been told by kind: the node's roles, and its certificate. */
  readonly roles: Readonly<Record<string, string>>;
  /** A restart that tells it: noted with the daemon's pid before it is done, so that it is done once. */
  readonly telling?: { readonly kind: string; readonly value: string; readonly pidBefore: number | null } | null;
  readonly state: ServiceStateName;
  readonly since: string;
  readonly why: string;
  readonly lastAction: LastAction | null;
  /** The latest last; missing in a memory of an earlier release. */
  readonly actions?: readonly LastAction[];
}

/** An optional part that the daemon's checker does not take, in its words; as the wire's ServiceObservation has it. */
export interface HeldBack {
  readonly name: string;
  readonly why: string;
  readonly remedy: string;
}

/** A wish without the parts that the daemon's checker does not take. `digest`: the whole wish's. */
export interface Spared {
  readonly digest: string;
  readonly desired: Readonly<Record<string, unknown>>;
  readonly held: readonly HeldBack[];
}

/** What is reported of a service; the wire's ServiceObservation. */
export interface ServiceReport {
  readonly service: string;
  readonly wanted: number;
  readonly wantedDigest: string;
  readonly applied: number | null;
  readonly appliedDigest: string;
  readonly state: ServiceStateName;
  readonly since: string;
  readonly why: string;
  readonly lastAction: LastAction | null;
  readonly restartDone: string | null;
  readonly actions?: readonly LastAction[];
  /** Left out of what is in force; missing: nothing is. */
  readonly held?: readonly HeldBack[];
  /** What the daemon said of itself at the last probe; never remembered. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Numbers of the last probe; none: left out. */
  readonly metrics?: readonly Metric[];
}
