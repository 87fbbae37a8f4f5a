import { join } from 'node:path';
import { run } from '../../../src/lab/command.ts';

/** Tries every TCP port of these addresses from inside a network namespace; the open ones by address. */
export async function scanPorts(netns: string, addresses: readonly string[]): Promise<Record<string, number[]>> {
  const program = join(import.meta.dirname, 'scan-program.ts');
  const argv = ['nsenter', `--net=/run/netns/${netns}`, '--', process.execPath, program, ...addresses];
  const result = await run(argv, { timeoutMs: 300_000 });
  if (result.code !== 0) throw new Error(`the ports could not be tried: ${result.stderr.trim()}`);
  return JSON.parse(result.stdout) as Record<string, number[]>;
}
