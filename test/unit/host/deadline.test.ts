import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deadline } from '../../../src/host/ask/deadline.ts';
import { runCommand } from '../../../src/host/exec.ts';
import { pause } from '../../kit/until.ts';

/** This process has no processor for so long, ms. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a deadline', () => {
  it('is not missed by an answer that came while this process had no processor', async () => {
    const seen: string[] = [];
    const other = spawn('/bin/sh', ['-c', 'read question; echo answer'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(other, 'spawn');
    const cancel = deadline(100, () => seen.push('late'));
    // What a timer alone would have said.
    setTimeout(() => seen.push('timer'), 100);
    const answer = once(other.stdout, 'data').then(cancel);
    other.stdin.write('question\n');
    stall(1_500);
    await answer;
    await pause(50);
    expect(seen).toEqual(['timer']);
  });

  it('ends a command that is late, and not one that has ended while nobody looked', async () => {
    const quick = runCommand({ argv: ['/bin/echo', 'done'], timeoutMs: 100 });
    const slow = runCommand({ argv: ['/bin/sleep', '5'], timeoutMs: 100 });
    // Both are started: who they run as has been looked up.
    await pause(0);
    stall(1_500);
    expect(await quick).toMatchObject({ code: 0, stdout: 'done\n', timedOut: false });
    expect(await slow).toMatchObject({ timedOut: true });
  });

  it('ends no command before its output is read that came while nobody looked', async () => {
    // The command ends at once; what it left behind writes within the time that it is listened to.
    const asked = runCommand({ argv: ['/bin/sh', '-c', '(sleep 0.15; echo late) & exit 0'], timeoutMs: 5_000 });
    await pause(100);
    // In the phase after which Node looks at its timers first.
    setImmediate(() => stall(600));
    expect(await asked).toMatchObject({ code: 0, stdout: 'late\n', timedOut: false });
  });

  it('comes once, not before its time, and never when it was cancelled', async () => {
    const start = performance.now();
    const late = await new Promise<number>((resolve) => void deadline(30, () => resolve(performance.now() - start)));
    expect(late).toBeGreaterThanOrEqual(29);
    let isLate = false;
    deadline(0, () => (isLate = true))();
    await pause(20);
    expect(isLate).toBe(false);
  });
});
