import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { nullable, oneOf, strict } from '../base/common.ts';
import { UPGRADE_KINDS } from './upgrade.ts';

/*
 * Order and checkpoint of an upgrade: one region writes them, another one goes on with them, perhaps of another release. And what it asks of nodes' agents.
 */

const Archive = Type.Object({
  image: Type.String(),
  version: Type.String(),
  architecture: Type.String(),
  size: Type.Integer(),
  sha256: Type.String(),
  signature: Type.String(),
});
/** The archive of a release: its image, and what its maker signed. */
export type ReleaseArchive = Static<typeof Archive>;

const UpgradeNode = Type.Object({
  name: Type.String(),
  id: Type.String(),
  isRegion: Type.Boolean(),
  /** The version that it had before; going back installs that. */
  from: Type.String(),
});
export type UpgradeNode = Static<typeof UpgradeNode>;

const UpgradeOrder = Type.Object({
  kind: Type.Unsafe<(typeof UPGRADE_KINDS)[number]>({ type: 'string', enum: [...UPGRADE_KINDS] }),
  direction: Type.Unsafe<'forward' | 'back'>({ type: 'string', enum: ['forward', 'back'] }),
  isCheckOnly: Type.Boolean(),
  archive: nullable(Archive),
  /** In their order. */
  nodes: Type.Array(UpgradeNode, { minItems: 1, maxItems: 200 }),
  canary: nullable(Type.String()),
  /** A node's name, `canary` or `regions`. */
  pauseAfter: nullable(Type.String()),
  /** Nodes that an earlier run has finished. */
  done: Type.Array(Type.String()),
  /** Invariants that were broken before the first node: no finding of the upgrade. */
  broken: Type.Array(Type.String()),
});
export type UpgradeOrder = Static<typeof UpgradeOrder>;

const UpgradeProgress = Type.Object({
  losses: Type.Integer(),
  isChecked: Type.Boolean(),
  done: Type.Array(Type.Object({ name: Type.String(), seconds: Type.Number(), changes: Type.Array(Type.String()) })),
  /** At which node it is, since when by the clock of regions, ms; `isInstalled`: it has only to be undrained. */
  node: nullable(Type.Object({ name: Type.String(), since: Type.Number(), isInstalled: Type.Boolean() })),
  pausedAfter: nullable(Type.String()),
  /** By node's name: packages that would change, or have. */
  changes: Type.Record(Type.String(), Type.Array(Type.String())),
});
export type UpgradeProgress = Static<typeof UpgradeProgress>;

/** Names of nodes that this run or an earlier one has finished. Pure. */
export const finishedNodes = (order: UpgradeOrder, progress: UpgradeProgress | null): readonly string[] => [
  ...order.done,
  ...(progress?.done ?? []).map(({ name }) => name),
];

const orders = Compile(UpgradeOrder);
const progresses = Compile(UpgradeProgress);
/** Null: it is of another release. */
export const parseUpgradeOrder = (value: unknown): UpgradeOrder | null => (orders.Check(value) ? value : null);
/** Null: there is none yet. */
export const parseUpgradeProgress = (value: unknown): UpgradeProgress | null =>
  progresses.Check(value) ? value : null;

/** Tasks that `regent-upgrade@TASK.service` does, as `ha/upgrade` parses them. A version's `+` is `_` there. */
const TASK = '(?:(?:check|install):[0-9a-f]{64}|back:[0-9][0-9A-Za-z._-]{0,99}|packages|packages-check):[0-9]{1,12}';

/** The units that do them, as a pattern of the whole name. */
export const UPGRADE_UNIT = `regent-upgrade@${TASK}\\.service`;

/** The unit that does a task. */
export const upgradeUnit = (task: string): string => `regent-upgrade@${task}.service`;

/** A task for a node, as the region orders it until it has ended. `archive`: where the agent gets what `check` and `install` need. */
export const UpgradeAsk = strict({
  task: Type.String({ pattern: `^${TASK}$` }),
  archive: Type.Optional(
    strict({
      image: Type.String(),
      version: Type.String(),
      architecture: Type.String(),
      size: Type.Integer(),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      signature: Type.String(),
      sources: Type.Array(Type.String({ description: 'addresses of region nodes' }), { maxItems: 64 }),
    }),
  ),
});

/** How the task stands. fetching: the agent gets the archive; running: the unit works. `changes`: packages, as NAME OLD NEW. */
export const UpgradeAnswer = strict({
  state: oneOf(['fetching', 'running', 'done', 'failed']),
  sentence: Type.String({ maxLength: 1000 }),
  version: Type.String({ maxLength: 100 }),
  changes: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 200 }),
});
export type UpgradeAnswer = Static<typeof UpgradeAnswer>;
