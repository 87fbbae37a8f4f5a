import type { TSchema } from 'typebox';
import type { Rejected } from '../../core/errors.ts';
import type {
  Command,
  CommandRule,
  ExecResult,
  HostFacts,
  NameQuestion,
  ProcessCommand,
  WebQuestion,
} from '../../core/host-values.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** A lint result. An `error` of `lint` keeps the service's last desired state in force. */
export interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What it is about, such as `zone example.test`. */
  readonly subject: string;
  readonly sentence: string;
  /** What is not as it was asked for because of it: it keeps its last good content or is left out. Such as `zone example.test`. */
  readonly held?: string;
  /** A sentence: what an operator does about it. */
  readonly remedy?: string;
  /**
   * With an error of `lint`: the one element that is at fault, such as `/clients/3`, in a list of the service's `parts`: that element alone is
   * held back. Never stored.
   */
  readonly part?: string;
}

/**
 * A list of a desired state whose elements stand alone: the daemon can do without one of them. One that does not fit is left out, or keeps
 * its last content, and the rest is published (`kit/parts.ts`).
 */
export interface PartList {
  /** Members on the way, with a star for each element of a list, such as `clients/*`. */
  readonly path: string;
  /** What an element is called, such as `subnet 10.0.0.0/24`. It gets what does not fit, so of any shape. */
  name(element: unknown): string;
  /** A sentence: what an operator does about it. */
  readonly remedy: string;
  /** The member by which an element is the same as before; without one its last content is not looked for. */
  readonly key?: string;
  /** With no element left nothing is published: the service keeps its last part. */
  readonly isNeeded?: boolean;
}

/** A part of a desired state that the daemon can do without, and whose content it alone can judge. `name`, `remedy`: as in `PartList`. */
export interface OptionalPart {
  readonly key: string;
  readonly name: string;
  readonly remedy: string;
}

/** Where the daemon's checker refuses the files, the optional parts that it does not take are left out, and the rest is applied. */
export interface OptionalParts<Desired> {
  list(desired: Desired): readonly OptionalPart[];
  /** The desired state without the parts of these keys. */
  without(desired: Desired, keys: ReadonlySet<string>): Desired;
}

/** One file that a template makes: where it goes and what the template sees. */
export interface FileInstance {
  readonly target: string;
  readonly view: object;
  /** A copy of another file for the checker alone: previews leave it out. */
  readonly isCopy?: boolean;
}

/** A template and the files that it makes from a view: one, or one per item (a zone). */
export interface FileSpec<V> {
  /** Path below `templates/<service>/`. */
  readonly template: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** `json`: the text is parsed and written anew before staging. */
  readonly format?: 'text' | 'json';
  /** What starts a comment line in this file: the generated header stands behind it. `#` when left out; JSON has no header. */
  readonly comment?: '#' | ';' | '//';
  instances(view: V): readonly FileInstance[];
}

/** A rendered file. The content starts with the generated header, which `digest` leaves out. */
export interface RenderedFile {
  readonly target: string;
  readonly content: string;
  readonly digest: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** See `FileInstance`. */
  readonly isCopy?: boolean;
}

/** How one file differs from what is installed. */
export interface FileChange {
  readonly target: string;
  readonly kind: 'added' | 'changed' | 'removed';
}

/** A staged file for the checker: `staged` is the path of the copy that will become `target`. */
export interface StagedFile {
  readonly target: string;
  readonly staged: string;
  readonly isChanged: boolean;
}

/** What makes a daemon take new files, and why: the sentence is shown to operators. */
export type Activation =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'command'; readonly commands: readonly Command[]; readonly why: string }
  | { readonly kind: 'reload'; readonly why: string }
  | { readonly kind: 'restart'; readonly why: string };

/** A change of role of this node that a service may care about. */
export type RoleChange =
  | { readonly kind: 'vip'; readonly state: 'active' | 'backup' }
  | { readonly kind: 'database'; readonly state: 'primary' | 'standby' };

/** Units of metrics: Prometheus' base units; a plain number is `count`. */
export const METRIC_UNITS = ['count', 'bytes', 'seconds', 'ratio'] as const;

