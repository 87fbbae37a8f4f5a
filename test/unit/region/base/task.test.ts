import { describe, expect, it } from 'vitest';
import type { Log } from '../../../../src/core/ports.ts';
import { startTask } from '../../../../src/region/base/task.ts';

const silent = (lines: string[]): Log => {
  const log: Log = {
    debug: () => {},
    info: (message) => void lines.push(message),
    warn: (message) => void lines.push(message),
    error: (message) => void lines.push(message),
    with: () => log,
  };
  return log;
};

const ports = (lines: string[] = []) => ({
  clock: { now: () => 0, monotonic: () => 0 },
  random: { fraction: () => 0, hex: () => '' },
  log: silent(lines),
  everyMs: 60_000,
  beat: () => {},
});

describe('a task', () => {
  it('runs at once and once more for any number of wakes during a round', async () => {
    let rounds = 0;
    const gate = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const task = startTask(
      {
        name: 't',
        run: async () => {
          rounds += 1;
          if (rounds === 1) await gate.promise;
          else second.resolve();
          return null;
        },
      },
      ports(),
    );
    task.wake();
    task.wake();
    gate.resolve();
    await second.promise;
    await task.stop();
    expect(rounds).toBe(2);
  });

  it('waits for another to do its work before each round, but not for its end', async () => {
    const rounds: number[] = [];
    const wished = [0, 30, 60_000];
    const second = Promise.withResolvers<void>();
    const task = startTask(
      {
        name: 't',
        yieldMs: () => wished[rounds.length] ?? 0,
        run: async () => {
          rounds.push(performance.now());
          if (rounds.length === 2) second.resolve();
          return null;
        },
      },
      ports(),
    );
    task.wake();
    await second.promise;
    task.wake();
    await task.stop();
    expect(rounds).toHaveLength(2);
    expect((rounds[1] ?? 0) - (rounds[0] ?? 0)).toBeGreaterThanOrEqual(29);
  });

  it('outlives failures, logs each new sentence once, and says when it is well again', async () => {
    const lines: string[] = [];
    let rounds = 0;
    const done = Promise.withResolvers<void>();
    const task = startTask(
      {
        name: 't',
        run: async () => {
          rounds += 1;
          if (rounds < 3) throw new Error('database away');
          done.resolve();
          return null;
        },
      },
      ports(lines),
    );
    await done.promise;
    await task.stop();
    expect(lines).toEqual(['task failed, it will be tried again', 'task succeeds again']);
  });
});
