import type { Rejected } from '../core/errors.ts';
import type { Host } from '../host/interface.ts';

/** What the database knows of the site before init writes anything. */
export interface SiteSeen {
  /** False: no migration was applied yet, there is nothing of Regent in it. */
  readonly isRegent: boolean;
  readonly nodes: readonly { readonly id: string; readonly name: string; readonly credentialDigest: string | null }[];
}

/** The rows of a new site. Writing the same again changes nothing. */
export interface SiteRows {
  readonly nodeId: string;
  readonly nodeName: string;
  /** Where others reach the node, the main one first. */
  readonly addresses: readonly string[];
  /** Domain of nodes and of machines that name none. */
  readonly domain: string;
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
  /** Node row, domain row, setting `default_domain`. */
  writeSite(rows: SiteRows): Promise<null | Rejected>;
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
export interface InitPorts {
  readonly host: Host;
  readonly database: BootstrapDatabase;
  /** Asks the region on this host for its status with the key; a region that does not answer is not ready. */
  askRegion(url: string, apiKey: string): Promise<RegionSeen>;
  /** A number of random bytes as lower-case hex, cryptographically strong. */
  hex(bytes: number): string;
  /** Monotonic, ms. */
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  /** Progress for people. */
  say(line: string): void;
  /** Prints the result; init marks the key as seen only after this has resolved. */
  show(text: string): Promise<void>;
  readonly uid: number;
  /** Folder that this program runs from, links resolved. */
  readonly productRoot: string;
  /** `DATABASE_URL` when an own database is configured, else null. Only whether it is there matters here. */
  readonly hasOwnDatabase: boolean;
  /** Where the region listens: `REGION_LISTEN`. */
  readonly regionListen: string;
}
