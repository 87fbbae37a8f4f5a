import { showOf } from './plain.ts';
import type { Job } from '../../../contract/base/job.ts';
import { type Change, printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { moment, stamp } from '../../format/when.ts';
import { integer, need, option, text } from '../../values.ts';
import { jobExit, jobSentence, waitForJob } from '../../waiting/job.ts';

const JOBS_MAX = 1000;
const WAIT_S = 600;
const WHICH = { name: '<job>', help: 'its id, see: regent job list', complete: 'job' } as const;
const NEXT = { not_found: ['regent job list'], conflict: ['regent job show <id>'] };

/** A job in lists. */
export const JOB_SHAPE: Shape<Job> = {
  kind: 'job',
  name: (job) => String(job.id),
  columns: [
    { header: 'id', value: (job) => String(job.id) },
    { header: 'kind', value: (job) => job.kind },
    { header: 'target', value: (job) => job.target },
    { header: 'state', value: stateOf },
    { header: 'created', value: (job) => stamp(job.createdAt) },
    { header: 'by', value: (job) => job.caller },
    { header: 'how', value: (job) => job.result ?? job.progress },
    { header: 'region', wide: true, value: (job) => job.holder ?? '' },
    { header: 'holds', wide: true, value: (job) => job.targets.join(', ') },
    { header: 'epoch', wide: true, value: (job) => String(job.epoch) },
  ],
};

/** `regent job`. */
export const JOB: NounSpec = {
  noun: 'job',
  summary: 'work that outlives its command: who does it, how far it is, how it ended',
  commands: [
    {
      verb: 'list',
      summary: 'list jobs, newest first',
      options: [
        { flags: '--unfinished', help: 'only those that wait or run' },
        { flags: '--kind <kind>', help: 'only of this kind' },
        { flags: '--target <target>', help: 'only those about this target, or that hold it: r2, cluster, machine:7' },
        {
          flags: '--state <state>',
          help: 'only in this state',
          values: ['waiting', 'running', 'done', 'failed', 'aborted'],
        },
        { flags: '--limit <number>', help: `how many, at most ${JOBS_MAX} (20 when left out)` },
      ],
      examples: [
        'regent job list --unfinished --watch',
        'regent job list --state failed',
        'regent job list --target cluster',
      ],
      run: list,
    },
    showOf(
      'job.show',
      'job',
      { summary: 'show a job', args: [WHICH], examples: ['regent job show 12', 'regent job show 12 --watch'] },
      detailed,
    ),
    {
      verb: 'wait',
      summary: 'wait for a job’s end; exit code 1 when it failed or was aborted, 5 when it goes on',
      args: [WHICH],
      options: [{ flags: '--patience <seconds>', help: `how long (${WAIT_S} when left out)` }],
      examples: ['regent job wait 12', 'regent job wait 12 --patience 60'],
      run: wait,
    },
    {
      verb: 'abort',
      summary: 'abort a job; the job first undoes what is half done; --wait waits for its end',
      args: [WHICH],
      isChange: true,
      waitsFor: 'jobEnd',
      examples: ['regent job abort 12', 'regent job abort 12 --wait'],
      run: (call) => abortJob(call, need(call, 0), NEXT),
    },
  ],
};

/** Asks for a job's end; with `--wait` waits for it. `next`: the next step after these failures. */
export function abortJob(call: Call, id: string, next: NonNullable<Change<'job.abort'>['next']>): Promise<ExitCode> {
  return runChange(call, {
    route: 'job.abort',
    input: { params: { job: id } },
    shape: JOB_SHAPE,
    done: 'aborted',
    next,
    describe: jobSentence,
    waitFor: async (job) => {
      const ended = await waitForJob(call, job.id, call.change.timeoutSeconds);
      call.io.err.write(`${printable(jobSentence(ended))}\n`);
      return ended.state === 'aborted' ? EXIT.ok : jobExit(ended);
    },
  });
}

async function list(call: Call): Promise<void> {
  const limit = integer(option(call, 'limit') ?? '20', '--limit');
  if (limit < 1 || limit > JOBS_MAX) throw usageError(`--limit: ${limit} is out of range, 1 to ${JOBS_MAX}.`);
  const { client } = await call.region();
  const unfinished = call.options['unfinished'] === true ? { unfinished: true } : {};
  const state = text(call, 'state') as { state?: Job['state'] };
  const query = { limit, ...unfinished, ...state, ...text(call, 'kind'), ...text(call, 'target') };
  await printList(printerOf(call), JOB_SHAPE, (await client.call('job.list', { query })).body.items);
}

async function wait(call: Call): Promise<ExitCode> {
  const seconds = integer(option(call, 'patience') ?? String(WAIT_S), '--patience');
  if (seconds < 1) throw usageError(`--patience: ${seconds} is not a number of seconds above 0.`);
  const { client } = await call.region();
  const { body } = await client.call('job.show', { params: { job: need(call, 0) } });
  const job = body.endedAt === null ? await waitForJob(call, body.id, seconds) : body;
  const printer = printerOf(call);
  if (printer.format === 'table') call.io.out.write(`${printable(jobSentence(job))}\n`);
  else await printOne(printer, JOB_SHAPE, job);
  return jobExit(job);
}

function stateOf(job: Job): string {
  return job.abortBy !== null && job.endedAt === null ? `${job.state} (to be aborted)` : job.state;
}

function detailed(call: Call): Shape<Job> {
  const now = call.io.now();
  return {
    ...JOB_SHAPE,
    details: (job) => [
      ['Job', `${job.id}: ${job.kind} ${job.target}`],
      ['Holds alone', job.targets.join(', ')],
      ['State', stateOf(job)],
      ['Progress', job.progress],
      ['Result', job.result ?? ''],
      ['Requested by', job.caller],
      ['Its end by', job.abortBy ?? ''],
      ['Region', job.holder ?? ''],
      ['Taken up', `${job.epoch} times`],
      ['Created', moment(job.createdAt, now)],
      ['Last report', moment(job.updatedAt, now)],
      ['Deadline', moment(job.deadline, now)],
      ['Ended', job.endedAt === null ? '' : moment(job.endedAt, now)],
    ],
  };
}
