import type { Desired } from '../contract/agent.ts';
import type { Rejected } from '../core/errors.ts';
import type { Host } from '../host/interface.ts';
import type { Snapshot, Version } from '../model/snapshot.ts';

/** What commands that set up this host need from around them. */
export interface HostPorts {
  readonly host: Host;
  /** A number of random bytes as lower-case hex, cryptographically strong. */
  readonly hex: (bytes: number) => string;
  /** Wall time, ms. */
  now(): number;
  /** Monotonic, ms. */
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  /** Progress for people. */
  say(line: string): void;
  /** Prints the result; a secret counts as seen only after this has resolved. */
  show(text: string): Promise<void>;
  readonly uid: number;
  /** Folder that this program runs from, links resolved. */
  readonly productRoot: string;
  /** Release of the product. */
  readonly version: string;
}

/** What the database knows of the site before init writes anything. */
export interface SiteSeen {
  /** False: no migration was applied yet, there is nothing of Regent in it. */
  readonly isRegent: boolean;
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
}

/** What a cluster begins with beside its first node. Times in ms. */
export interface ClusterRows {
  readonly id: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  /** The first node's certificate, which init has signed itself. */
  readonly certificate: { readonly serial: string; readonly notBefore: number; readonly notAfter: number };
  /** What the agent holds already. */
  readonly held: { readonly generation: number; readonly digest: string } | null;
  /** Numbers that the seed's content was given, such as a zone's serial: its first publication keeps them. */
  readonly versions: readonly Version[];
}

/** The rows of a new site. Writing the same again changes nothing. */
export interface SiteRows {
  readonly nodeId: string;
  readonly nodeName: string;
  /** Where others reach the node, the main one first. */
  readonly addresses: readonly string[];
  /** Domain of nodes and of machines that name none. */
  readonly domain: string;
  /** Left out: the site is no cluster (a development server). */
  readonly cluster?: ClusterRows;
}

/** An API key in its parts; the database gets the secret's digest only. */
export interface NewKey {
  readonly user: string;
  readonly label: string;
  readonly consumer: string;
  readonly token: string;
  readonly secret: string;
}

/** The database work of init; `main` wires it to the store. Every call may be repeated and has a deadline of its own. */
export interface BootstrapDatabase {
  /** Refused (`unavailable`) while the database does not answer. */
  look(): Promise<SiteSeen | Rejected>;
  /** Applies what is missing; gives the labels of the migrations that it applied. */
  migrate(): Promise<readonly string[] | Rejected>;
  /** Cluster, node, domain, setting `default_domain`: one transaction. */
  writeSite(rows: SiteRows): Promise<null | Rejected>;
  /** What makes a site that was none a cluster; its other rows stay. */
  writeCluster(nodeId: string, rows: ClusterRows): Promise<null | Rejected>;
  writeCredential(nodeId: string, secretDigest: string): Promise<null | Rejected>;
  /** Makes the admin when there is none, revokes all keys of the same user and label, stores this one: one transaction. */
  replaceKey(key: NewKey): Promise<null | Rejected>;
}

/** What the region answers to the first admin. */
export interface RegionSeen {
  readonly isReady: boolean;
  /** What is missing, a sentence. */
  readonly why: string;
}

/** Everything that init needs from around it. */
export interface InitPorts extends HostPorts {
  readonly database: BootstrapDatabase;
  /** The ordinary compile, for one node of a seed snapshot. */
  compile(
    seed: Snapshot,
    nodeId: string,
  ): { readonly body: Desired['body']; readonly versions: readonly Version[]; readonly refusals: readonly string[] };
  /** Asks the region on this host for its status with the key; a region that does not answer is not ready. */
  askRegion(url: string, apiKey: string): Promise<RegionSeen>;
  /** `DATABASE_URL` is configured: another database than the cluster's own. */
  readonly hasOwnDatabase: boolean;
}
