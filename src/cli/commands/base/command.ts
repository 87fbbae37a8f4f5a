import { showOf } from './plain.ts';
import type { Command } from '../../../contract/base/command.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, CommandSpec, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { withNext } from '../../failure.ts';
import { printable } from '../../format/escape.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { moment, stamp } from '../../format/when.ts';
import { integer, need, option, text } from '../../values.ts';
import { queryRegion } from '../../waiting/outcome.ts';

const COMMANDS_MAX = 1000;
/** A command ends within seconds, and a person waits for it. */
const POLL_MS = 250;
/** A command ends at its deadline. Any further time goes to the connection to the region. */
const GRACE_S = 30;
const NEXT = { not_found: ['regent node list'] };

/** A command of an agent in lists. */
const COMMAND_SHAPE: Shape<Command> = {
  kind: 'command',
  name: (command) => String(command.id),
  columns: [
    { header: 'id', value: (command) => String(command.id) },
    { header: 'node', value: (command) => command.node },
    { header: 'kind', value: (command) => command.kind },
    { header: 'state', value: (command) => command.state },
    { header: 'created', value: (command) => stamp(command.createdAt) },
    { header: 'by', value: (command) => command.caller },
    { header: 'how', value: (command) => command.sentence ?? '' },
    { header: 'args', wide: true, value: (command) => JSON.stringify(command.args) },
    { header: 'epoch', wide: true, value: (command) => String(command.epoch) },
  ],
};

/** `regent command`. */
export const COMMAND: NounSpec = {
  noun: 'command',
  summary: 'one-time commands for the agents of nodes, and how they ended',
  commands: [
    {
      verb: 'list',
      summary: 'list commands, newest first',
      options: [
        { flags: '--unfinished', help: 'only those that wait or are claimed' },
        { flags: '--node <node>', help: 'only of this node' },
        { flags: '--kind <kind>', help: 'only of this kind' },
        {
          flags: '--state <state>',
          help: 'only in this state',
          values: ['waiting', 'claimed', 'done', 'failed', 'expired'],
        },
        { flags: '--limit <number>', help: `how many, at most ${COMMANDS_MAX} (20 when left out)` },
      ],
      examples: ['regent command list --node k1', 'regent command list --unfinished --watch'],
      run: list,
    },
    showOf(
      'command.show',
      'command',
      {
        summary: 'show a command: its arguments without secrets, its result',
        args: [{ name: '<command>', help: 'its id, see: regent command list', complete: 'command' }],
        examples: ['regent command show 12'],
      },
      detailed,
    ),
  ],
};

/** `regent node probe`. */
export const NODE_PROBE: CommandSpec = {
  verb: 'probe',
  summary:
    'check whether a node reaches an address, such as that of a BMC; --wait prints the answer (exit code 1 if not reached)',
  args: [
    { name: '<node>', help: 'name or id', complete: 'node' },
    { name: '<address>', help: 'IPv4 or IPv6 address' },
  ],
  options: [
    { flags: '--port <port>', help: 'TCP port; left out: any sign of life on the ports of IPMI and Redfish' },
    { flags: '--seconds <seconds>', help: 'until it is given up, 1 to 60 (10 when left out)' },
  ],
  isChange: true,
  waitsFor: 'answer',
  examples: ['regent node probe k1 10.88.0.3 --wait', 'regent node probe k1 10.88.0.3 --port 443 --wait'],
  run: probe,
};

async function probe(call: Call): Promise<ExitCode> {
  const number = (name: string) => {
    const value = option(call, name);
    return value === undefined ? {} : { [name]: integer(value, `--${name}`) };
  };
  const body = { address: need(call, 1), ...number('port'), ...number('seconds') };
  const input = { params: { node: need(call, 0) }, body };
  if (!call.change.wait || call.change.dryRun)
    return runChange(call, {
      route: 'node.probe',
      input,
      shape: COMMAND_SHAPE,
      done: 'requested',
      next: NEXT,
      describe: ({ id, node }) => `probe requested from ${node}: regent command show ${id}`,
      waitFor: async () => EXIT.ok,
    });
  const { client } = await call.region();
  const response = await client.call('node.probe', input).catch((error: unknown) => {
    throw withNext(error, NEXT);
  });
  const ended = await waitForCommand(call, response.body);
  const printer = printerOf(call);
  if (printer.format === 'table' || printer.format === 'wide')
    call.io.out.write(`${printable(`${ended.node}: ${ended.sentence}`)}\n`);
  else await printOne(printer, COMMAND_SHAPE, ended);
  const { isReachable } = (ended.result ?? {}) as { isReachable?: unknown };
  return ended.state === 'done' && isReachable === true ? EXIT.ok : EXIT.error;
}

/** Waits for a command's end, also while the region fails over. Throws with exit code 5 if none comes in time. */
async function waitForCommand(call: Call, sentCommand: Command): Promise<Command> {
  const { io } = call;
  const { client } = await call.region();
  const seconds = Math.max(0, Date.parse(sentCommand.deadline) - Date.parse(sentCommand.createdAt)) / 1000 + GRACE_S;
  const end = io.monotonic() + seconds * 1000;
  const params = { command: String(sentCommand.id) };
  for (let command: Command | null = sentCommand; ; ) {
    if (command !== null && command.endedAt !== null) return command;
    if (io.monotonic() + POLL_MS >= end)
      throw new CliError(EXIT.timeout, `After ${Math.round(seconds)} s no region has reported the result.`, [
        `regent command show ${sentCommand.id}`,
      ]);
    await io.sleep(POLL_MS, io.interrupted);
    command = await queryRegion(
      call,
      end - io.monotonic(),
      async (signal) => (await client.call('command.show', { params }, { signal })).body,
    );
  }
}

async function list(call: Call): Promise<void> {
  const limit = integer(option(call, 'limit') ?? '20', '--limit');
  if (limit < 1 || limit > COMMANDS_MAX) throw usageError(`--limit: ${limit} is out of range, 1 to ${COMMANDS_MAX}.`);
  const { client } = await call.region();
  const unfinished = call.options['unfinished'] === true ? { unfinished: true } : {};
  const state = text(call, 'state') as { state?: Command['state'] };
  const query = { limit, ...unfinished, ...state, ...text(call, 'kind'), ...text(call, 'node') };
  await printList(printerOf(call), COMMAND_SHAPE, (await client.call('command.list', { query })).body.items);
}

function detailed(call: Call): Shape<Command> {
  const now = call.io.now();
  return {
    ...COMMAND_SHAPE,
    details: (command) => [
      ['Command', `${command.id}: ${command.kind} on ${command.node}`],
      ['State', command.state],
      ['How', command.sentence ?? ''],
      ['Arguments', JSON.stringify(command.args)],
      ['Result', command.result === null ? '' : JSON.stringify(command.result)],
      ['Requested by', command.caller],
      ['Taken', `${command.epoch} times`],
      ['Created', moment(command.createdAt, now)],
      ['Taken at', command.claimedAt === null ? '' : moment(command.claimedAt, now)],
      ['Deadline', moment(command.deadline, now)],
      ['Ended', command.endedAt === null ? '' : moment(command.endedAt, now)],
    ],
  };
}