/** A number that a daemon says of itself. */
export interface Metric {
  /** Words joined by `_`, without the service's name and without the unit: `leases`, `cache_used`. */
  readonly name: string;
  readonly unit: (typeof METRIC_UNITS)[number];
  /** It only grows until the daemon starts anew. */
  readonly isTotal?: boolean;
  readonly value: number;
  /** What it is about, such as `{ subnet: '10.0.0.0/24' }`; few values, none of a stranger's choice. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The daemon's health by its own answers. */
export interface ServiceHealth {
  readonly isHealthy: boolean;
  /** A sentence: what was asked, what was answered. */
  readonly detail: string;
  /**
   * What the daemon says of itself in figures, for status and doctor: the service's own shape, JSON, small (under 16 kB). It may differ at
   * every probe, so nothing is reported or published because of it alone.
   */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** It is on its way, and what it says changes within seconds: it is asked again soon. */
  readonly isSettling?: boolean;
  /**
   * A restart would not help, and its files are not to blame: the host has lost the address that the daemon is asked at, or somebody keeps it from
   * its work on purpose.
   */
  readonly isOutOfReach?: boolean;
}

/** A thing whose published number follows its content (see `Version` in the model). */
export interface VersionKey {
  readonly key: string;
  readonly digest: string;
}

/** A lease as a daemon has it. Times in seconds since 1970 by the node's clock; `hostname` as the client gave it, '' for none. */
export interface ServedLease {
  readonly address: string;
  readonly subnetId: number;
  readonly mac: string | null;
  readonly clientId: string | null;
  readonly hostname: string;
  readonly state: 'active' | 'declined';
  readonly startsAt: number;
  readonly expiresAt: number;
}

/** Leases in the order of their addresses. `next`: the address after which the next page begins, null: this was the last. */
export interface LeasePage {
  readonly leases: readonly ServedLease[];
  readonly next: string | null;
}

/** How the leases of a daemon that gives addresses out are read; the agent asks. An answer that is none is a refusal with its sentence. */
export interface LeaseSource {
  /** A cheap question whose answer is another one whenever a client's lease may have changed. */
  readonly sign: Command;
  parseSign(answer: ExecResult): { readonly sign: string } | Rejected;
  /** The question for the page after an address, null: the first. */
  page(after: string | null): Command;
  parsePage(answer: ExecResult): LeasePage | Rejected;
}

/** Template texts by path below `templates/`, such as `dns/named.conf.hbs`. */
export type Templates = Readonly<Record<string, string>>;

/**
 * A managed daemon (architecture.md §3). All functions are pure; the engine in `reconcile` does every effect.
 * `Desired` is wire data with no choices left, `View` is what its templates see, `Shared` is work that every node of a
 * site has in common (the content of zones): done once for a snapshot and handed to `versioned` and `compile`.
 */
export interface ManagedService<Desired, View, Shared = undefined> {
  readonly name: string;
  readonly desired: TSchema;
  /** systemd unit. */
  readonly unit: string;
  /** Further units of ours beside the daemon: they stop with it where a host is cleaned. */
  readonly companions?: readonly string[];
  /** Debian package whose version is reported, and the command that prints it. */
  readonly version: ProcessCommand;
  /** Folder that is Regent's alone: every target lies in it, other files in it are removed. */
  readonly folder: string;
  /** Command lines and questions to sockets that check, activate and probe may use; open questions need no leave. */
  readonly commands: readonly CommandRule[];
  /** Users that these commands run as: the daemon's own. */
  readonly users: readonly string[];
  readonly files: readonly FileSpec<View>[];
  /** The desired state without its secrets, of the same shape: what differences and other views for people are made from. Left out: it has none. */
  mask?(desired: Desired): Desired;
  /**
   * Work that all nodes share; must not depend on `snapshot.versions`, which are numbered after it. `before`: what was published last, of
   * each node that has something.
   */
  prepare?(snapshot: Snapshot, before: readonly Desired[]): Shared;
  /** What the shared work held back, so that the rest goes on; told at each node that runs the service. `snapshot.versions` are numbered. */
  heldBack?(shared: Shared, snapshot: Snapshot): readonly Finding[];
  /** Things of the whole site with a published number; the numbers come back in `snapshot.versions`. */
  versioned?(snapshot: Snapshot, shared: Shared): readonly VersionKey[];
  /** Desired state of this node; null: the service must not run here, its files go and its unit stops. */
  compile(snapshot: Snapshot, nodeId: string, shared: Shared): Desired | null;
  lint(desired: Desired): readonly Finding[];
  /** Lists whose elements are held back one by one; all else is held back with the whole service. */
  readonly parts?: readonly PartList[];
  /** Parts that are left out where the daemon's checker does not take them. */
  readonly optional?: OptionalParts<Desired>;
  /** Findings about the whole site that no node's own part shows, such as a VLAN that nobody serves. An `error` degrades the site and holds nothing back. */
  lintSite?(snapshot: Snapshot): readonly Finding[];
  view(desired: Desired, facts: HostFacts): View;
  /** What this host keeps the daemon from doing right now (an interface without a carrier); warnings alone, told and not judged. */
  limits?(desired: Desired, facts: HostFacts): readonly Finding[];
  /** Daemon's own checker on the staged files; all must exit 0. */
  check(staged: readonly StagedFile[]): readonly Command[];
  activate(changes: readonly FileChange[], facts: HostFacts): Activation;
  onRoleChange(role: RoleChange): Activation;
  /** What it does when the node's certificate (`/etc/regent/pki`) was renewed; nothing when left out. */
  onCertificate?(): Activation;
  /** Pause between two probes, ms, where the questions are dear and nobody waits for the answer; the agent's own pause when left out. */
  readonly probeEveryMs?: number;
  /** Questions to the running daemon; answers go to `parseProbe` in the same order. */
  probe(desired: Desired): readonly Command[];
  parseProbe(answers: readonly ExecResult[], desired: Desired): ServiceHealth;
  /** What the answers of the probe are in numbers; none for those that are missing. Their values are no news: they go with the next report. */
  metrics?(answers: readonly ExecResult[], desired: Desired): readonly Metric[];
  /** What to say of a unit that is down, where somebody else keeps it so on purpose: out of reach, with the reason. Null: it is to run. */
  parseDown?(answers: readonly ExecResult[], desired: Desired): ServiceHealth | null;
  /** What the answers show to be missing and commands put right beside a daemon that runs on; then it is asked once more. */
  amend?(answers: readonly ExecResult[], desired: Desired): readonly Command[];
  /** Others that the daemon asks and that no node of ours is; the agent asks each of them every half minute whether it answers. */
  outside?(desired: Desired): readonly OutsideNeed[];
  /** Where the daemon gives addresses out: how its leases are read. */
  readonly leases?: LeaseSource;
  /** Further daemons of this kind on one node, each under a key of its own. */
  readonly instances?: ServiceInstances<Desired, View, Shared>;
}

/**
 * Instances of a service: each is a service of its own with the identity `kind@key` (`kit/instances.ts`) in desired state, reports, memory, leases and
 * restarts. Templates and the schema are the kind's.
 */
export interface ServiceInstances<Desired, View, Shared> {
  /** Regular expression for a whole key, without `@`, `/` and `.`. */
  readonly keys: string;
  /** Their units, as systemctl matches them, such as `kea-dhcp4@*.service`. */
  readonly units: string;
  /** What lies in their folders' parent: the start of the name of each folder, such as `/etc/kea/regent-`; the key follows. */
  readonly folders: string;
  /** The key in the name of something that is an instance's alone (its unit, a path, its socket, the key by itself); null: it is of none. Pure. */
  readonly keyIn: (name: string) => string | null;
  /** Desired state of this node's instances by key. What is not in it must not run here. */
  compile(snapshot: Snapshot, nodeId: string, shared: Shared): ReadonlyMap<string, Desired>;
  /** The instance of a key: unit, folder, files and sockets are functions of it. Pure; the key fits `keys`. */
  of(key: string): ManagedService<Desired, View, Shared>;
}

/** Somebody outside of the site whom a daemon asks. `place`: as people name it; whatever he says to `question` shows that he answers. */
export interface OutsideNeed {
  readonly place: string;
  readonly question: NameQuestion | WebQuestion;
}

/** A service whose types are its own matter: what registry and engine handle. */
// biome-ignore lint/suspicious/noExplicitAny: a heterogeneous list needs one existential type
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyService = ManagedService<any, any, any>;
