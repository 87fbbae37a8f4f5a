import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../src/power/executor.ts';
import type { PowerOutcome } from '../../../src/power/order.ts';
import { type Watched, watchStates } from '../../../src/power/watch.ts';

const HOUR_MS = 3_600_000;
const FAILED: PowerOutcome = { kind: 'failed', code: 'unreachable', message: 'm', remedy: 'r', learned: {} };
const DONE: PowerOutcome = {
  kind: 'done',
  state: 'on',
  hasChanged: false,
  isVerified: true,
  learned: {},
  notes: [],
  tookMs: 1,
};

interface Given {
  readonly count: number;
  readonly isWell?: (id: string) => boolean;
  /** What a look takes, ms. */
  readonly lookMs?: number;
  /** Machines that are there at a time, ms. */
  readonly machines?: (now: number) => readonly string[];
  readonly forMs?: number;
}

/** Plays a watch in virtual time; gives the times of the looks at each machine, and how many were under way at once. */
async function play({ count, isWell = () => true, lookMs = 50, machines, forMs = HOUR_MS }: Given) {
  let now = 0;
  let seed = 0.5;
  const waiting: { at: number; go: () => void }[] = [];
  const until = (at: number) => new Promise<void>((go) => waiting.push({ at, go }));
  const looks = new Map<string, number[]>();
  const told: string[] = [];
  let running = 0;
  let most = 0;
  const executor: Executor = {
    run: async ({ parameters }) => {
      const id = String(parameters['id']);
      looks.set(id, [...(looks.get(id) ?? []), now]);
      most = Math.max(most, ++running);
      await until(now + lookMs);
      running -= 1;
      return isWell(id) ? DONE : FAILED;
    },
  };
  const watched = (id: string): Watched => ({ id, epoch: 1, type: 'manual', parameters: { id }, learned: {} });
  const all = Array.from({ length: count }, (_, index) => `m${index}`);
  const stop = new AbortController();
  const watch = watchStates(
    {
      executor,
      clock: { monotonic: () => now },
      // A sequence that fills the interval evenly.
      random: { fraction: () => (seed = (seed + 0.618_033_988_7) % 1) },
      pause: (ms) => until(now + ms),
      machines: () => (machines?.(now) ?? all).map(watched),
      tell: (id) => told.push(id),
    },
    stop.signal,
  );
  while (now < forMs || waiting.length > 0) {
    if (now >= forMs) stop.abort();
    waiting.sort((a, b) => a.at - b.at);
    const next = waiting.shift();
    if (next === undefined) break;
    now = Math.max(now, next.at);
    next.go();
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  }
  await watch;
  return { looks, told, most };
}

const gaps = (times: readonly number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0));

describe('looking at states', () => {
  it('comes to every machine in each round, not to all at once', async () => {
    const { looks, most } = await play({ count: 50 });
    expect(looks.size).toBe(50);
    const firsts = [...looks.values()].map(([first = 0]) => first);
    expect(Math.max(...firsts)).toBeLessThanOrEqual(121_000);
    expect(new Set(firsts).size).toBeGreaterThan(20);
    const pauses = [...looks.values()].flatMap(gaps);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(90_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(152_000);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('leaves a BMC that is not well more and more alone', async () => {
    const { looks } = await play({ count: 2, isWell: (id) => id !== 'm0', forMs: 6 * HOUR_MS });
    const ill = gaps(looks.get('m0') ?? []);
    expect(ill.length).toBeLessThan(24);
    expect(Math.max(...ill)).toBeGreaterThan(850_000);
    expect(Math.max(...ill)).toBeLessThanOrEqual(1_802_000);
    expect(looks.get('m1')?.length).toBeGreaterThan(150);
  });

  it('never has more than eight under way, nor two at one machine, however slow they are', async () => {
    const { looks, most, told } = await play({ count: 100, lookMs: 20_000 });
    expect(most).toBe(8);
    for (const times of looks.values()) for (const gap of gaps(times)) expect(gap).toBeGreaterThanOrEqual(20_000);
    expect(told).toHaveLength([...looks.values()].flat().length);
  });

  it('forgets who is gone, and ends with its signal when all looks have ended', async () => {
    const { looks } = await play({ count: 0, machines: (now) => (now < HOUR_MS / 2 ? ['a', 'b'] : ['a']) });
    expect(Math.max(...(looks.get('b') ?? []))).toBeLessThan(HOUR_MS / 2 + 1000);
    expect(Math.max(...(looks.get('a') ?? []))).toBeGreaterThan(HOUR_MS - 152_000);
  });
});
