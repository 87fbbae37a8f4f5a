import type { Metric, RoleChange } from '../services/kit/contract.ts';

/** State of a service after a run; the wire's ServiceState. */
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

/** The cause of the engine's action; the wire's ActionTrigger. */
export type Trigger = 'change' | 'role' | 'restart' | 'health' | 'certificate';

/** An action on a service; the wire's ServiceAction. `at`: ISO time. `trigger`: missing in a memory of an earlier release. */
export interface LastAction {
  readonly kind: 'command' | 'reload' | 'restart' | 'start' | 'stop' | 'rollback';
  readonly why: string;
  readonly at: string;
  readonly trigger?: Trigger;
}

/**
 * The desired state of one service. `digest`: of `desired`. `roles`: the present roles of this node. `certificate`: identifies the node's certificate
 * and changes at each renewal; null or missing: there is none.
 */
export interface DesiredService {
  readonly generation: number;
  readonly digest: string;
  readonly desired: Readonly<Record<string, unknown>> | null;
  readonly restart: string | null;
  readonly roles: readonly RoleChange[];
  readonly certificate?: string | null;
  /** The same for the site's certificate, for a service that shows it; '' for none. */
  readonly site?: string | null;
  /** The same for the certificate of a rack's DHCP servers for their partners; null: there is none. */
  readonly pair?: string | null;
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
export type Configuration = { readonly generation: number; readonly digest: string; readonly files: FileStates };

/** A configuration that was installed, did not become healthy and was taken back. */
export interface Refusal {
  /** Digest of its files: only other files are tried again. */
  readonly filesDigest: string;
  readonly why: string;
  /**
   * `open`: the previous configuration is being restored. `guilty`: the previous one became healthy, so this one was to blame. `unclear`: neither was
   * healthy, so something else is wrong; when the previous one is healthy again, this one is tried once more (`retrying`).
   */
  readonly verdict: 'open' | 'guilty' | 'unclear' | 'retrying';
}

/**
 * What the engine must know after a crash, per service. It is made durable before the effect that it describes. Everything else is read from the disk
 * and from systemd.
 */
export interface Memory {
  /** The configuration that the daemon last took. */
  readonly loaded: Configuration | null;
  /** The last healthy configuration, to which a rollback leads. */
  readonly good: Configuration | null;
  readonly refused: Refusal | null;
  /** The operator's restart, stored with the daemon's pid before it is done, so that it is done once. */
  readonly restart: { readonly nonce: string; readonly pidBefore: number | null; readonly isDone: boolean } | null;
  /** The news that the service has received, by kind: the node's roles, and its certificate. */
  readonly roles: Readonly<Record<string, string>>;
  /** A restart because of news, stored with the daemon's pid before it is done, so that it is done once. */
  readonly telling?: { readonly kind: string; readonly value: string; readonly pidBefore: number | null } | null;
  readonly state: ServiceStateName;
  readonly since: string;
  readonly why: string;
  readonly lastAction: LastAction | null;
  /** The latest last; missing in a memory of an earlier release. */
  readonly actions?: readonly LastAction[];
}

/** An optional part that the daemon's checker does not take, with its message; as the wire's ServiceObservation. */
export type HeldBack = { readonly name: string; readonly why: string; readonly remedy: string };

/** A desired state without the parts that the daemon's checker does not take. `digest`: of the whole desired state. */
export interface Spared {
  readonly digest: string;
  readonly desired: Readonly<Record<string, unknown>>;
  readonly held: readonly HeldBack[];
}

/** The report of a service; the wire's ServiceObservation. */
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
  /** Parts that are left out; missing: none. */
  readonly held?: readonly HeldBack[];
  /** The daemon's answer at the last probe; never remembered. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Numbers of the last probe; none: left out. */
  readonly metrics?: readonly Metric[];
}
