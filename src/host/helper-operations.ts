import { AppError } from '../core/errors.ts';
import type { Command, ExecResult, FileContent, UnitVerb } from '../core/host-values.ts';
import { withoutQuotes } from './ask/checker-messages.ts';
import type { Host } from './interface.ts';
import {
  copiesOf,
  type HelperPolicy,
  isChecker,
  type PolicyRefusal,
  refuseCommand,
  refuseContent,
  refuseFolder,
  refuseInstall,
  refuseMount,
  refuseMove,
  refusePath,
  refuseUnit,
} from './policy.ts';
import type { FolderWatch } from './observe/watched-folders.ts';
import { type HelperOperation, type HelperRequest, isRecord } from './protocol.ts';

/** Does a request if the policy allows it; otherwise throws AppError `denied` with the rule. */
export async function performRequest(
  request: Omit<HelperRequest, 'op'> & { readonly op: Exclude<HelperOperation, 'changes'> },
  host: Host,
  policy: HelperPolicy,
): Promise<unknown> {
  const [first, second, third] = request.args;
  switch (request.op) {
    case 'read':
      return await host.files.read(allowed(text(first), (path) => refusePath(policy, path)));
    case 'list':
      return await host.files.list(allowed(text(first), (path) => refuseFolder(policy, path)));
    case 'install':
      return await install(
        allowed(fileOf(first), (file) => refuseInstall(policy, file)),
        host,
        policy,
      );
    case 'move':
      allow(refuseMove(policy, text(first), text(second)));
      return await host.files.move(text(first), text(second));
    case 'remove':
      return await host.files.remove(allowed(text(first), (path) => refusePath(policy, path)));
    case 'state':
      return await host.units.state(allowed(text(first), (unit) => refuseUnit(policy, unit, 'state')));
    case 'act':
      allow(refuseUnit(policy, text(first), text(second)));
      return await host.units.act(text(first), text(second) as UnitVerb, positive(third));
    case 'mount':
      allow(refuseMount(policy, text(first), text(second)));
      return await host.units.mount(text(first), text(second));
    case 'exec':
      return await exec(
        allowed(commandOf(first), (command) => refuseCommand(policy, command)),
        host,
        policy,
      );
    case 'facts':
      return await host.facts(versionsOf(first, policy));
  }
}

/** Writes a content of ours, or one that stands in that place already and is put aside or comes back. */
async function install(file: FileContent, host: Host, policy: HelperPolicy): Promise<void> {
  const refusal = refuseContent(policy, file);
  if (refusal !== null && !(await isCopy(file, host, policy))) throw new AppError('denied', refusal);
  await host.files.install(file);
}

async function isCopy({ path, content }: FileContent, host: Host, policy: HelperPolicy): Promise<boolean> {
  for (const place of copiesOf(policy, path)) if ((await host.files.read(place)) === content) return true;
  return false;
}

/** Runs a command. A checker's answer quotes no file but those that it was to check. */
async function exec(command: Command, host: Host, policy: HelperPolicy): Promise<ExecResult> {
  const result = await host.exec(asCaller(command, policy));
  if (!('argv' in command) || !isChecker(policy, command)) return result;
  const checked = command.argv.filter((argument) => refusePath(policy, argument) === null);
  const texts = await Promise.all(checked.map((path) => host.files.read(path).catch(() => null)));
  return withoutQuotes(result, { argv: command.argv, texts: texts.map((content) => content ?? '') });
}

/** The longest wait of one question for changes, ms. */
const CHANGES_MAX_MS = 8_000;

/** Waits until somebody else has changed a service's folder. It does no work, so it does not count among the running requests. */
export async function awaitChanges(request: HelperRequest, watch: FolderWatch): Promise<unknown> {
  const [first, second] = request.args;
  return await watch.changes(text(first), Math.min(positive(second), CHANGES_MAX_MS));
}

function versionsOf(value: unknown, policy: HelperPolicy): Record<string, Command> {
  if (!isRecord(value)) throw malformed('versions by name');
  const versions = Object.entries(value).map(([name, raw]) => {
    const command = allowed(commandOf(raw), (candidate) => refuseCommand(policy, candidate));
    return [name, asCaller(command, policy)] as const;
  });
  return Object.fromEntries(versions);
}

/** A command without a user never runs as root. */
function asCaller(command: Command, policy: HelperPolicy): Command {
  if (!('argv' in command)) return command;
  return { ...command, user: command.user ?? policy.caller };
}

function allowed<T>(value: T, refuse: (value: T) => PolicyRefusal): T {
  allow(refuse(value));
  return value;
}

function allow(refusal: PolicyRefusal): void {
  if (refusal !== null) throw new AppError('denied', refusal);
}

function fileOf(value: unknown): FileContent {
  if (!isRecord(value)) throw malformed('a file');
  const { path, content, mode, owner, group } = value;
  if (typeof mode !== 'number' || !Number.isInteger(mode)) throw malformed('a mode');
  return { path: text(path), content: text(content), mode, owner: text(owner), group: text(group) };
}

function commandOf(value: unknown): Command {
  if (isRecord(value) && value['socket'] !== undefined) return questionOf(value);
  if (!isRecord(value) || !Array.isArray(value['argv'])) throw malformed('a command');
  const argv = value['argv'].map(text);
  const command = { argv, timeoutMs: positive(value['timeoutMs']) };
  return {
    ...command,
    ...(value['user'] === undefined ? {} : { user: text(value['user']) }),
    ...(value['stdin'] === undefined ? {} : { stdin: text(value['stdin']) }),
    ...(value['isPatient'] === true ? { isPatient: true } : {}),
    ...(value['right'] === undefined ? {} : { right: rightOf(value['right']) }),
  };
}

function rightOf(value: unknown): 'net_admin' {
  if (value !== 'net_admin') throw malformed('a right');
  return value;
}

function questionOf(value: Record<string, unknown>): Command {
  const { socket, request, expects, timeoutMs } = value;
  const question = { socket: text(socket), request: text(request), timeoutMs: positive(timeoutMs) };
  return { ...question, ...(expects === undefined ? {} : { expects: text(expects) }) };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw malformed('a text');
  return value;
}

function positive(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0)) throw malformed('a time in ms');
  return value;
}

function malformed(wanted: string): AppError {
  return new AppError('protocol', `an argument is not ${wanted}`);
}
