import { AppError } from '../core/errors.ts';
import { CLEAN_ENVIRONMENT, type CommandOptions, type CommandResult, run } from './command.ts';
import type { Layout } from './layout.ts';
import { containerInit, isRunning, type ProcessId } from './process.ts';
import { needState } from './state.ts';

/** Runs a command inside a host, as its root, in all of its namespaces. A frozen host answers nothing: hence the deadline. */
export function execInHost(init: ProcessId, argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const terminal = options.isAttached && process.env['TERM'] ? { TERM: process.env['TERM'] } : {};
  return run(['nsenter', `--target=${init.pid}`, '--all', '--', ...argv], {
    ...options,
    env: { ...CLEAN_ENVIRONMENT, ...terminal, ...options.env },
  });
}

/** The init of a host that must run. Throws AppError `lab_host`. */
export function needInit(layout: Layout, host: string): ProcessId {
  const state = needState(layout);
  const known = state.topology.hosts.map((item) => item.name);
  if (!known.includes(host))
    throw new AppError('lab_host', `The lab has no host "${host}". What to do: name one of ${known.join(', ')}.`);
  const nspawn = state.hosts[host];
  const init = nspawn && isRunning(nspawn) ? containerInit(nspawn.pid) : null;
  if (!init)
    throw new AppError('lab_host', `${host} does not run. What to do: scripts/lab start ${host}, or sudo scripts/up.`);
  return init;
}

/** Runs a command in a host of a lab. */
export async function execHost(
  layout: Layout,
  host: string,
  argv: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return execInHost(needInit(layout, host), argv, options);
}

/**
 * Runs a command as a client of a network: its namespace, its resolver, the base as its file system, so that it needs nothing of
 * the outer machine. Throws AppError `lab_client` when there is no such client.
 */
export async function execClient(
  layout: Layout,
  client: string,
  argv: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const known = needState(layout).topology.clients.map((item) => item.name);
  if (!known.includes(client))
    throw new AppError(
      'lab_client',
      `The lab has no client on "${client}". What to do: name one of ${known.join(', ')}.`,
    );
  const root = layout.rootOf(`c.${client}`);
  // /proc and /dev in a mount namespace of this command: nothing stays mounted when it is killed.
  const script = 'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot "$@"';
  const enter = ['nsenter', `--net=/run/netns/${layout.clientNetns(client)}`, '--'];
  const isolate = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', script, 'sh', root];
  return run([...enter, ...isolate, ...argv], { ...options, env: { ...CLEAN_ENVIRONMENT, ...options.env } });
}
