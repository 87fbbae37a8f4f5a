import type { Job } from '../../../contract/base/job.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { printerOf } from '../../change.ts';
import type { Call, CommandSpec, OptionSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode, usageError } from '../../exit.ts';
import { withNext } from '../../failure.ts';
import { printable } from '../../format/escape.ts';
import { printOne } from '../../format/output.ts';
import { integer, need, option, options } from '../../values.ts';
import { jobExit, jobSentence, waitForJob } from '../../waiting/job.ts';
import { JOB_SHAPE } from '../base/job.ts';

type MoveRoute =
  | 'cluster.switchover'
  | 'cluster.restart'
  | 'node.drain'
  | 'node.undrain'
  | 'node.remove'
  | 'node.replace'
  | 'drill.run'
  | 'backup.create'
  | 'backup.verify'
  | 'backup.delete'
  | 'backup.drill'
  | 'upgrade.start'
  | 'upgrade.resume'
  | 'upgrade.back';

/** A rolling restart takes a few minutes for each node. */
const PATIENCE_S = { move: 600, restart: 3600 } as const;
const PATIENCE_MAX_S = 86_400;
const NEXT = { conflict: ['regent cluster status', 'regent job list --unfinished'], not_found: ['regent node list'] };
const NODE = { name: '<node>', help: 'name or id of a region node', complete: 'node' } as const;

/** Options of a command that starts a job; `seconds`: the default time to wait. */
export const optionsOf = (seconds: number): OptionSpec[] => [
  { flags: '--dry-run', help: 'show what would be done, or why not now; change nothing' },
  ...patienceOptions(seconds),
];

/** Those about waiting. */
export const patienceOptions = (seconds: number): OptionSpec[] => [
  { flags: '--no-wait', help: 'return as soon as the job has started' },
  { flags: '--patience <seconds>', help: `how long to wait (${seconds} when left out); the job goes on after that` },
];

/** `regent cluster switchover`, `regent cluster restart`. */
export const CLUSTER_MOVES: readonly CommandSpec[] = [
  {
    verb: 'switchover',
    summary: 'hand the database to another region node; calls wait meanwhile, none fails',
    options: [
      { flags: '--to <node>', help: 'who takes it; the nearest synchronous standby when left out' },
      ...optionsOf(PATIENCE_S.move),
    ],
    examples: ['regent cluster switchover --dry-run', 'regent cluster switchover --to r2'],
    run: (call) => {
      const to = option(call, 'to');
      return move(call, 'cluster.switchover', { body: to === undefined ? {} : { to } }, PATIENCE_S.move);
    },
  },
  {
    verb: 'restart',
    summary: 'restart everything on region nodes, one after the other, each drained meanwhile; standbys first',
    options: [
      { flags: '--rolling', help: 'one node at a time (required)' },
      { flags: '--node <node>', help: 'only this node; may be given several times', repeat: true },
      ...optionsOf(PATIENCE_S.restart),
    ],
    examples: ['regent cluster restart --rolling', 'regent cluster restart --rolling --node r2 --no-wait'],
    run: (call) => {
      if (call.options['rolling'] !== true) throw usageError('--rolling is missing: nodes restart only one at a time.');
      const nodes = [...options(call, 'node')];
      return move(call, 'cluster.restart', { body: nodes.length === 0 ? {} : { nodes } }, PATIENCE_S.restart);
    },
  },
];

/** `regent node drain`, `regent node undrain`. */
export const NODE_MOVES: readonly CommandSpec[] = [
  {
    verb: 'drain',
    summary: 'hand on the work of a node (calls, address, database; VLANs of a rack); it goes on running everything',
    args: [NODE],
    options: optionsOf(PATIENCE_S.move),
    examples: ['regent node drain r2 --dry-run', 'regent node drain r2'],
    run: (call) => move(call, 'node.drain', { params: { node: need(call, 0) } }, PATIENCE_S.move),
  },
  {
    verb: 'undrain',
    summary: 'let a drained node take its part again',
    args: [NODE],
    options: optionsOf(PATIENCE_S.move),
    examples: ['regent node undrain r2'],
    run: (call) => move(call, 'node.undrain', { params: { node: need(call, 0) } }, PATIENCE_S.move),
  },
];

/** Starts the job, prints what it does, and waits for its end. The exit code is not 0 if it failed. */
export async function move<I extends MoveRoute>(
  call: Call,
  route: I,
  input: RouteInput<I>,
  seconds: number,
): Promise<ExitCode> {
  const patience = integer(option(call, 'patience') ?? String(seconds), '--patience');
  if (patience < 1 || patience > PATIENCE_MAX_S)
    throw usageError(`--patience: ${patience} is not a number of seconds from 1 to ${PATIENCE_MAX_S}.`);
  try {
    const { client } = await call.region();
    if (call.change.dryRun) {
      const { object } = await client.preview(route, input);
      call.io.out.write(`would start: ${printable((object as Job).progress)}\n`);
      return EXIT.ok;
    }
    const startedJob: Job = (await client.call(route, input)).body;
    if (call.options['wait'] === false) return await printJob(call, startedJob, EXIT.ok);
    call.io.err.write(`${printable(jobSentence(startedJob))}\n`);
    const ended = await waitForJob(call, startedJob.id, patience);
    return await printJob(call, ended, jobExit(ended));
  } catch (error) {
    throw withNext(error, NEXT);
  }
}

async function printJob(call: Call, job: Job, exit: ExitCode): Promise<ExitCode> {
  const printer = printerOf(call);
  if (printer.format === 'table' || printer.format === 'wide') call.io.out.write(`${printable(jobSentence(job))}\n`);
  else await printOne(printer, JOB_SHAPE, job);
  return exit;
}
