import { readBmcProbe } from '../../../contract/machines/power-commands.ts';
import { type CommandRow, findCommand, withdrawCommand } from '../../../store/queries/base/jobs/commands.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import type { CommandWaiter } from '../../base/commands/wait.ts';
import type { JobEnd, JobKind, JobRun } from '../../base/jobs/kind.ts';
import { reached } from '../../base/task.ts';
import { ask } from './ask.ts';
import { takeResults } from './results.ts';
import type { Order, PowerPorts, Progress, Turn } from './order.ts';
import { parseOrder, parseProgress, POWER_JOB } from './order.ts';

/** An agent that did not take an order by then is silent; another node gets it. */
const TAKEN_MS = 5000;
/** After the first node that reaches the BMC the others have so long to be quicker. */
const GRACE_MS = 300;
const POLL_MS = 500;

/**
 * `machine-power`: chooses a node that reaches the BMC, has its agent give the order, and takes note of what came of it; a node that does not do is followed
 * by the next. Whoever takes the job over waits for the same commands.
 */
export function createPowerJob(ports: PowerPorts): JobKind<Order> {
  return {
    name: POWER_JOB,
    parse: parseOrder,
    run: async (run) => {
      let at = parseProgress(run.checkpoint);
      for (;;) {
        const abort = await abortOf(run, at);
        if (abort !== null) return abort;
        const { asked: pending } = at;
        if (pending !== null) await waitFor(ports, run, pending);
        if (run.isAbortWanted()) continue;
        run.mustHold();
        const turn = await save(run, at, (tx) =>
          pending === null ? ask(tx, ports, run, at) : takeResults(tx, run, at),
        );
        if (turn.end !== null) return turn.end;
        at = turn.at;
      }
    },
  };
}

/** Makes a turn in one transaction, with what it changes. */
async function save(run: JobRun<Order>, at: Progress, make: (tx: WriteTx) => Promise<Turn>): Promise<Turn> {
  const made: { turn: Turn | null } = { turn: null };
  await run.save(progressOf(at), at, async (tx) => {
    made.turn = await make(tx);
    return made.turn.at;
  });
  if (made.turn === null) throw new Error('a turn was saved that was not made');
  return made.turn;
}

function progressOf({ asked: pending, failures }: Progress): string {
  const last = failures.at(-1);
  if (pending === null)
    return last === undefined ? 'searching for a node that reaches the BMC' : `another node: ${last.why}`;
  const nodes = pending.commands.map(({ node }) => node).join(', ');
  return pending.kind === 'probe' ? `probes whether the BMC is reached: ${nodes}` : `has the order: ${nodes}`;
}

/** Ends when an operator wants it: commands that no agent has taken are withdrawn. Null: nobody wants it. */
async function abortOf(run: JobRun<Order>, at: Progress): Promise<JobEnd | null> {
  if (!run.isAbortWanted()) return null;
  const open: string[] = [];
  await run.save('ends', at, async (tx) => {
    open.length = 0;
    for (const { id, node } of at.asked?.commands ?? []) {
      const isBack = await withdrawCommand(tx, id);
      const row = isBack ? null : await findCommand(tx, id);
      if (row !== null && row.endedAt === null && at.asked?.kind === 'order') open.push(node);
    }
    return at;
  });
  const result =
    open.length === 0
      ? 'Ended: no order runs.'
      : `Ended: ${open.join(', ')} had the order already, and the order may still take effect. See: regent machine show.`;
  return { state: 'aborted', result };
}

/** Waits for the commands until there is something to take: an end, the first node that reaches the BMC, silence, or a request to end the job. */
async function waitFor(
  { db, waiter, clock }: PowerPorts,
  run: JobRun<Order>,
  { kind, commands }: NonNullable<Progress['asked']>,
): Promise<void> {
  const since = clock.monotonic();
  for (;;) {
    const { rows } = await reached(db.autocommitRead(async (tx) => ({ rows: await findAll(tx, commands) })));
    const open = rows.filter((row) => row.endedAt === null);
    if (open.length === 0 || run.isAbortWanted()) return;
    if (kind === 'probe' && rows.some(({ result }) => readBmcProbe(result)?.isReachable)) {
      await firstOf(waiter, run, open, GRACE_MS);
      return;
    }
    const isSilent = clock.monotonic() - since > TAKEN_MS;
    if (isSilent && (kind === 'probe' || open.every(({ state }) => state === 'waiting'))) return;
    await firstOf(waiter, run, open, POLL_MS);
  }
}

async function findAll(tx: Tx, commands: readonly { readonly id: number }[]): Promise<CommandRow[]> {
  const rows: CommandRow[] = [];
  for (const { id } of commands) {
    const row = await findCommand(tx, id);
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** Waits until one of these has ended, at most so long. Throws when the run must end. */
async function firstOf(
  waiter: CommandWaiter,
  run: JobRun<Order>,
  open: readonly CommandRow[],
  mostMs: number,
): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), mostMs);
  const signal = AbortSignal.any([run.signal, over.signal]);
  try {
    await Promise.race(open.map(({ id }) => waiter.awaitCommand(id, signal)));
  } catch (error) {
    run.signal.throwIfAborted();
    if (!over.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
