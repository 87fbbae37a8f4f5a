import { posix } from 'node:path';
import { show } from '../core/errors.ts';
import {
  type ArgumentRule,
  type Command,
  type CommandRule,
  type FileContent,
  isOpenQuestion,
  isQuestion,
  nameOfCommand,
  type ProcessCommand,
  type ProcessRule,
  type SocketQuestion,
  type UnitVerb,
} from '../core/host-values.ts';

/** What the root helper may do for one service: data that the service declares. */
export interface ServicePolicy {
  readonly name: string;
  /** The folder that belongs only to this service, with `.stage` and `.previous` in it. */
  readonly folder: string;
  readonly unit: string;
  /** Owner, group and mode that its files may have; no others, so never a set-uid bit. */
  readonly files: readonly { readonly owner: string; readonly group: string; readonly mode: number }[];
  /**
   * Judges a file's content by its path below the folder: null if it is one that the service makes, otherwise the reason, which quotes nothing. Daemons with
   * rights read these files.
   */
  readonly judge: ContentJudge;
  /** Folders of which the helper says whether the unit has a file system of its own there. */
  readonly boundedFolders?: readonly string[];
  readonly commands: readonly CommandRule[];
  /** Users that a command may run as. */
  readonly users: readonly string[];
  /** The command that prints the daemon's version. */
  readonly version: ProcessCommand;
}

/** A file's owner, group and mode. */
type Ownership = Pick<FileContent, 'owner' | 'group' | 'mode'>;

/** Why a content must not stand in a file; null: it may. */
export type ContentJudge = (name: string, content: string, access: Ownership) => string | null;

/** A single file outside the services' folders. */
export interface WrittenFile extends Omit<FileContent, 'content'> {
  readonly judge: (content: string) => string | null;
}

/** Services of one kind, each under a key: made when a request names one. */
export interface InstancePolicies {
  /** The key in a name that belongs to an instance (a unit, a path, a socket, an argument); null: none. */
  readonly keyIn: (name: string) => string | null;
  /** Null: there is no instance of such a key. */
  readonly of: (key: string) => ServicePolicy | null;
}

/** Everything that the root helper may do. It refuses the rest. */
export interface HelperPolicy {
  readonly services: readonly ServicePolicy[];
  readonly instances?: readonly InstancePolicies[];
  /** Whole names, as a pattern, of units that may only be started: their names say all that they do. */
  readonly startable?: string;
  /** Single files outside the services' folders. They may only be written, with exactly this owner, group and mode. */
  readonly written?: readonly WrittenFile[];
  /** The user for a command that names none: the unprivileged agent. */
  readonly caller: string;
}

export const UNIT_VERBS: readonly UnitVerb[] = ['start', 'stop', 'reload', 'restart', 'kill'];

