import type { Epoch } from '../../core/epoch.ts';
import type { Rejected } from '../../core/errors.ts';
import type { LostNode } from '../../model/cluster/node.ts';
import type { HostPorts, InitPorts } from '../ports.ts';

/** The rows of a recovery. A second write of the same changes nothing. */
export interface RecoveryRows {
  readonly nodeId: string;
  readonly epoch: Epoch;
  readonly signature: string;
  readonly lost: readonly LostNode[];
  readonly sentences: readonly string[];
}

/** What the database says of this node. */
export interface RecoveredSite {
  readonly node: { readonly name: string; readonly isRegion: boolean; readonly state: string } | null;
  readonly clusterId: string | null;
}

/** The database work of `regent cluster recover`; `main` connects it to the store. Each call has its own deadline. */
export interface RecoveryDatabase {
  /** Refused (`unavailable`) while the database takes no writes. */
  readSite(nodeId: string): Promise<RecoveredSite | Rejected>;
  migrate(): Promise<readonly string[] | Rejected>;
  /** One transaction: the recovery, the nodes that are lost, their certificates, tokens that are still open. */
  write(rows: RecoveryRows): Promise<null | Rejected>;
}

/** The ports of `regent cluster recover`. */
export interface RecoverPorts extends HostPorts {
  readonly compile: InitPorts['compile'];
  readonly database: RecoveryDatabase;
  /** Connects to a TCP port; null: it answers, else the reason. */
  readonly connect: (address: string, port: number, timeoutMs: number) => Promise<string | null>;
  /** Asks the person at the terminal for a text; null: nobody is there. */
  readonly askText: (question: string) => Promise<string | null>;
  /** Is the region of this host ready, by its own load balancer? null: it is, else the reason. */
  readonly askReady: () => Promise<string | null>;
}
