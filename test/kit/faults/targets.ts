import { execHost } from '../../../src/lab/exec.ts';
import type { Layout } from '../../../src/lab/layout.ts';

/** A process that can be killed or stopped: a unit's main process, or another one of the unit by its title. */
export interface Target {
  readonly name: string;
  readonly unit: string;
  /** Part of that one's command line; the main process when left out. */
  readonly child?: string;
}

/** Every process of a single node that its service depends on. */
export const TARGETS: readonly Target[] = [
  { name: 'named', unit: 'named.service' },
  { name: 'chronyd', unit: 'chrony.service' },
  { name: 'kea', unit: 'kea-dhcp4-server.service' },
  { name: 'squid', unit: 'squid.service' },
  { name: 'regiond', unit: 'regent-regiond.service' },
  { name: 'agent', unit: 'regent-agent.service' },
  { name: 'helper', unit: 'regent-helper.service' },
  { name: 'etcd', unit: 'etcd.service' },
  { name: 'haproxy', unit: 'haproxy.service' },
  { name: 'patroni', unit: 'patroni.service' },
  { name: 'postgres', unit: 'patroni.service', child: 'bin/postgres -D' },
  { name: 'postgres-walwriter', unit: 'patroni.service', child: 'walwriter' },
  { name: 'postgres-checkpointer', unit: 'patroni.service', child: 'checkpointer' },
  { name: 'postgres-backend', unit: 'patroni.service', child: 'regent regent' },
  { name: 'db-watch', unit: 'regent-db-watch.service' },
];

export type FaultKind = 'kill' | 'stop';

/** Runs a command in the host with a deadline; standard output. Throws with the command's words. */
export async function inHost(layout: Layout, argv: readonly string[], timeoutMs = 15_000): Promise<string> {
  const result = await execHost(layout, 'r1', argv, { timeoutMs });
  if (result.code === 0) return result.stdout;
  throw new Error(
    `${argv.join(' ')}: ${result.isTimeout ? 'no answer in time' : result.stderr.trim() || `exit ${result.code}`}`,
  );
}

/** Process number (inside the host) of a target, null when it does not run. */
export async function pidOf(layout: Layout, target: Target): Promise<number | null> {
  const main = Number(
    (await inHost(layout, ['systemctl', 'show', '--property=MainPID', '--value', target.unit])).trim(),
  );
  if (!main || target.child === undefined) return main || null;
  // PostgreSQL is no child of Patroni, which it outlives: the unit's processes are what belongs together.
  const processes = await inHost(layout, ['ps', '-e', '-o', 'pid=,unit=,args=']);
  const line = processes
    .split('\n')
    .find((text) => text.includes(` ${target.unit} `) && text.includes(target.child ?? ''));
  return line ? Number.parseInt(line, 10) : null;
}

/** Kills (SIGKILL) or freezes (SIGSTOP) a process of the host. */
export async function inject(layout: Layout, pid: number, kind: FaultKind): Promise<void> {
  await inHost(layout, ['kill', `-${kind === 'kill' ? 'KILL' : 'STOP'}`, String(pid)]);
}

/** State letter of a process as /proc tells it, null when it is gone. */
export async function stateOf(layout: Layout, pid: number): Promise<string | null> {
  const result = await execHost(layout, 'r1', ['ps', '-o', 'state=', '-p', String(pid)], { timeoutMs: 15_000 });
  return result.stdout.trim() || null;
}
