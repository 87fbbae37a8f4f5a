import { type PowerResult, readBmcProbe, readPowerResult } from '../../../contract/machines/power-commands.ts';
import { type CommandRow, findCommand, withdrawCommand } from '../../../store/queries/base/jobs/commands.ts';
import { storeReach } from '../../../store/queries/machines/power-states.ts';
import type { WriteTx } from '../../../store/write.ts';
import type { JobRun } from '../../base/jobs/kind.ts';
import { failedTurn } from './ask.ts';
import { noteResult, describePowerState } from './note.ts';
import { type Order, type Progress, stepsOf, type Turn } from './order.ts';

type PendingCommand = NonNullable<Progress['asked']>['commands'][number];

/** What helps a node that does not answer. */
const NODE_REMEDY = 'Check the node: regent node show, regent command list.';

/** Takes the results of the commands that were sent; withdraws those that no agent has taken. */
export async function takeResults(tx: WriteTx, run: JobRun<Order>, at: Progress): Promise<Turn> {
  const { asked: pending } = at;
  if (pending?.kind === 'probe') return { at: await takeProbeResults(tx, run, at, pending.commands), end: null };
  const [one] = pending?.commands ?? [];
  return one === undefined ? { at: { ...at, asked: null }, end: null } : await takeOrderResult(tx, run, at, one);
}

async function takeProbeResults(
  tx: WriteTx,
  run: JobRun<Order>,
  at: Progress,
  commands: readonly PendingCommand[],
): Promise<Progress> {
  const { bmcId } = run.payload;
  const tried = [...at.tried];
  const failures = [...at.failures];
  const fail = (one: PendingCommand, why: string, remedy: string) => {
    tried.push(one.nodeId);
    failures.push({ why: `${one.node}: ${why}`, remedy });
  };
  const found = [];
  for (const one of commands) found.push({ one, row: await overOf(tx, one.id) });
  const isReached = found.some(({ row }) => row !== 'open' && readBmcProbe(row?.result)?.isReachable === true);
  for (const { one, row } of found) {
    // It still runs: the node may do, after those that answered.
    if (row === 'open') continue;
    const probe = readBmcProbe(row?.result);
    if (probe === null) {
      // Nobody waited for it where another one was quicker.
      if (!isReached) fail(one, row?.sentence ?? 'its probe is gone.', NODE_REMEDY);
      continue;
    }
    const { isReachable, ms, why } = probe;
    await storeReach(tx, bmcId, one.nodeId, { isReachable, ms, why, hasWorked: false });
    if (!isReachable) fail(one, `the BMC is not reached: ${why}.`, 'Check its address, cable and VLAN.');
  }
  return { ...at, asked: null, hasProbed: true, tried, failures };
}

async function takeOrderResult(tx: WriteTx, run: JobRun<Order>, at: Progress, one: PendingCommand): Promise<Turn> {
  const row = await overOf(tx, one.id);
  if (row === 'open') return { at, end: null };
  const next = (why: string, remedy: string): Turn => ({
    at: {
      ...at,
      asked: null,
      tried: [...at.tried, one.nodeId],
      failures: [...at.failures, { why: `${one.node}: ${why}`, remedy }],
    },
    end: null,
  });
  const result = readPowerResult(row?.result);
  const { machineId, bmcId } = run.payload;
  if (result === null) {
    const why = row?.sentence ?? 'its order is gone.';
    await storeReach(tx, bmcId, one.nodeId, { isReachable: false, ms: null, why, hasWorked: false });
    return next(why, NODE_REMEDY);
  }
  const seen = { machineId, fqdn: run.target, bmcId, nodeId: one.nodeId, node: one.node, by: `job ${run.id}` };
  await noteResult(tx, seen, result);
  if (result.outcome === 'done') return goOn(run, at, one, result);
  if (result.code === 'unreachable') return next(result.why, result.remedy);
  return failedTurn(at, `${one.node}: ${result.why} ${result.remedy}`.trim());
}

function goOn(run: JobRun<Order>, at: Progress, one: PendingCommand, result: PowerResult): Turn {
  const steps = stepsOf(run.payload.order);
  const hasChanged = at.hasChanged || result.hasChanged;
  const done: Progress = { ...at, asked: null, step: at.step + 1, hasChanged };
  if (done.step < steps.length) return { at: done, end: null };
  const { verb } = run.payload.order;
  const before = verb !== 'query' && !hasChanged ? ', as before' : '';
  const sentence = `${run.target} ${describePowerState(result.state)}${before}: ${one.node} asked its BMC.`;
  return { at: done, end: { state: 'done', result: [sentence, ...result.notes].join(' ') } };
}

/** A command that has ended, or that was withdrawn because nobody took it; `open`: an agent runs it. Null: it is gone. */
async function overOf(tx: WriteTx, id: number): Promise<CommandRow | 'open' | null> {
  await withdrawCommand(tx, id);
  const row = await findCommand(tx, id);
  return row !== null && row.endedAt === null ? 'open' : row;
}
