import { closedFor } from './bmc.ts';
import { readPowerQueryResult } from '../../../contract/machines/power-commands.ts';
import { isRejected } from '../../../core/errors.ts';
import type { Random } from '../../../core/ports.ts';
import type { Database } from '../../../store/database.ts';
import { withEvents } from '../../../store/queries/base/events.ts';
import { findCommand } from '../../../store/queries/base/jobs/commands.ts';
import { findMachine } from '../../../store/queries/machines/machines.ts';
import * as states from '../../../store/queries/machines/power-states.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { addCommand } from '../../base/commands/add.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CertificateAuthority } from '../../cluster/trust/port.ts';
import { sealerOf } from '../../base/sealer.ts';
import { hasOtherRoute, type BmcRoute, rankRoutes } from './choose.ts';
import { noteResult } from './note.ts';
import { type PowerTarget, readTarget } from './target.ts';

/** What power checks need. */
export interface PowerCheckPorts {
  readonly db: Database;
  readonly ca: Pick<CertificateAuthority, 'inheritance'>;
  readonly random: Pick<Random, 'hex'>;
}

/** Machines of one check: an agent takes 8 at once, each at most 20 s. */
const MACHINES_MAX = 32;
/** Those that are due so soon are checked with the others, seconds. */
const AHEAD_S = 20;
/** Machines that a round plans at most. */
const ROUND_MAX = 256;
/** An agent reports by then, seconds. */
const CHECK_S = 120;
/** After a check without a result another node checks so much later, seconds. */
const AGAIN_S = 15;
const DEADLINE = { deadlineMs: 8000 } as const;

/**
 * Has agents check machines' power, each every two minutes or so, and stores what they saw. When each is due is in its row, so no check is lost with a
 * region or an agent, and no password is in the database longer than a check takes. Runs on every region; one plans at a time.
 */
export function createPowerCheckTask(ports: PowerCheckPorts): Task {
  const { db } = ports;
  return {
    name: 'power-looks',
    async run() {
      const { isDue } = await reached(
        db.autocommitRead(
          async (tx) => ({ isDue: (await states.hasEndedChecks(tx)) || (await states.hasDueChecks(tx)) }),
          DEADLINE,
        ),
      );
      if (!isDue) return null;
      const seen = await reached(db.repeatable((tx) => alone(tx, takeCheckResults), DEADLINE));
      const started = await reached(
        db.repeatable((tx) => alone(tx, (writing) => startChecks(writing, ports)), DEADLINE),
      );
      return seen + started === 0 ? null : `${seen} machines were checked, ${started} checks started`;
    },
  };
}

/** A part of a round, each in a transaction of its own: machines that were seen are not held while the next checks are planned. */
async function alone(tx: Tx, part: (tx: WriteTx) => Promise<number>): Promise<number> {
  return (await states.lockPowerChecks(tx)) ? withEvents(tx, 'system:power', part) : 0;
}

/** Stores the results of all checks that have ended. Gives how many machines they saw. */
async function takeCheckResults(tx: WriteTx): Promise<number> {
  let seen = 0;
  for (const id of await states.takeEndedChecks(tx)) seen += await takeCheckResult(tx, id);
  return seen;
}

