import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Keeps every processor of the machine busy for so long, by processes that end by themselves. */
export async function burn(seconds: number): Promise<void> {
  const ends = Array.from({ length: availableParallelism() }, () => {
    const child = spawn('timeout', [String(seconds), 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
    return new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => resolve());
    });
  });
  await Promise.all(ends);
}
