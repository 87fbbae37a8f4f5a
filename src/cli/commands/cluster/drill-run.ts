import { HARMLESS_DRILLS } from '../../../contract/cluster/drill.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode } from '../../exit.ts';
import { integer, need } from '../../values.ts';
import { abortJob } from '../base/job.ts';
import { move, optionsOf } from './move.ts';

const PATIENCE_S = 900;

/** `regent drill run`, `regent drill abort`. */
export const DRILL_RUNS: readonly CommandSpec[] = [
  {
    verb: 'run',
    summary: 'run a harmless drill on this cluster: probes measure while roles move; waits for the verdict',
    args: [{ name: '<hazard>', help: `which one: ${HARMLESS_DRILLS.join(', ')}`, values: HARMLESS_DRILLS }],
    options: [
      { flags: '--yes', help: 'start; without it the command only prints what prevents the drill' },
      ...optionsOf(PATIENCE_S),
    ],
    examples: ['regent drill run planned-switchover --dry-run', 'regent drill run planned-switchover --yes'],
    run,
  },
  {
    verb: 'abort',
    summary: 'abort the running drill; the drill undoes its changes first',
    args: [{ name: '[job]', help: 'its job; that of the running drill when left out', complete: 'job' }],
    isChange: true,
    waitsFor: 'jobEnd',
    examples: ['regent drill abort', 'regent drill abort --wait'],
    run: abort,
  },
];

async function run(call: Call): Promise<ExitCode> {
  const isMeant = call.options['yes'] === true;
  const isDryRun = call.change.dryRun || !isMeant;
  const input = { body: { hazard: need(call, 0) } };
  const exit = await move({ ...call, change: { ...call.change, dryRun: isDryRun } }, 'drill.run', input, PATIENCE_S);
  if (isMeant || call.change.dryRun) return exit;
  throw new CliError(
    EXIT.usage,
    'Nothing was started: a drill moves roles of a cluster that serves. To start it, add --yes.',
    [`regent drill run ${input.body.hazard} --yes`],
  );
}

async function abort(call: Call): Promise<ExitCode> {
  const job = call.args[0] === undefined ? await findDrill(call) : String(integer(call.args[0], '<job>'));
  return abortJob(call, job, { not_found: ['regent job list --kind drill'], conflict: [`regent job show ${job}`] });
}

/** At most one runs. */
async function findDrill(call: Call): Promise<string> {
  const { client } = await call.region();
  const { items } = (await client.call('job.list', { query: { kind: 'drill', unfinished: true, limit: 1 } })).body;
  const [drill] = items;
  if (drill !== undefined) return String(drill.id);
  throw new CliError(EXIT.notFound, 'No drill is running.', ['regent job list --kind drill']);
}
