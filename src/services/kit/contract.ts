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
import type { FileGrammar } from './grammar/grammar.ts';

/** A lint result. An `error` of `lint` keeps the service's last desired state in force. */
export interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** The subject of the finding, such as `zone example.test`. */
  readonly subject: string;
  readonly sentence: string;
  /** What keeps its last good content, or is left out, because of this finding; such as `zone example.test`. */
  readonly held?: string;
  /** A sentence: what an operator does about it. */
  readonly remedy?: string;
  /**
   * For an error of `lint`: the one faulty element, such as `/clients/3`, in a list of the service's `parts`. Only that element is held back. Never
   * stored.
   */
  readonly part?: string;
}

/**
 * A list of a desired state whose elements stand alone: the daemon can do without any of them. An element that does not fit is left out, or keeps its
 * last content, and the rest is published (`kit/parts.ts`).
 */
export interface PartList {
  /** The path of members, with a star for each element of a list, such as `clients/*`. */
  readonly path: string;
  /** The name of an element, such as `subnet 10.0.0.0/24`. It gets elements that do not fit, so they may have any shape. */
  name(element: unknown): string;
  /** A sentence: what an operator does about it. */
  readonly remedy: string;
  /** The member that identifies an element. Without one its last content is not searched. */
  readonly key?: string;
  /** If no element is left, nothing is published: the service keeps its last part. */
  readonly isNeeded?: boolean;
}

/** A part of a desired state that the daemon can do without, and that only the daemon's checker can judge. `name`, `remedy`: as in `PartList`. */
export type OptionalPart = { readonly key: string; readonly name: string; readonly remedy: string };

/** Where the daemon's checker refuses the files, the optional parts that it does not take are left out, and the rest is applied. */
export interface OptionalParts<Desired> {
  list(desired: Desired): readonly OptionalPart[];
  /** The desired state without the parts of these keys. */
  without(desired: Desired, keys: ReadonlySet<string>): Desired;
}

/** A desired state that only the daemon's own checker can judge, tried on a node without an effect (a dry run). */
export interface DesiredTrial<Desired> {
  /** What only the checker can judge, each with its place, alike on all nodes: equal texts have one answer. */
  texts(desired: Desired): readonly string[];
  /** The same texts in a smaller desired state, for a site that is too large: without what Regent judges itself. */
  brief(desired: Desired): Desired;
  /** The file that shows it to the checker; a copy stands elsewhere. */
  readonly target: string;
  check(path: string): Pick<ProcessCommand, 'argv' | 'user'>;
  /** Sentences on what the checker does not see on this node. */
  unseen(desired: Desired, facts: HostFacts): readonly string[];
}

/** One file that a template makes: where it goes and what the template sees. */
export interface FileInstance {
  readonly target: string;
  readonly view: object;
  /** A copy of another file, only for the checker; previews leave it out. */
  readonly isCopy?: boolean;
}

