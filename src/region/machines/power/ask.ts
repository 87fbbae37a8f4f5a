import { isRejected } from '../../../core/errors.ts';
import { raisePowerEpoch, readReach } from '../../../store/queries/machines/power-states.ts';
import type { WriteTx } from '../../../store/write.ts';
import { addCommand } from '../../base/commands/add.ts';
import { closedFor } from './bmc.ts';
import type { JobRun } from '../../base/jobs/kind.ts';
import { sealerOf } from '../../base/sealer.ts';
import { type BmcRoute, rankRoutes } from './choose.ts';
import { noteState } from './note.ts';
import { type Order, type PowerPorts, type Progress, type PowerStep, stepsOf, type Turn } from './order.ts';
import { type PowerTarget, readTarget } from './target.ts';

/** Nodes that are probed at once. */
const PROBES_MAX = 8;
const PROBE_S = 6;
/** What an order may take at its BMC, seconds. */
const ORDER_S = { query: 20, hard: 45, soft: 200 } as const;
/** An agent reports so long after, at the latest, seconds. */
const REPORT_S = 10;

/** How long a job may take: every step by two nodes, and finding them, seconds. */
export function jobSeconds(steps: readonly PowerStep[], parameters: Readonly<Record<string, unknown>>): number {
  return steps.reduce((sum, step) => sum + 2 * (orderSeconds(step, parameters) + REPORT_S), 30);
}

/** Gives the order to the best node that is left; a node whose route to the BMC is not known is probed first. */
export async function ask(
  tx: WriteTx,
  ports: Pick<PowerPorts, 'ca' | 'random'>,
  run: JobRun<Order>,
  at: Progress,
): Promise<Turn> {
  const { machineId, bmcId } = run.payload;
  const target = await readTarget(tx, sealerOf(ports), machineId);
  if (isRejected(target)) return failedTurn(at, target.message);
  if (target.bmc.id !== bmcId)
    return failedTurn(at, `${target.machine.fqdn} now has another BMC: ${target.bmc.name}. Try again.`);
  const routes = rankRoutes(await readReach(tx, bmcId, target.address)).filter(
    ({ nodeId }) => !at.tried.includes(nodeId),
  );
  const [first] = routes;
  if (first === undefined) return await nobodyLeft(tx, target, run, at);
  const isProbed = first.isKnown || at.hasProbed || routes.length === 1 || !target.hasDoor;
  const pending = isProbed ? await order(tx, run, at, { target, route: first }) : await probe(tx, run, target, routes);
  return { at: { ...at, asked: pending }, end: null };
}

/** The end of a job that could not be done. */
export function failedTurn(at: Progress, result: string): Turn {
  return { at: { ...at, asked: null }, end: { state: 'failed', result } };
}

async function order(
  tx: WriteTx,
  run: JobRun<Order>,
  at: Progress,
  { target, route }: { readonly target: PowerTarget; readonly route: BmcRoute },
): Promise<Progress['asked']> {
  const step = stepsOf(run.payload.order)[at.step] ?? { verb: 'query' };
  const seconds = orderSeconds(step, target.parameters);
  const { powerType, parameters, secrets, hosts } = target;
  const closed = await closedFor(tx, hosts);
  // In the order's own transaction: an agent refuses what comes with an older number.
  const { epoch, learned } = await raisePowerEpoch(tx, target.bmc.id);
  const { id } = await addCommand(tx, {
    nodeId: route.nodeId,
    kind: 'power',
    args: {
      machine: target.machine.fqdn,
      powerType,
      parameters,
      learned: { ...learned },
      epoch,
      seconds,
      ...step,
      ...closed,
    },
    secrets,
    deadlineSeconds: seconds + REPORT_S,
    caller: `job ${run.id}`,
  });
  return { kind: 'order', commands: [{ id, nodeId: route.nodeId, node: route.node }] };
}

async function probe(
  tx: WriteTx,
  run: JobRun<Order>,
  { powerType, parameters, hosts }: PowerTarget,
  routes: readonly BmcRoute[],
): Promise<Progress['asked']> {
  const commands: NonNullable<Progress['asked']>['commands'] = [];
  const closed = await closedFor(tx, hosts);
  for (const { nodeId, node } of routes.slice(0, PROBES_MAX)) {
    const { id } = await addCommand(tx, {
      nodeId,
      kind: 'probe-bmc',
      args: { powerType, parameters, ...closed },
      deadlineSeconds: PROBE_S,
      caller: `job ${run.id}`,
    });
    commands.push({ id, nodeId, node });
  }
  return { kind: 'probe', commands };
}

async function nobodyLeft(tx: WriteTx, target: PowerTarget, run: JobRun<Order>, at: Progress): Promise<Turn> {
  const { machine, bmc } = target;
  const reasons = at.failures.map(({ why }) => why);
  const why = reasons.length === 0 ? 'No node can query the BMC.' : [...new Set(reasons)].join(' ');
  const remedy = at.failures.at(-1)?.remedy ?? 'Accept a rack in the network of the BMC: regent rack list.';
  const seen = { machineId: machine.id, fqdn: machine.fqdn, by: `job ${run.id}`, node: '' };
  await noteState(tx, seen, { state: 'error', nodeId: null, why, remedy });
  return failedTurn(at, `No node reaches ${bmc.name}, the BMC of ${machine.fqdn}. ${why} ${remedy}`);
}

function orderSeconds({ verb, stopMode }: PowerStep, parameters: Readonly<Record<string, unknown>>): number {
  if (verb === 'query') return ORDER_S.query;
  const isSoft = verb === 'off' && (stopMode ?? parameters['power_off_mode']) === 'soft';
  return isSoft ? ORDER_S.soft : ORDER_S.hard;
}
