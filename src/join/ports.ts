import type { Desired } from '../contract/cluster/agent.ts';
import type { InnerTrust } from '../core/node-identity.ts';
import type { Rejected } from '../core/errors.ts';
import type { Host } from '../host/interface.ts';
import type { Snapshot, Version } from '../model/snapshot.ts';

/** Ports of the commands that set up this host. */
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
  /** Prints the result. A secret counts as seen only after this has resolved. */
  show(text: string): Promise<void>;
  readonly uid: number;
  /** Folder that this program runs from, links resolved. */
  readonly productRoot: string;
  /** Release of the product. */
  readonly version: string;
}

/** The site in the database before init writes anything. */
export interface SiteState {
  /** False: no migration was applied yet, so it holds nothing of Regent. */
  readonly isRegent: boolean;
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
  /** The server. `version` as `server_version_num`; `isPlain`: the session is not encrypted and goes over the network. Left out: not read. */
  readonly server?: { readonly version: number; readonly encoding: string; readonly isPlain: boolean };
}

/** The first values of a cluster beside its first node. Times in ms. */
export interface ClusterRows {
  readonly id: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  /** The database is an operator's own. */
  readonly isDatabaseExternal: boolean;
  /** The first node's certificate, which init itself has signed. */
  readonly certificate: { readonly serial: string; readonly notBefore: number; readonly notAfter: number };
  /** The agent's present state. */
  readonly held: { readonly generation: number; readonly digest: string } | null;
  /** Numbers of the seed's content, such as a zone's serial. Its first publication keeps them. */
  readonly versions: readonly Version[];
  /** Whom its daemons let in; left out: a region signs it. */
  readonly inner?: InnerTrust;
}

/** The rows of a new site. A second write changes nothing. */
export interface SiteRows {
  readonly nodeId: string;
  readonly nodeName: string;
  /** The node's addresses, the main one first. */
  readonly addresses: readonly string[];
  /** Domain of nodes, and of machines that name none. */
  readonly domain: string;
  /** Missing: the site is no cluster (a development server). */
  readonly cluster?: ClusterRows;
}

/** An API key in parts. The database only gets the secret's digest. */
export interface NewKey {
  readonly user: string;
  readonly label: string;
  readonly consumer: string;
  readonly token: string;
  readonly secret: string;
}

/** Init's work in the database; `main` connects it to the store. Every call may be repeated and has its own deadline. */
export interface BootstrapDatabase {
  /** Refused (`unavailable`) while the database does not answer. */
  readSite(): Promise<SiteState | Rejected>;
  /** Applies missing migrations and gives their labels. */
  migrate(): Promise<readonly string[] | Rejected>;
  /** Cluster, node, domain, setting `default_domain`: one transaction. */
  writeSite(rows: SiteRows): Promise<null | Rejected>;
  /** Turns an ordinary site into a cluster; its other rows stay. */
  writeCluster(nodeId: string, rows: ClusterRows): Promise<null | Rejected>;
  writeCredential(nodeId: string, secretDigest: string): Promise<null | Rejected>;
  /** Makes the admin if there is none, revokes all keys of the same user and label, stores this one: one transaction. */
  replaceKey(key: NewKey): Promise<null | Rejected>;
}

/** The region's answer to the first admin. */
export interface RegionReadiness {
  readonly isReady: boolean;
  /** A sentence about what is missing. */
  readonly why: string;
}

/** The ports of init. */
export interface InitPorts extends HostPorts {
  readonly database: BootstrapDatabase;
  /** The ordinary compiler, for one node of a seed snapshot. */
  compile(
    seed: Snapshot,
    nodeId: string,
  ): { readonly body: Desired['body']; readonly versions: readonly Version[]; readonly refusals: readonly string[] };
  /** Asks the region on this host for its status with the key; a region that does not answer is not ready. */
  askRegion(url: string, apiKey: string): Promise<RegionReadiness>;
  /** The cluster is to use the database of the operator that `DATABASE_URL` names, instead of its own. */
  readonly hasOwnDatabase: boolean;
  /** What this run writes there; null: `DATABASE_URL` stays as it is. Holds passwords. */
  readonly databaseUrl: string | null;
}
