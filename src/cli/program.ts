import { Command, CommanderError, Option } from 'commander';
import type { Call, ChangeOptions, CommandSpec, NounSpec, OptionSpec, OptionValues } from './command-spec.ts';
import { EXIT, type ExitCode, usageError } from './exit.ts';
import { OUTPUT_FORMATS, type OutputFormat } from './format/output.ts';
import type { GlobalOptions } from './global-options.ts';
import type { CliIo } from './io.ts';
import type { Patience, Region } from './region.ts';
import { type WaitCondition, WAITS } from './waiting/conditions.ts';
import { WATCH_DEFAULT_S, watch, watchSeconds } from './waiting/watch.ts';

/** Inputs of a run beside the process: how to reach the region. */
export interface ProgramPorts {
  readonly io: CliIo;
  readonly nouns: readonly NounSpec[];
  connect(global: GlobalOptions, patience?: Patience): Promise<Region>;
}

const WAIT_DEFAULT_S = 60;
const TIMEOUT_MAX_S = 86_400;

const FOOTER = `
On a host (as root):
  regent init --single      make this host the first node of a new site
  regent restore            make this fresh host the first node of a lost site, from its backups
  regent cluster recover    make a cluster of this region node, after most were lost for good
  regent migrate            bring the database's schema to this version

Exit codes: 0 done, 1 error, 2 wrong usage, 3 not found, 4 conflict, 5 timed out, 6 degraded.
Environment: REGENT_URL, REGENT_API_KEY (or REGENT_API_KEY_FILE), REGENT_CONTEXT, NO_COLOR.
Example: regent record create www.example.test A 10.10.10.20 --dry-run`;

/**
 * Runs one command line and gives its exit code. Usage errors end with code 2 after a message on stderr; faults and
 * refusals of the command itself are thrown.
 */