/** Stores the results of an ended check. Gives how many machines it saw. */
async function takeCheckResult(tx: WriteTx, commandId: number): Promise<number> {
  const command = await findCommand(tx, commandId);
  if (command === null) return 0;
  const found = readPowerQueryResult(command.result);
  const requestedIds = idsOf(command.args);
  const silent = requestedIds.filter((id) => found?.machines.every((one) => one.id !== id) !== false);
  for (const id of silent) {
    const bmcId = (await findMachine(tx, { id }))?.bmcId ?? null;
    const reach = { bmcId: bmcId ?? 0, nodeId: command.nodeId, why: command.sentence ?? '' };
    const mayOther = bmcId !== null && (await mayOtherReach(tx, reach));
    await states.postponeChecks(tx, [id], mayOther ? AGAIN_S : CHECK_S);
  }
  for (const { id, ...result } of found?.machines ?? []) {
    const machine = requestedIds.includes(id) ? await findMachine(tx, { id }) : null;
    if (machine === null || machine.bmcId === null) continue;
    const { nodeId, node } = command;
    if (result.code === 'unreachable' && (await mayOtherReach(tx, { bmcId: machine.bmcId, nodeId, why: result.why }))) {
      await states.postponeChecks(tx, [id], AGAIN_S);
      continue;
    }
    const who = { machineId: id, fqdn: machine.fqdn, bmcId: machine.bmcId, nodeId, node, by: 'power check' };
    await noteResult(tx, who, result);
    // An order came first: what it saw counts, and the machine is checked again in its time.
    if (result.outcome === 'overtaken') await states.postponeChecks(tx, [id], AGAIN_S);
  }
  return found?.machines.length ?? 0;
}

/** A node that does not reach a BMC says nothing of the machine as long as another may. */
async function mayOtherReach(
  tx: Tx,
  { bmcId, nodeId, why }: { readonly bmcId: number; readonly nodeId: string; readonly why: string },
): Promise<boolean> {
  await states.storeReach(tx, bmcId, nodeId, { isReachable: false, ms: null, why, hasWorked: false });
  return hasOtherRoute(await states.readReach(tx, bmcId, null));
}

function idsOf(args: Readonly<Record<string, unknown>>): string[] {
  const { machines } = args;
  const items: readonly unknown[] = Array.isArray(machines) ? machines : [];
  return items.flatMap((item) =>
    typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string' ? [item.id] : [],
  );
}

type PlannedCheck = { readonly target: PowerTarget; readonly route: BmcRoute };

/** Starts a check on each node that runs none. Gives how many machines they check. */
async function startChecks(tx: WriteTx, ports: PowerCheckPorts): Promise<number> {
  const sealer = sealerOf(ports);
  const busy = new Set(await states.lookingNodes(tx));
  const byNode = new Map<string, PlannedCheck[]>();
  const unready: string[] = [];
  for (const { machineId, bmcId } of await states.listDueChecks(tx, AHEAD_S, ROUND_MAX)) {
    const target = await readTarget(tx, sealer, machineId);
    const route = isRejected(target) ? undefined : rankRoutes(await states.readReach(tx, bmcId, target.address))[0];
    if (isRejected(target) || route === undefined) unready.push(machineId);
    else if (!busy.has(route.nodeId))
      byNode.set(route.nodeId, [...(byNode.get(route.nodeId) ?? []), { target, route }]);
  }
  // Its secrets cannot be opened here, or there is no node: it is not the first in the queue for ever.
  await states.postponeChecks(tx, unready, CHECK_S);
  let startedCount = 0;
  for (const [nodeId, wanted] of byNode) startedCount += await startCheck(tx, nodeId, wanted.slice(0, MACHINES_MAX));
  return startedCount;
}

async function startCheck(tx: WriteTx, nodeId: string, wanted: readonly PlannedCheck[]): Promise<number> {
  const machines = [];
  const secrets: Record<string, string> = {};
  for (const { target } of wanted) {
    const { machine, bmc, powerType, parameters } = target;
    const { epoch, learned } = await states.powerEpoch(tx, bmc.id);
    machines.push({ id: machine.id, powerType, parameters, learned: { ...learned }, epoch });
    for (const [name, value] of Object.entries(target.secrets)) secrets[`${machine.id}/${name}`] = value;
  }
  const { id } = await addCommand(tx, {
    nodeId,
    kind: 'look-power',
    args: {
      machines,
      ...(await closedFor(
        tx,
        wanted.flatMap(({ target }) => target.hosts),
      )),
    },
    secrets,
    deadlineSeconds: CHECK_S,
    caller: 'system:power',
  });
  await states.storePowerCheck(tx, nodeId, id);
  await states.postponeChecks(
    tx,
    machines.map((machine) => machine.id),
    CHECK_S * 2,
  );
  return machines.length;
}
