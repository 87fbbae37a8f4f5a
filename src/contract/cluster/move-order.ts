import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/*
 * Orders and checkpoints of the jobs that move roles: one region writes them, another one goes on with them, perhaps of another release.
 */

const SwitchoverOrder = Type.Object({
  from: Type.String(),
  /** Null: any node that may lead at that time. */
  to: Type.Union([Type.String(), Type.Null()]),
  drained: Type.Array(Type.String()),
  /** Main addresses of the region nodes, by name: they are also queried while the database is away. */
  addresses: Type.Record(Type.String(), Type.String()),
});
/** The node that hands the database over and the node that gets it, by name, at the time of the request. Nothing is done when another node leads by then. */
export type SwitchoverOrder = Static<typeof SwitchoverOrder>;

const NodeOrder = Type.Object({ node: Type.String() });
/** The order of a drain, and of its end. `node`: the node's name. */
export type NodeOrder = Static<typeof NodeOrder>;

const RemovalOrder = Type.Object({
  node: Type.String(),
  id: Type.String(),
  addresses: Type.Array(Type.String()),
  isPlaceKept: Type.Boolean(),
  isForced: Type.Boolean(),
  /** The node was drained before: undoing the removal does not undrain it. */
  wasDrained: Type.Boolean(),
});
/** The node that is taken out, by name and id, with its addresses at the time of the request. */
export type RemovalOrder = Static<typeof RemovalOrder>;

const RestartOrder = Type.Object({ order: Type.Array(Type.String(), { minItems: 1 }) });
/** `order`: names of region nodes. */
export type RestartOrder = Static<typeof RestartOrder>;

/** What a node's own processes were before they were restarted. `isRestarted`: everything on it is, it has only to be undrained. */
const TouchedNode = Type.Object({
  name: Type.String(),
  agentSince: Type.String(),
  process: Type.String(),
  isRestarted: Type.Boolean(),
});
export type TouchedNode = Static<typeof TouchedNode>;

const RestartProgress = Type.Object({
  losses: Type.Integer(),
  done: Type.Array(Type.String()),
  node: Type.Union([Type.Null(), TouchedNode]),
});
/** `losses`: what could be lost before the first node; `done`: nodes that are back; `node`: at which it is. */
export type RestartProgress = Static<typeof RestartProgress>;

const [switchover, node, removal, restart, progress] = [
  Compile(SwitchoverOrder),
  Compile(NodeOrder),
  Compile(RemovalOrder),
  Compile(RestartOrder),
  Compile(RestartProgress),
];

/** Null: it is none. */
export const parseSwitchoverOrder = (value: unknown): SwitchoverOrder | null =>
  switchover.Check(value) ? value : null;
/** Null: it is none. */
export const parseNodeOrder = (value: unknown): NodeOrder | null => (node.Check(value) ? value : null);
/** Null: it is none. */
export const parseRemovalOrder = (value: unknown): RemovalOrder | null => (removal.Check(value) ? value : null);
/** Null: it is none. */
export const parseRestartOrder = (value: unknown): RestartOrder | null => (restart.Check(value) ? value : null);
/** Null: there is none yet. */
export const parseRestartProgress = (value: unknown): RestartProgress | null => (progress.Check(value) ? value : null);