export async function runProgram(ports: ProgramPorts): Promise<ExitCode> {
  const result: { code: ExitCode } = { code: EXIT.ok };
  const program = buildProgram(ports, (code) => {
    result.code = code;
  });
  try {
    await program.parseAsync(withoutVainHelp(ports), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return result.code;
}

/** The arguments; without `--help` after a noun that does not exist, so that the command line names the fault. */
function withoutVainHelp({ io: { argv }, nouns }: ProgramPorts): string[] {
  const first = argv.find((text, place) => !text.startsWith('-') && !VALUED.has(argv[place - 1] ?? ''));
  const known = nouns.flatMap(({ noun, alias }) => [noun, alias]);
  if (first === undefined || first === 'help' || known.includes(first)) return [...argv];
  return argv.filter((text) => text !== '--help' && text !== '-h');
}

/** Global options that the next argument belongs to. */
const VALUED = new Set(['-o', '--output', '--url', '--context']);

function buildProgram(ports: ProgramPorts, done: (code: ExitCode) => void): Command {
  const { io, nouns } = ports;
  const program = new Command('regent');
  program
    .description('Operate a Regent site: its names, networks, machines, nodes and services.')
    .usage('<noun> <verb> [options]')
    .version(io.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print help for a command')
    .addOption(new Option('-o, --output <format>', 'how results are printed').choices([...OUTPUT_FORMATS]))
    .option('--url <url>', "the region's address, such as http://127.0.0.1:5240; several with commas")
    .option('--context <name>', 'a context of ~/.config/regent/config.json')
    .addHelpText('after', FOOTER)
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      getOutHelpWidth: () => Math.min(io.out.columns, 120),
      getErrHelpWidth: () => Math.min(io.err.columns, 120),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(true)
    .exitOverride();
  for (const noun of nouns) addNoun(program, noun, ports, done);
  return program;
}

function addNoun(program: Command, noun: NounSpec, ports: ProgramPorts, done: (code: ExitCode) => void): void {
  const parent = program.command(noun.noun).description(noun.summary).copyInheritedSettings(program);
  if (noun.alias !== undefined) parent.alias(noun.alias);
  // Only the used noun gets its verbs. To build all of them would cost more than the rest of the start.
  if (![noun.noun, noun.alias].some((name) => name !== undefined && ports.io.argv.includes(name))) return;
  for (const spec of noun.commands) {
    const command = spec.verb === '' ? parent : parent.command(spec.verb).copyInheritedSettings(program);
    addCommand(command.description(spec.summary), spec, ports, done);
  }
  if (noun.commands.every((spec) => spec.verb !== ''))
    parent.usage('<verb> [options]').showHelpAfterError(`(the verbs: regent ${noun.noun} --help)`);
}

function addCommand(command: Command, spec: CommandSpec, ports: ProgramPorts, done: (code: ExitCode) => void): void {
  for (const argument of spec.args ?? []) command.argument(argument.name, argument.help);
  for (const option of spec.options ?? []) command.addOption(toOption(option));
  if (spec.isChange) {
    command.option('--dry-run', 'change nothing; print what would change in the real files of every node');
    command.option('--wait', `return when ${WAITS[spec.waitsFor ?? 'nodes']}`);
    command.option('--timeout <seconds>', 'how long --wait waits', String(spec.waitSeconds ?? WAIT_DEFAULT_S));
  }
  const isWatchable =
    !spec.isChange && (['list', 'show'].includes(spec.verb) || ['status', 'doctor'].includes(command.name()));
  const everyS = spec.watchSeconds ?? WATCH_DEFAULT_S;
  if (isWatchable)
    command.option('--watch [seconds]', `run again every N seconds (${everyS} by default) until interrupted`);
  if (spec.verb === 'list') command.option('--sort <column>', 'in the order of this column; - before it reverses');
  const examples = spec.examples ?? [];
  if (examples.length > 0) command.addHelpText('after', `\nExamples:\n${examples.map((e) => `  ${e}`).join('\n')}`);
  command.showHelpAfterError('(see --help of this command)');
  command.configureOutput({ outputError: (message, write) => write(withAllMissing(message, spec)) });
  command.action(async (...received: unknown[]) => {
    const values = command.opts<OptionValues>();
    const call = callOf(ports, command, received.slice(0, -2), { values, condition: spec.waitsFor ?? 'nodes' });
    const once = async () => ((await spec.run(call)) ?? EXIT.ok) as ExitCode;
    const seconds = watchSeconds(values['watch'], everyS);
    done(seconds === null ? await once() : await watch(ports.io, seconds, once));
  });
}

/** Commander names the first missing argument; the sentence names all of them. */
function withAllMissing(message: string, { args = [] }: CommandSpec): string {
  return message.replace(/missing required argument '([^']+)'/, (whole, name: string) => {
    const required = args.map((argument) => argument.name).filter((text) => text.startsWith('<'));
    const missing = required.slice(required.findIndex((text) => text.replaceAll(/[<>.]/g, '') === name));
    return missing.length < 2 ? whole : `missing required arguments ${missing.join(' ')}`;
  });
}

function callOf(
  ports: ProgramPorts,
  command: Command,
  args: readonly unknown[],
  { values: options, condition }: { readonly values: OptionValues; readonly condition: WaitCondition },
): Call {
  const all = command.optsWithGlobals<Record<string, string | undefined>>();
  const global: GlobalOptions = {
    ...(all['output'] === undefined ? {} : { output: all['output'] as OutputFormat }),
    ...(all['url'] === undefined ? {} : { url: all['url'] }),
    ...(all['context'] === undefined ? {} : { context: all['context'] }),
  };
  let region: Promise<Region> | undefined;
  return {
    io: ports.io,
    args: args.flat().map((value) => (typeof value === 'string' ? value : undefined)),
    options,
    global,
    change: { ...changeOptions(options), condition },
    region: (patience) => {
      region ??= ports.connect(global, patience);
      return region;
    },
  };
}

function changeOptions(options: OptionValues): Omit<ChangeOptions, 'condition'> {
  const text = typeof options['timeout'] === 'string' ? options['timeout'] : String(WAIT_DEFAULT_S);
  const seconds = Number(text.replace(/s$/, ''));
  if (!Number.isFinite(seconds) || seconds <= 0 || seconds > TIMEOUT_MAX_S)
    throw usageError(`--timeout: "${text}" is not a number of seconds from 1 to ${TIMEOUT_MAX_S}.`);
  return { dryRun: options['dryRun'] === true, wait: options['wait'] === true, timeoutSeconds: seconds };
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.help);
  if (spec.values) option.choices([...spec.values]);
  if (spec.repeat) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}