/** A template and the files that it makes from a view: one, or one per item (a zone). */
export interface FileSpec<V> {
  /** Path below `templates/<service>/`. */
  readonly template: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** `json`: the text is parsed and written again before staging. */
  readonly format?: 'text' | 'json';
  /** The start of a comment line in this file, for the generated header. `#` when left out; JSON has no header, nor has a file whose first line is its mark (null). */
  readonly comment?: '#' | ';' | '//' | null;
  /** What the root helper takes as this file's content (`grammar/grammar.ts`): a daemon with rights reads it. */
  readonly grammar: FileGrammar;
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
export type FileChange = { readonly target: string; readonly kind: 'added' | 'changed' | 'removed' };

/** A staged file for the checker: `staged` is the path of the copy that will become `target`. */
export type StagedFile = { readonly target: string; readonly staged: string; readonly isChanged: boolean };

/** How a daemon takes new files, and why. Operators see the sentence. */
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

/** A figure of a daemon. */
export interface Metric {
  /** Terms joined by `_`, without the service's name and without the unit: `leases`, `cache_used`. */
  readonly name: string;
  readonly unit: (typeof METRIC_UNITS)[number];
  /** The value only grows until the daemon restarts. */
  readonly isTotal?: boolean;
  readonly value: number;
  /** Labels, such as `{ subnet: '10.0.0.0/24' }`: few values, none chosen by outsiders. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The daemon's health by its own answers. */
export interface ServiceHealth {
  readonly isHealthy: boolean;
  /** A sentence: the query and its answer. */
  readonly detail: string;
  /**
   * The daemon's own facts for status and doctor: JSON of the service's own shape, small (under 16 kB). It may differ at every probe, so a change of
   * a change of it causes no report and no publication.
   */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** The daemon is changing its state. Within seconds it will answer differently, so the agent probes it again soon. */
  readonly isSettling?: boolean;
  /**
   * A restart would not help, and its files are not to blame: the host has lost the address at which the daemon is probed, or somebody stops its work
   * on purpose.
   */
  readonly isOutOfReach?: boolean;
}

/** A thing whose published number follows its content (see `Version` in the model). */
export type VersionKey = { readonly key: string; readonly digest: string };

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
export type LeasePage = { readonly leases: readonly ServedLease[]; readonly next: string | null };

/** How to read the leases of a daemon that gives addresses out. The agent asks. An answer that cannot be read gives a refusal with a sentence. */
export interface LeaseSource {
  /** A cheap question whose answer changes whenever a client's lease may have changed. */
  readonly sign: Command;
  parseSign(answer: ExecResult): { readonly sign: string } | Rejected;
  /** The question for the page after an address, null: the first. */
  page(after: string | null): Command;
  parsePage(answer: ExecResult): LeasePage | Rejected;
}

/** Template texts by path below `templates/`, such as `dns/named.conf.hbs`. */
export type Templates = Readonly<Record<string, string>>;

/**
 * A managed daemon. All functions are pure; the engine in `reconcile` does every effect.
 * `Desired` is wire data with no choices left, `View` is what its templates see, `Shared` is work that every node of a
 * site has in common (the content of zones): done once for a snapshot and handed to `versioned` and `compile`.
 */
export interface ManagedService<Desired, View, Shared = undefined> {
  readonly name: string;
  readonly desired: TSchema;
  /** systemd unit. */
  readonly unit: string;
  /** Further units of ours beside the daemon. They stop with it when a host is cleaned. */
  readonly companions?: readonly string[];
  /** Debian package whose version is reported, and the command that prints it. */
  readonly version: ProcessCommand;
  /** Folder that belongs only to Regent: every target lies in it, other files in it are removed. */
  readonly folder: string;
  /** Command lines and questions to sockets that check, activate and probe may use; open questions need no leave. */
  readonly commands: readonly CommandRule[];
  /** Users that these commands run as: the daemon's own. */
  readonly users: readonly string[];
  readonly files: readonly FileSpec<View>[];
  /** Folders that the unit gives a small file system in memory, because others decide what is written there. The agent reports whether the daemon has it. */
  readonly boundedFolders?: readonly { readonly path: string; readonly mostBytes: number }[];
  /** The desired state without its secrets, of the same shape, for differences and other views for people. Missing: it has no secrets. */
  mask?(desired: Desired): Desired;
  /**
   * Work that all nodes share. It must not depend on `snapshot.versions`, which get their numbers later. `before`: what was last published for each
   * node.
   */
  prepare?(snapshot: Snapshot, before: readonly Desired[]): Shared;
  /**
   * What the shared work held back so that the rest goes on; reported for each node that runs the service. `snapshot.versions` have their numbers.
   */
  heldBack?(shared: Shared, snapshot: Snapshot): readonly Finding[];
  /** Things of the whole site with a published number; the numbers come back in `snapshot.versions`. */
  versioned?(snapshot: Snapshot, shared: Shared): readonly VersionKey[];
  /** Desired state of this node; null: the service must not run here, its files go and its unit stops. */
  compile(snapshot: Snapshot, nodeId: string, shared: Shared): Desired | null;
  lint(desired: Desired): readonly Finding[];
  /** Lists whose elements can be held back one by one. Everything else is held back with the whole service. */
  readonly parts?: readonly PartList[];
  /** Parts that are left out if the daemon's checker does not take them. */
  readonly optional?: OptionalParts<Desired>;
  /** Findings about the whole site that no node's own part shows, such as a VLAN that nobody serves. An `error` degrades the site and holds nothing back. */
  lintSite?(snapshot: Snapshot): readonly Finding[];
  view(desired: Desired, facts: HostFacts): View;
  /** What the daemon cannot do on this host right now (an interface without a carrier). Only warnings, which do not affect its health. */
  limits?(desired: Desired, facts: HostFacts): readonly Finding[];
  /** Daemon's own checker on the staged files; all must exit 0. */
  check(staged: readonly StagedFile[]): readonly Command[];
  /** How the checker judges a desired state that is not to be installed; left out: nobody asks for that. */
  readonly trial?: DesiredTrial<Desired>;
  activate(changes: readonly FileChange[], facts: HostFacts): Activation;
  onRoleChange(role: RoleChange): Activation;
  /** What the daemon does when the node's certificate (`/etc/regent/pki`) was renewed; absent: nothing. */
  onCertificate?(): Activation;
  /** What the daemon does when the site's certificate, which it shows, has changed; absent: the daemon shows none. */
  onSiteCertificate?(): Activation;
  /**
   * What the daemon does when the certificate of the rack's DHCP servers for their partners has changed; absent: the
   * daemon shows none.
   */
  onPairCertificate?(): Activation;
  /** Pause between two probes, ms, if the questions are expensive and nobody waits for the answer; otherwise the agent's own pause. */
  readonly probeEveryMs?: number;
  /** Questions to the running daemon; answers go to `parseProbe` in the same order. */
  probe(desired: Desired): readonly Command[];
  parseProbe(answers: readonly ExecResult[], desired: Desired): ServiceHealth;
  /** Figures from the answers of the probe; none for missing answers. New values cause no report: they go with the next one. */
  metrics?(answers: readonly ExecResult[], desired: Desired): readonly Metric[];
  /** State of a unit that somebody stops on purpose: out of reach, with the reason. Null: the unit should run. */
  parseDown?(answers: readonly ExecResult[], desired: Desired): ServiceHealth | null;
  /** What is missing by the answers, and commands that add it while the daemon runs. Then the agent asks once more. */
  amend?(answers: readonly ExecResult[], desired: Desired): readonly Command[];
  /** Servers outside our nodes that the daemon asks. The agent asks each of them every half minute whether it answers. */
  outside?(desired: Desired): readonly OutsideNeed[];
  /** For a daemon that gives addresses out: how to read its leases. */
  readonly leases?: LeaseSource;
  /** For a daemon of which two must not serve one network at once; left out: any number may. */
  readonly handover?: Handover<Desired>;
  /** Further daemons of this kind on one node, each under a key of its own. */
  readonly instances?: ServiceInstances<Desired, View, Shared>;
}

/**
 * Networks that go from one server to another. Hosts apply a new generation at times of their own, so the new server gets a network only when nobody
 * else holds it any more: neither by what is published, nor by what has not been reported as over yet (`snapshot.subnetHolders`).
 */
export interface Handover<Desired> {
  /** Networks (CIDR) that it is to serve. */
  networksOf(desired: Desired): readonly string[];
  /** Does another node serve in place of this one, which will not serve again by itself? `factsOf`: what a node reports of the same service. */
  isFenced(service: string, self: string, factsOf: (node: string) => ServiceHealth['facts']): boolean;
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
  /** The start of the name of each of their folders, such as `/etc/kea/regent-`; the key follows. */
  readonly folders: string;
  /** The key in a name that belongs to one instance (its unit, a path, its socket, the key itself); null: it belongs to none. Pure. */
  readonly keyIn: (name: string) => string | null;
  /** Desired state of this node's instances by key. An instance that is missing must not run here. */
  compile(snapshot: Snapshot, nodeId: string, shared: Shared): ReadonlyMap<string, Desired>;
  /** The instance of a key: unit, folder, files and sockets are functions of it. Pure; the key fits `keys`. */
  of(key: string): ManagedService<Desired, View, Shared>;
}

/** A server outside of the site that a daemon asks. `place`: its name for people. Any answer to `question` shows that it answers. */
export type OutsideNeed = { readonly place: string; readonly question: NameQuestion | WebQuestion };

/** A service with its own types, as registry and engine handle it. */
// biome-ignore lint/suspicious/noExplicitAny: a heterogeneous list needs one existential type
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyService = ManagedService<any, any, any>;
