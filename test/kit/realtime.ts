import { existsSync } from 'node:fs';
import type { TestLab } from './lab.ts';

/** cgroup v2 gives no shares of real time: a kernel that groups it then lets nobody have any. */
export function isRealtimeDenied(): boolean {
  return existsSync('/sys/fs/cgroup/cgroup.controllers');
}

/** What a unit of a host is told that asks for real time; empty: it has it. A command brought in from outside would have the caller's share. */
export async function realtimeRefusal(lab: TestLab, host: string): Promise<string> {
  const asked = await lab.exec(host, ['systemd-run', '--wait', '--pipe', '--quiet', 'chrt', '--fifo', '20', 'true']);
  return asked.stderr || (asked.code === 0 ? '' : `code ${asked.code}`);
}
