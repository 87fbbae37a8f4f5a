import { AppError } from '../../core/errors.ts';
import type { Random } from '../../core/ports.ts';
import type { Progress } from '../base.ts';
import type { CommandResult } from '../command.ts';
import { execInHost, needInit } from '../exec.ts';
import type { Layout } from '../layout.ts';
import { needState } from '../state.ts';
import type { LabHost } from '../topology.ts';

/** A release for the hosts of a lab. `contextFile`: gets address and key for the CLI. `random`: for calls of the API. */
export interface ProductOrder {
  readonly layout: Layout;
  readonly archive: string;
  readonly random: Random;
  readonly contextFile: string;
  /** URLs of a PostgreSQL of the operator's own; left out: the nodes run theirs. */
  readonly database?: string;
  readonly progress: Progress;
}

/** A step in a host: what to run, how long at most, and what a person does when it fails. */
export interface HostStep {
  readonly host: string;
  readonly what: string;
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  readonly input?: string;
  readonly remedy: string;
}

/** Hosts that run the product, in the order of the topology: the first region node is the first of its cluster. */
export function productHosts(layout: Layout): {
  readonly regions: readonly LabHost[];
  readonly racks: readonly LabHost[];
} {
  const { hosts } = needState(layout).topology;
  const regions = hosts.filter((host) => host.roles?.includes('region'));
  return { regions, racks: hosts.filter((host) => host.roles?.includes('rack') && !regions.includes(host)) };
}

/** Lines of a step that failed, for a reader who sees only the error. */
const LAST_LINES = 6;

/** Runs a step and reports its progress with the host's name. Throws AppError `lab_product` when it fails. */
export async function doStep(order: ProductOrder, step: HostStep): Promise<CommandResult> {
  const { host, argv, timeoutMs, input } = step;
  const result = await execInHost(needInit(order.layout, host), argv, {
    timeoutMs,
    ...(input === undefined ? {} : { input }),
    onStderrLine: (line) => order.progress(`  ${host}: ${line.replace(/^\[ *\d+ s\] /, '')}`),
  });
  if (result.code === 0) return result;
  const ended = result.isTimeout ? `did not end within ${timeoutMs / 1000} s` : `ended with ${result.code}`;
  const lastLines = result.stderr.trim().split('\n').slice(-LAST_LINES).join(' | ');
  throw new AppError(
    'lab_product',
    `${step.what} in ${host} ${ended}. Its last output: ${lastLines}. What to do: ${step.remedy}`,
  );
}

/** Has the host a file of this name? */
export async function hasFile(layout: Layout, host: string, path: string): Promise<boolean> {
  const result = await execInHost(needInit(layout, host), ['test', '-e', path], { timeoutMs: 10_000 });
  return result.code === 0;
}
