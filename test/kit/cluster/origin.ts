import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** An archive of packages on port 8080, inside a network namespace. */
export async function startOrigin(netns: string): Promise<{ close(): void }> {
  const program = join(import.meta.dirname, '..', 'package-origin.ts');
  const argv = [`--net=/run/netns/${netns}`, '--', process.execPath, program, '8080'];
  const child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { close: () => child.stdin.end() };
}
