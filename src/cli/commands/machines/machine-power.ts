import type { Machine, MachineSet } from '../../../contract/machines/machine.ts';
import type { Job } from '../../../contract/base/job.ts';
import { type MachinePower, POWER_VERBS } from '../../../contract/machines/machine-power.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, CommandSpec, OptionSpec } from '../../command-spec.ts';
import { toCliError } from '../../failure.ts';
import { EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printList } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { collect, need, option, options, textOrNone } from '../../values.ts';
import { jobExit, jobSentence, waitForJob } from '../../waiting/job.ts';
import { carriedFilter } from '../base/carried.ts';
import { JOB_SHAPE } from '../base/job.ts';

/** A machine's settings about its BMC. */
export const POWER_OPTIONS: readonly OptionSpec[] = [
  { flags: '--bmc <bmc|none>', help: 'what switches it on and off' },
  {
    flags: '--power-parameter <name=value>',
    help: 'its own at the BMC, such as power_id=m1; may be repeated, and replaces all; none: it has none',
    repeat: true,
  },
];

const NEXT = {
  conflict: ['regent job list --unfinished', 'regent machine show <machine>'],
  not_found: ['regent machine list'],
};

/** `regent machine power`. */
export const POWER: CommandSpec = {
  verb: 'power',
  summary: 'switch machines on or off by their BMCs, or query their power; a job does it, --wait waits for its end',
  args: [
    { name: '<verb>', help: 'on; off; cycle: off, then on; query: print the state', values: POWER_VERBS },
    { name: '[machine...]', help: 'host names, full names or ids', complete: 'machine' },
  ],
  options: [
    { flags: '--tag <tag>', help: 'all machines with this tag' },
    { flags: '--boot <device>', help: 'the boot device of this start; with on and cycle', values: ['pxe', 'disk'] },
    { flags: '--soft', help: 'ask its operating system to end; with off and cycle' },
    { flags: '--hard', help: 'cut its power; with off and cycle' },
  ],
  isChange: true,
  waitsFor: 'jobEnd',
  examples: [
    'regent machine power on m1 --boot pxe --wait',
    'regent machine power off --tag rack7 --soft',
    'regent machine power query m1 m2 --wait',
  ],
  run: async (call) => {
    const body = orderOf(call);
    const names = await machinesOf(call, 1);
    const [only] = names;
    if (names.length === 1 && only !== undefined) return await runOne(call, only, body);
    if (call.change.dryRun) throw usageError('--dry-run: give one machine.');
    return await runMany(call, names, body);
  },
};

function orderOf(call: Call): MachinePower {
  const verb = POWER_VERBS.find((one) => one === need(call, 0));
  if (verb === undefined)
    throw usageError(`"${need(call, 0)}" is not a power action. Rule: ${POWER_VERBS.join(', ')}.`);
  const [isSoft, isHard] = [call.options['soft'] === true, call.options['hard'] === true];
  if (isSoft && isHard) throw usageError('--soft and --hard: give one of them.');
  const boot = option(call, 'boot') as MachinePower['boot'];
  return {
    verb,
    ...(boot === undefined ? {} : { boot }),
    ...(isSoft ? { stopMode: 'soft' as const } : {}),
    ...(isHard ? { stopMode: 'hard' as const } : {}),
  };
}

/** The machines that are named from the argument `first` on, or those with a tag. */
export async function machinesOf(call: Call, first: number): Promise<string[]> {
  const names = call.args.slice(first).filter((name): name is string => name !== undefined && name !== '');
  const query = carriedFilter(call, 'machine');
  if (Object.keys(query).length === 0) {
    if (names.length === 0) throw usageError('Which machines? Give names, or --tag.');
    return [...new Set(names)];
  }
  if (names.length > 0) throw usageError('Give names, or --tag, not both.');
  const { client } = await call.region();
  const machines = await collect(client.all('machine.list', { query }));
  if (machines.length === 0) throw usageError(`No machine has the tag ${Object.values(query).join(', ')}.`);
  return machines.map(({ id }) => id);
}

function runOne(call: Call, machine: string, body: MachinePower): Promise<ExitCode> {
  return runChange(call, {
    route: 'machine.power',
    input: { params: { machine }, body },
    shape: JOB_SHAPE,
    done: 'started',
    next: NEXT,
    describe: jobSentence,
    waitFor: async (job) => {
      const ended = await waitForJob(call, job.id, call.change.timeoutSeconds);
      call.io.err.write(`${printable(jobSentence(ended))}\n`);
      return jobExit(ended);
    },
  });
}

/** One job for each machine. A refusal of one is printed and does not stop the others. */
async function runMany(call: Call, names: readonly string[], body: MachinePower): Promise<ExitCode> {
  const { client } = await call.region();
  const jobs: Job[] = [];
  let code: ExitCode = EXIT.ok;
  for (const machine of names) {
    try {
      jobs.push((await client.call('machine.power', { params: { machine }, body })).body);
    } catch (error) {
      const failure = toCliError(error);
      code = failure.exit;
      call.io.err.write(`${printable(`${machine}: ${failure.message}`)}\n`);
    }
  }
  if (call.change.wait) {
    for (const [index, { id }] of jobs.entries()) {
      const ended = await waitForJob(call, id, call.change.timeoutSeconds);
      jobs[index] = ended;
      if (code === EXIT.ok) code = jobExit(ended);
    }
  }
  await printList(printerOf(call), JOB_SHAPE, jobs);
  return code;
}

/** Members of a body, from these options. */
export function powerOf(call: Call): Pick<MachineSet, 'bmc' | 'powerParameters'> {
  const texts = options(call, 'powerParameter');
  const entries = texts
    .filter((item) => item !== 'none')
    .map((item): [string, string] => {
      const [, name, value] = /^([a-z_]+)=(.*)$/.exec(item) ?? [];
      if (name === undefined || value === undefined)
        throw usageError(`--power-parameter: "${item}" is not usable. Rule: NAME=VALUE, or none.`);
      return [name, value];
    });
  return {
    ...textOrNone(call, 'bmc'),
    ...(texts.length === 0 ? {} : { powerParameters: Object.fromEntries(entries) }),
  };
}

/** Its BMC, and its own parameters there. */
export function bmcLines({ bmc = '', powerParameters = {} }: Machine): string[] {
  const own = Object.entries(powerParameters).map(([name, value]) => `${name}=${[value].flat().join(',')}`);
  return [bmc, ...own];
}

/** The last known state, when and by which node, and what helps if it is unknown. */
export function powerLines({
  powerState = 'unknown',
  powerStateAt,
  powerSeenBy,
  powerWhy,
  powerRemedy,
}: Machine): string[] {
  const at = typeof powerStateAt === 'string' ? `, seen ${stamp(powerStateAt)}` : ', never seen yet';
  const by = typeof powerSeenBy === 'string' ? ` by ${powerSeenBy}` : '';
  return [
    `${powerState}${at}${by}`,
    ...[powerWhy, powerRemedy].filter((line) => line !== undefined && line !== ''),
  ] as string[];
}
