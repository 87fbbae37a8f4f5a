import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Line } from '../../src/store/pool/line.ts';

/** Who gets a connection, on a clock of the test: one place. */
let line: Line;
let went: string[];
const ask = (name: string, timeoutMs = 15_000) =>
  void line.take(timeoutMs).then(
    () => went.push(name),
    (error: unknown) => went.push(`${name}: ${error instanceof Error ? error.name : String(error)}`),
  );
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** One asks and one leaves, ten times a second. */
const flow = async (times: number, isDone: boolean) => {
  for (let n = 0; n < times; n += 1) {
    ask(`n${n}`);
    await pass(100);
    line.leave(isDone);
  }
  await pass(0);
};

beforeEach(() => {
  vi.useFakeTimers();
  went = [];
  line = new Line({ now: () => Date.now(), monotonic: () => performance.now() }, 1);
});
afterEach(() => vi.useRealTimers());

describe('the line before the connections', () => {
  test('a free place is taken at once, and a place that is given back goes to who came last', async () => {
    for (const name of ['a', 'b', 'c']) ask(name);
    await pass(0);
    expect(went).toEqual(['a']);
    line.leave(true);
    line.leave(true);
    await pass(0);
    expect(went).toEqual(['a', 'c', 'b']);
    line.leave(true);
    ask('d');
    await pass(0);
    expect(went).toEqual(['a', 'c', 'b', 'd']);
  });

  test('while calls get done, whoever was passed over for two seconds is refused', async () => {
    ask('a');
    ask('early');
    await flow(23, true);
    expect(went).toContain('early: BusyError');
    expect(went).toHaveLength(25);
  });

  test('while nothing gets done everybody is held, and for two seconds from when it goes on', async () => {
    ask('a');
    for (const name of ['b', 'c', 'd']) ask(name);
    await pass(10_000);
    line.leave(true);
    await pass(400);
    line.leave(true);
    await pass(400);
    line.leave(true);
    await pass(0);
    expect(went).toEqual(['a', 'd', 'c', 'b']);
  });

  test('calls that fail are no progress', async () => {
    ask('a');
    ask('b');
    await flow(40, false);
    expect(went).not.toContain('b: BusyError');
  });

  test('whose time is over is told so, and is in nobody’s way', async () => {
    ask('a');
    ask('b', 50);
    await pass(50);
    expect(went).toEqual(['a', 'b: Error']);
    line.leave(true);
    ask('c');
    await pass(0);
    expect(went).toEqual(['a', 'b: Error', 'c']);
  });
});
