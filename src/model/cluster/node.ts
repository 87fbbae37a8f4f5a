import type { InnerTrust } from '../../core/node-identity.ts';

/**
 * What region nodes have in common. `id`: made once, names the etcd cluster. `vip`: the floating address as
 * `ADDRESS/PREFIX`, null if there is none. `virtualRouter`: VRRP's number on that network, 1–255 (RFC 9568 §5.2.3).
 * `isSeed`: read on a host that begins the cluster, before there is a database.
 */
export interface Cluster {
  readonly id: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly isSeed: boolean;
  /** The database is an operator's own, so nodes run none. Left out: they run it. */
  readonly isDatabaseExternal?: boolean;
  /** The last recovery of the cluster from a single node; absent: never recovered. */
  readonly recovered?: Recovered;
  /** Left out: nobody has signed it yet, so daemons let every node of the cluster in. */
  readonly inner?: InnerTrust;
}

/** A region node that was counted as lost when the cluster was recovered. */
export type LostNode = { readonly name: string; readonly address: string };

/** `epoch`: as its text (`core/epoch.ts`); `signature`: of it, by the cluster's authority; `lost`: all that were ever counted as lost, by address. */
export interface Recovered {
  readonly epoch: string;
  readonly id: string;
  readonly signature: string;
  readonly lost: readonly LostNode[];
}

/** Where a node is in its life: it was let in and is being set up; it carries its part; or it stops all that it runs, because it is taken out. */
export const NODE_STATES = ['joining', 'member', 'leaving'] as const;

export type NodeState = (typeof NODE_STATES)[number];

/**
 * A host that runs the agent. `addresses`: where other hosts and clients reach it, the main one first. `isDrained`: an operator has handed its
 * work on; it goes on running everything, and takes nothing upon itself that another region node can do. Left out: it is not.
 */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly addresses: readonly string[];
  readonly state: NodeState;
  readonly isDrained?: boolean;
}

/** Names under which processes of ours stand among the wishes to restart; no managed service has one of them. */
export const OWN_PROCESSES = { region: 'regiond', agent: 'agent' } as const;

/** An operator's wish that a service be restarted once on a node; a new nonce is a new wish. */
export type RestartRequest = { readonly nodeId: string; readonly service: string; readonly nonce: string };
