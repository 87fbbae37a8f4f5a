import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, text } from '../base/common.ts';
import { Job } from '../base/job.ts';
import { ADMINS, begin, get, WATCHERS } from '../base/route-spec.ts';

/** What an upgrade changes: the release, or Debian's packages of the managed daemons. */
export const UPGRADE_KINDS = ['release', 'packages'] as const;
const NODES_MAX = 200;
const NodeName = text(64, 'name of a node');
const NodeNames = (description: string) =>
  Type.Optional(Type.Array(NodeName, { minItems: 1, maxItems: NODES_MAX, description }));

/** What is installed, where, and in which order. */
export const UpgradeStart = strict({
  image: Type.Optional(text(64, 'digest of an image of the kind release; left out: packages of Debian')),
  nodes: NodeNames('only these; all nodes when left out'),
  without: NodeNames('nodes that are left out, such as those that are off'),
  canary: Type.Optional(text(64, 'the node that is first')),
  pauseAfter: Type.Optional(text(64, 'pause after this node, after `canary` or after all `regions`')),
  checkOnly: Type.Optional(Type.Boolean({ description: 'true: every node checks it, and nothing is changed' })),
  force: Type.Optional(Type.Boolean({ description: 'true: begin although the doctor has findings' })),
});
export type UpgradeStart = Static<typeof UpgradeStart>;

/** A node of an upgrade. next: not yet; working: now, or where it stopped. */
export const UPGRADE_NODE_STATES = ['next', 'working', 'done'] as const;

/** The last upgrade. */
export const Upgrade = strict({
  kind: oneOf(UPGRADE_KINDS),
  direction: oneOf(['forward', 'back']),
  isCheckOnly: Type.Boolean(),
  state: oneOf(['running', 'paused', 'stopped', 'done'], 'stopped: at a finding, or because an operator ended it'),
  version: nullable(Type.String({ description: 'of the release; null: packages' })),
  sentence: Type.String({ description: 'how far it is, or how it ended' }),
  next: Type.String({ description: 'how to go on, or back; empty: nothing is left to do' }),
  job: Job,
  nodes: Type.Array(
    strict({
      name: Type.String(),
      role: oneOf(['region', 'rack']),
      state: oneOf(UPGRADE_NODE_STATES),
      from: Type.String({ description: 'the version that it had before' }),
      version: Type.String({ description: 'the version that it reports now' }),
      seconds: nullable(Type.Number({ description: 'how long it took' })),
      changes: Type.Array(Type.String(), { description: 'packages that change or have changed: NAME OLD NEW' }),
    }),
  ),
});
export type Upgrade = Static<typeof Upgrade>;

/** Calls about upgrades. Each begins a job; one at a time, and none beside a drain or a drill. */
export const UPGRADE_ROUTES = {
  'upgrade.start': begin('/upgrade', 'Upgrade the nodes one after the other, each drained meanwhile', {
    roles: ADMINS,
    body: UpgradeStart,
    response: Job,
  }),
  'upgrade.show': get('/upgrade', 'Show the last upgrade, node by node', { roles: WATCHERS, response: Upgrade }),
  'upgrade.resume': begin('/upgrade/resume', 'Go on with an upgrade that was paused or has stopped', {
    roles: ADMINS,
    response: Job,
  }),
  'upgrade.back': begin('/upgrade/back', 'Install the release before again on each node that was upgraded', {
    roles: ADMINS,
    response: Job,
  }),
} as const;
