import type { Machine } from '../../../contract/machines/machine.ts';
import type { MachineRequest, MachineRunRequest } from '../../../contract/machines/machine-lifecycle.ts';
import { isBad, MACHINE_STATES, MACHINE_VERBS, type MachineVerb } from '../../../model/machines/machine-states.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, CommandSpec, OptionSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { toCliError } from '../../failure.ts';
import { printable } from '../../format/escape.ts';
import { type Column, printList, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { option, text } from '../../values.ts';
import type { WaitCondition } from '../../waiting/conditions.ts';
import { queryRegion } from '../../waiting/outcome.ts';
import { makeProgress } from '../../waiting/progress.ts';
import { allocateCommand, DEPLOY, RELEASE, type VerbOptions } from './machine-deploy.ts';
import { machinesOf } from './machine-power.ts';
import { RUN_OPTIONS, runOf } from './script.ts';

const POLL_MS = 1000;

const SUMMARIES: Readonly<Record<MachineVerb, string>> = {
  commission: 'have machines boot from the network and report their hardware',
  test: 'have machines boot from the network and run tests',
  allocate: 'take machines that are ready, or one that fits',
  deploy: 'deploy an image on machines',
  release: 'give machines back; --erase: their disks are erased first',
  abort: 'end the commissioning, the test or the deployment of machines, or the erasure of their disks',
  'mark-broken': 'mark machines as broken: nobody uses them; --comment says why',
  'mark-fixed': 'mark broken machines as fixed',
  lock: 'lock machines: they are not changed before they are unlocked',
  unlock: 'unlock machines',
  rescue: 'have machines boot a system from the network that people can log in to',
  'exit-rescue': 'end the rescue mode of machines',
};

/** Of the others nothing goes on after the answer. */
const WAITS_FOR: Partial<Readonly<Record<MachineVerb, WaitCondition>>> = {
  commission: 'commission',
  test: 'test',
  deploy: 'deploy',
  release: 'release',
  rescue: 'rescue',
  'exit-rescue': 'exitRescue',
  abort: 'abort',
};

/** The region ends a run after 30 minutes (the setting node_timeout) and reports it a little later. */
const WAIT_S = 2100;
const ENABLE_SSH: OptionSpec = {
  flags: '--enable-ssh',
  help: 'let your SSH keys in (regent ssh-key add), and leave the machine on when all is done',
};

/** Options of each verb beside those that all of them have, and the members of a body that they make. */
const OWN: Partial<Readonly<Record<MachineVerb, VerbOptions>>> = {
  commission: { options: [ENABLE_SSH, ...RUN_OPTIONS], bodyOf: runBodyOf },
  test: { options: [ENABLE_SSH, ...RUN_OPTIONS], bodyOf: runBodyOf },
  deploy: DEPLOY,
  release: RELEASE,
};
const EXAMPLES: Partial<Readonly<Record<MachineVerb, readonly string[]>>> = {
  commission: ['regent machine commission m1 --wait', 'regent machine commission --tag rack7'],
  test: [
    'regent machine test --tag rack7',
    'regent machine test m1 --script regent-disk --param regent-disk.storage=sda --wait',
  ],
  deploy: [
    'regent machine deploy m1 --image debian-13 --wait',
    'regent machine deploy m1 --image debian-13 --storage raid1 --user-data cloud.yaml',
  ],
  release: ['regent machine release m1', 'regent machine release m1 --erase --wait --timeout 7200'],
};

/** `regent machine commission` and so on. `shape`: how machines are shown. */
export function lifecycleCommands(shape: Shape<Machine>): CommandSpec[] {
  return (Object.keys(MACHINE_VERBS) as MachineVerb[]).map((verb) => {
    const plain: CommandSpec = {
      verb,
      summary: SUMMARIES[verb],
      args: [{ name: '[machine...]', help: 'host names, full names or ids', complete: 'machine' }],
      options: [
        { flags: '--tag <tag>', help: 'all machines with this tag' },
        { flags: '--comment <text>', help: 'why, for the history' },
        ...(OWN[verb]?.options ?? []),
      ],
      isChange: true,
      waitsFor: WAITS_FOR[verb] ?? 'nothing',
      waitSeconds: WAIT_S,
      examples: EXAMPLES[verb] ?? [`regent machine ${verb} m1`, `regent machine ${verb} --tag rack7`],
      run: async (call) => {
        const names = await machinesOf(call, 0);
        const [only] = names;
        if (names.length === 1 && only !== undefined) return await runOne(call, { verb, shape, machine: only });
        if (call.change.dryRun) throw usageError('--dry-run: give one machine.');
        return await runMany(call, { verb, shape, names });
      },
    };
    return verb === 'allocate' ? allocateCommand(plain, shape) : plain;
  });
}

type Verb = { readonly verb: MachineVerb; readonly shape: Shape<Machine> };

async function runBodyOf(call: Call): Promise<MachineRunRequest> {
  return { ...(call.options['enableSsh'] === true ? { enableSsh: true } : {}), ...(await runOf(call)) };
}

async function bodyOf(call: Call, verb: MachineVerb): Promise<MachineRequest> {
  return { ...text(call, 'comment'), ...(await OWN[verb]?.bodyOf(call)) };
}

async function runOne(call: Call, { verb, shape, machine }: Verb & { readonly machine: string }): Promise<ExitCode> {
  return await runChange(call, {
    route: `machine.${verb}`,
    input: { params: { machine }, body: await bodyOf(call, verb) },
    shape,
    done: verb,
    next: { conflict: [`regent machine show ${machine}`], not_found: ['regent machine list'] },
    describe: sentenceOf,
    waitFor: async (startedMachine) => {
      const ended = await waitForMachine(call, startedMachine);
      call.io.err.write(`${printable(sentenceOf(ended))}\n`);
      return exitOf(verb, ended);
    },
  });
}

/** One call for each machine; a refusal is printed and the other calls go on. */
async function runMany(
  call: Call,
  { verb, shape, names }: Verb & { readonly names: readonly string[] },
): Promise<ExitCode> {
  const { client } = await call.region();
  const body = await bodyOf(call, verb);
  const machines: Machine[] = [];
  let code: ExitCode = EXIT.ok;
  for (const machine of names) {
    try {
      machines.push((await client.call(`machine.${verb}`, { params: { machine }, body })).body);
    } catch (error) {
      const failure = toCliError(error);
      code = failure.exit;
      call.io.err.write(`${printable(`${machine}: ${failure.message}`)}\n`);
    }
  }
  if (call.change.wait) {
    for (const [index, startedMachine] of machines.entries()) {
      const ended = await waitForMachine(call, startedMachine);
      machines[index] = ended;
      if (code === EXIT.ok) code = exitOf(verb, ended);
    }
  }
  await printList(printerOf(call), shape, machines);
  return code;
}

/** A state that needs an operator is no success, unless the command requested it. */
function exitOf(verb: MachineVerb, { state }: Machine): ExitCode {
  return verb !== 'mark-broken' && state !== undefined && isBad(state) ? EXIT.error : EXIT.ok;
}

/** A machine's state and what it waits for, or why it needs an operator. */
function sentenceOf({ fqdn, state, locked, error, message, deadline }: Machine): string {
  const until = typeof deadline === 'string' ? ` until ${stamp(deadline)}` : '';
  const reason = [error, message].filter((one) => one !== undefined && one !== '').join(' ');
  return `${fqdn} is ${state ?? 'as it was'}${until}${locked === true ? ', locked' : ''}${reason === '' ? '' : `: ${reason}`}`;
}

/** Waits until a machine is at rest and shows its progress. Throws with exit code 5 at the deadline; the machine goes on. */
async function waitForMachine(call: Call, startedMachine: Machine): Promise<Machine> {
  const { io } = call;
  const { timeoutSeconds } = call.change;
  const progress = makeProgress(io);
  const end = io.monotonic() + timeoutSeconds * 1000;
  const { client } = await call.region();
  const show = async (signal: AbortSignal) =>
    (await client.call('machine.show', { params: { machine: startedMachine.id } }, { signal })).body;
  for (;;) {
    const machine = await queryRegion(call, end - io.monotonic(), show);
    if (machine !== null && machine.busy !== true) {
      progress.end('');
      return machine;
    }
    const seen = machine === null ? `${startedMachine.fqdn}: the region does not answer` : sentenceOf(machine);
    progress.say(seen);
    if (io.monotonic() + POLL_MS >= end) {
      progress.end('');
      throw new CliError(EXIT.timeout, `Not ended after ${timeoutSeconds} s: ${seen}`, [
        `regent machine timeline ${startedMachine.hostname}`,
        `regent machine show ${startedMachine.hostname}`,
        `regent machine abort ${startedMachine.hostname}`,
      ]);
    }
    await io.sleep(POLL_MS, io.interrupted);
  }
}

/** Filters of a list. */
export const STATE_FILTERS: readonly OptionSpec[] = [
  { flags: '--state <state>', help: 'only those in this state', values: MACHINE_STATES },
  { flags: '--owner <user>', help: 'only those of this user' },
];

/** Members of a list's query, from these filters. */
export function stateFilter(call: Call): { state?: NonNullable<Machine['state']>; owner?: string } {
  const state = MACHINE_STATES.find((one) => one === option(call, 'state'));
  return { ...(state === undefined ? {} : { state }), ...text(call, 'owner') };
}

/** A region of an older release reports none of these. */
export const STATE_COLUMNS: readonly Column<Machine>[] = [
  { header: 'state', value: ({ state, locked }) => `${state ?? ''}${locked === true ? ' (locked)' : ''}` },
  { header: 'since', wide: true, value: ({ stateSince }) => (stateSince === undefined ? '' : stamp(stateSince)) },
  { header: 'owner', wide: true, value: ({ owner }) => owner ?? '' },
  { header: 'deadline', wide: true, value: ({ deadline }) => (typeof deadline === 'string' ? stamp(deadline) : '') },
];

function sinceOf({ digest, deployedAt }: NonNullable<Machine['deployment']>): string {
  const short = digest === null ? '' : ` (${digest.slice(0, 12)})`;
  return `${short}${deployedAt === null ? ', not deployed yet' : `, since ${stamp(deployedAt)}`}`;
}

/** Lines of `show`. */
export function stateDetails(machine: Machine): [label: string, value: string | string[]][] {
  const { state, stateSince, owner, locked, error, message, deadline, job } = machine;
  if (state === undefined) return [];
  const lines = [
    `${state}${stateSince === undefined ? '' : `, since ${stamp(stateSince)}`}`,
    ...(locked === true ? ['locked: regent machine unlock'] : []),
    ...(typeof deadline === 'string' ? [`until ${stamp(deadline)}, else it has failed`] : []),
    ...[error, message].filter((line): line is string => line !== undefined && line !== ''),
    ...(typeof job === 'number' ? [`job ${job} switches it`] : []),
  ];
  const { deployment } = machine;
  const what = deployment?.image ?? 'a system in memory';
  return [
    ['State', lines],
    ...(typeof owner === 'string' ? [['Owner', owner] as [string, string]] : []),
    ...(deployment === undefined ? [] : [['Image', `${what}${sinceOf(deployment)}`] as [string, string]]),
  ];
}