const PATH_LIMIT = 4096;
const ARGUMENT_LIMIT = 4096;
const ARGUMENTS_MAX = 4096;
const REQUEST_LIMIT = 64 * 1024;
const TIMEOUT_MAX_MS = 120_000;
/** New files have plain names. Reading and removing must also reach files of others. */
const PLAIN_NAME = /^[A-Za-z0-9._-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A refusal as a sentence with the rule, or null when the request is allowed. */
export type PolicyRefusal = string | null;

/** The policy with the instances that a request names. They are judged as any service. */
function withNamed(policy: HelperPolicy, ...names: readonly string[]): HelperPolicy {
  const { instances = [] } = policy;
  const named = instances.flatMap(({ keyIn, of }) => {
    const keys = new Set(names.flatMap((name) => (name.length <= PATH_LIMIT ? (keyIn(name) ?? []) : [])));
    return [...keys].flatMap((key) => of(key) ?? []);
  });
  return named.length === 0 ? policy : { ...policy, services: [...policy.services, ...named], instances: [] };
}

/** May this path be read or removed? It must be canonical and inside of a service's folder. */
export function refusePath(all: HelperPolicy, path: string): PolicyRefusal {
  const policy = withNamed(all, path);
  if (!isCanonical(path)) return `${show(path)} is refused. Rule: absolute, without "..", "//" and control characters.`;
  return serviceOf(policy, path) ? null : `${show(path)} is refused. Rule: inside ${foldersOf(policy)}.`;
}

/** May this folder be listed? A service's folder or one below it. */
export function refuseFolder(all: HelperPolicy, path: string): PolicyRefusal {
  const policy = withNamed(all, path);
  if (policy.services.some((service) => service.folder === path)) return null;
  return refusePath(policy, path);
}

/** May this file be written? A plain name in a service's folder with owner, group and mode of one of its files; or one of the single files. */
export function refuseInstall(all: HelperPolicy, file: Omit<FileContent, 'content'>): PolicyRefusal {
  const policy = withNamed(all, file.path);
  const single = policy.written?.find((spec) => spec.path === file.path);
  if (single) return isAs(single, file) ? null : refusalOfOwner(file, 'exactly those of this file');
  const refusal = refusePath(policy, file.path) ?? refuseName(file.path);
  if (refusal) return refusal;
  const service = serviceOf(policy, file.path);
  const isDeclared = service?.files.some((spec) => isAs(spec, file));
  return isDeclared ? null : refusalOfOwner(file, `those of a file of ${service?.name}`);
}

function isAs(spec: Ownership, file: Ownership): boolean {
  return spec.owner === file.owner && spec.group === file.group && spec.mode === file.mode;
}

function refusalOfOwner(file: Omit<FileContent, 'content'>, rule: string): string {
  const had = `${show(file.owner)}:${show(file.group)} ${file.mode.toString(8)}`;
  return `${show(file.path)} with ${had} is refused. Rule: owner, group and mode, ${rule}.`;
}

/** Where the engine of the agent keeps files beside those that daemons read: checked ones to come, the ones before, and one that is only checked. */
const BESIDE = /^\.(stage|previous|trial)\//;

/**
 * May this content be written to a file that `refuseInstall` allows? It must be one that Regent itself would write there. A file that an earlier release
 * wrote may not be: it may be put aside and come back, if it is the same to the letter (`copiesOf`).
 */
export function refuseContent(all: HelperPolicy, file: FileContent): PolicyRefusal {
  const policy = withNamed(all, file.path);
  const single = policy.written?.find((spec) => spec.path === file.path);
  const service = serviceOf(policy, file.path);
  const reason = single
    ? single.judge(file.content)
    : (service?.judge(file.path.slice(service.folder.length + 1).replace(BESIDE, ''), file.content, file) ??
      (service ? null : 'it belongs to no service'));
  return reason === null ? null : `${show(file.path)} is refused: ${reason}. Rule: a text that Regent itself writes.`;
}

/** Where the same content may stand already: the file itself, and the one before it. */
export function copiesOf(all: HelperPolicy, path: string): readonly string[] {
  const service = serviceOf(withNamed(all, path), path);
  if (!service) return [];
  const name = path.slice(service.folder.length + 1).replace(BESIDE, '');
  return [`${service.folder}/${name}`, `${service.folder}/.previous/${name}`];
}

/** May this file be moved? Only a staged file to its place: its content was judged for that place. */
export function refuseMove(all: HelperPolicy, from: string, to: string): PolicyRefusal {
  const policy = withNamed(all, from, to);
  const refusal = refusePath(policy, from) ?? refusePath(policy, to) ?? refuseName(to);
  if (refusal) return refusal;
  const { folder = '' } = serviceOf(policy, to) ?? {};
  if (from === `${folder}/.stage${to.slice(folder.length)}`) return null;
  return `Moving ${show(from)} to ${show(to)} is refused. Rule: from the staged file to its place in the folder of one service.`;
}

/** May this be done to this unit? The units of the services and the five verbs. */
export function refuseUnit(all: HelperPolicy, unit: string, verb: string): PolicyRefusal {
  if (all.startable !== undefined && ['state', 'start'].includes(verb) && matchesWhole(all.startable, unit))
    return null;
  const policy = withNamed(all, unit);
  const units = policy.services.map((service) => service.unit);
  if (!units.includes(unit)) return `Unit ${show(unit)} is refused. Rule: one of ${units.join(', ')}.`;
  if (verb === 'state' || UNIT_VERBS.some((known) => known === verb)) return null;
  return `${show(verb)} of ${unit} is refused. Rule: one of ${UNIT_VERBS.join(', ')}.`;
}

/** May the helper report on this folder of the unit? One that the service of the unit declares. */
export function refuseMount(all: HelperPolicy, unit: string, folder: string): PolicyRefusal {
  const policy = withNamed(all, unit);
  const isDeclared = policy.services.some((item) => item.unit === unit && item.boundedFolders?.includes(folder));
  return isDeclared
    ? null
    : `${show(folder)} of unit ${show(unit)} is refused. Rule: a folder that a service declares.`;
}

/** May this command run? It matches a rule of a service, and its user is one of that service's. */
export function refuseCommand(all: HelperPolicy, command: Command): PolicyRefusal {
  if (isOpenQuestion(command))
    return `${show(nameOfCommand(command))} is refused. Rule: a query that needs no rights does not go through the helper.`;
  const shown = isQuestion(command)
    ? `${show(command.request, 200)} to ${show(command.socket)}`
    : show(command.argv.join(' '), 200);
  if (!(command.timeoutMs > 0 && command.timeoutMs <= TIMEOUT_MAX_MS)) {
    return `${shown} is refused. Rule: a time limit of at most ${TIMEOUT_MAX_MS} ms.`;
  }
  const policy = withNamed(all, ...(isQuestion(command) ? [command.socket] : command.argv));
  return isQuestion(command) ? refuseQuestion(policy, command, shown) : refuseProcess(policy, command, shown);
}

function refuseQuestion(policy: HelperPolicy, question: SocketQuestion, shown: string): PolicyRefusal {
  const isDeclared = policy.services.some(({ commands }) => commands.some((rule) => allows(rule, question)));
  return isDeclared ? null : `${shown} is refused. Rule: a socket and a request that a service declares.`;
}

function refuseProcess(policy: HelperPolicy, command: ProcessCommand, shown: string): PolicyRefusal {
  if (command.stdin !== undefined)
    return `${shown} with standard input is refused. Rule: commands get no standard input.`;
  const matching = policy.services.filter(
    (service) => service.commands.some((rule) => allows(rule, command)) || isVersionOf(service, command),
  );
  if (matching.length === 0) return `${shown} is refused. Rule: a command line that a service declares.`;
  const { user, right } = command;
  if (user === 'root') return `${shown} as root is refused. Rule: no command runs as root.`;
  if (right !== undefined && ruleOf(policy, command)?.right !== right)
    return `${shown} with the right ${show(right)} is refused. Rule: the right that a service declares for it.`;
  if (user === undefined || matching.some((service) => service.users.includes(user))) return null;
  return `${shown} as ${show(user)} is refused. Rule: a user of ${matching.map((service) => service.name).join(', ')}.`;
}

/** Is this a checker of staged files, by its rule? */
export function isChecker(all: HelperPolicy, { argv, timeoutMs }: ProcessCommand): boolean {
  return ruleOf(withNamed(all, ...argv), { argv, timeoutMs })?.isChecker === true;
}

function ruleOf(policy: HelperPolicy, command: ProcessCommand): ProcessRule | undefined {
  const rules = policy.services.flatMap((service) => service.commands);
  return rules.find((rule): rule is ProcessRule => 'argv' in rule && allows(rule, command));
}

/** Does a rule accept a command? */
export function allows(rule: CommandRule, command: Command): boolean {
  if ('argv' in rule) return 'argv' in command && matches(rule, command.argv);
  return isQuestion(command) && rule.socket === command.socket && matchesWhole(rule.requests, command.request);
}

function matchesWhole(pattern: string, request: string): boolean {
  // For some daemons a line end ends the question.
  if (request.length > REQUEST_LIMIT || CONTROL.test(request.replace(/\n$/, ''))) return false;
  return new RegExp(`^(?:${pattern})$`, 'u').test(request);
}

/** Does a command line match a rule? Patterns match whole arguments, and never one with a ".." in its path. */
function matches(rule: ProcessRule, argv: readonly string[]): boolean {
  const rules = rule.argv;
  const last = rules.at(-1);
  if (last === undefined || argv.length > ARGUMENTS_MAX) return false;
  if (rule.repeatLast ? argv.length < rules.length : argv.length !== rules.length) return false;
  return argv.every((argument, index) => matchesOne(rules[index] ?? last, argument));
}

function matchesOne(rule: ArgumentRule, argument: string): boolean {
  if (typeof rule === 'string') return rule === argument;
  if (argument.length > ARGUMENT_LIMIT || CONTROL.test(argument)) return false;
  if (argument.split('/').includes('..')) return false;
  return new RegExp(`^(?:${rule.pattern})$`, 'u').test(argument);
}

function isVersionOf(service: ServicePolicy, command: ProcessCommand): boolean {
  const wanted = service.version;
  return (
    wanted.user === command.user &&
    wanted.argv.length === command.argv.length &&
    wanted.argv.every((argument, index) => argument === command.argv[index])
  );
}

function isCanonical(path: string): boolean {
  return path.startsWith('/') && path.length <= PATH_LIMIT && posix.normalize(path) === path && !CONTROL.test(path);
}

function refuseName(path: string): PolicyRefusal {
  const isPlain = path
    .split('/')
    .slice(1)
    .every((name) => PLAIN_NAME.test(name));
  return isPlain ? null : `${show(path)} is refused. Rule: names of letters, digits, ".", "_" and "-".`;
}

function serviceOf(policy: HelperPolicy, path: string): ServicePolicy | undefined {
  return policy.services.find((service) => path.startsWith(`${service.folder}/`) && !path.endsWith('/'));
}

function foldersOf(policy: HelperPolicy): string {
  return policy.services.map((service) => service.folder).join(', ');
}
