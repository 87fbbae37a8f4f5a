import type { Epoch } from '../../core/epoch.ts';
import type { InnerTrust } from '../../core/node-identity.ts';
import type { Rejected } from '../../core/errors.ts';
import type { LostNode } from '../../model/cluster/node.ts';
import type { RecoveredSite } from '../recover/ports.ts';
import type { ClusterRows, InitPorts } from '../ports.ts';

/** The rows of a restored site. A second write of the same changes nothing. */
export interface RestoreRows {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly epoch: Epoch;
  readonly signature: string;
  readonly lost: readonly LostNode[];
  readonly sentences: readonly string[];
  readonly certificate: ClusterRows['certificate'];
  readonly held: { readonly generation: number; readonly digest: string };
  readonly inner: InnerTrust;
  readonly credentialDigest: string;
}

/** The database work of `regent restore`; `main` connects it to the store. Each call has its own deadline. */
export interface RestoreDatabase {
  readSite(nodeId: string): Promise<RecoveredSite | Rejected>;
  /** One transaction: the epoch, the nodes that are lost, this node, numbers above those that the old site gave. */
  write(rows: RestoreRows): Promise<null | Rejected>;
}

/** The ports of `regent restore`. */
export interface RestorePorts extends InitPorts {
  readonly restored: RestoreDatabase;
  /** Connects to a TCP port; null: it answers, else the reason. */
  readonly connect: (address: string, port: number, timeoutMs: number) => Promise<string | null>;
  /** Asks the person at the terminal for a text; null: nobody is there. */
  readonly askText: (question: string) => Promise<string | null>;
  /** Is the region of this host ready, by its own load balancer? null: it is, else the reason. */
  readonly askReady: () => Promise<string | null>;
  /** Everything on standard input. */
  readonly readInput: () => Promise<string>;
  /** How many migrations this release has. */
  readonly migrations: number;
}
