import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AcquireQueue } from '../../../src/store/pool/acquire-queue.ts';

/** Who gets a connection, on a clock of the test: one place. */
let line: AcquireQueue;
let went: string[];
const ask = (name: string, timeoutMs = 15_000, since = performance.now()) =>
  void line.take(timeoutMs, since).then(
    () => went.push(name),
    (error: unknown) => went.push(`${name}: ${error instanceof Error ? error.name : String(error)}`),
  );
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** One leaves and as many ask, ten times a second. */
const flow = async (times: number, isDone: boolean, more = ['n']) => {
  for (let n = 0; n < times; n += 1) {
    for (const name of more) ask(`${name}${n}`);
    await pass(100);
    line.leave(isDone);
  }
  await pass(0);
};

beforeEach(() => {
  vi.useFakeTimers();
  went = [];
  line = new AcquireQueue({ now: () => Date.now(), monotonic: () => performance.now() }, 1);
});
afterEach(() => vi.useRealTimers());

describe('the line before the connections', () => {
  test('a free place is taken at once, and a place that is given back goes to who came first', async () => {
    for (const name of ['a', 'b', 'c']) ask(name);
    await pass(0);
    expect(went).toEqual(['a']);
    line.leave(true);
    line.leave(true);
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c']);
    line.leave(true);
    ask('d');
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a call that has to come again is where it was, whoever came meanwhile', async () => {
    const begun = performance.now();
    ask('a');
    await pass(100);
    for (const name of ['b', 'c']) ask(name);
    await pass(100);
    ask('a again', 15_000, begun);
    for (let n = 0; n < 3; n += 1) line.leave(true);
    await pass(0);
    expect(went).toEqual(['a', 'a again', 'b', 'c']);
  });

  test('who comes again after long has as much time as who comes for the first time', async () => {
    ask('a');
    await pass(6000);
    ask('b', 15_000, performance.now() - 6000);
    ask('c');
    line.leave(true);
    line.leave(true);
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c']);
  });

  test('when more come than get done, it goes to who came last, and who was passed over for three and a half is refused', async () => {
    ask('a');
    await flow(60, true, ['x', 'y']);
    const served = went.filter((what) => !what.endsWith('BusyError'));
    // Half of them get done: the fortieth would be the first who waits for more than two seconds in his turn.
    expect(served.slice(0, 5)).toEqual(['a', 'x0', 'y0', 'x1', 'y1']);
    expect(served.slice(38, 43)).toEqual(['y18', 'x19', 'y39', 'y40', 'y41']);
    expect(served.at(-1)).toBe('y59');
    expect(went.filter((what) => what.endsWith('BusyError'))).toContain('y20: BusyError');
  });

  test('as soon as all are served again it goes in turn', async () => {
    ask('a');
    for (let n = 0; n < 15; n += 1) ask(`b${n}`);
    await flow(15, true, []);
    for (const name of ['c', 'd']) ask(name);
    for (let n = 0; n < 3; n += 1) line.leave(true);
    await pass(0);
    expect(went.slice(-2)).toEqual(['c', 'd']);
  });

  test('while nothing gets done everybody is held, and goes on in turn; who waited so long that he has gone is the last', async () => {
    ask('a');
    for (const name of ['b', 'c']) ask(name);
    await pass(5000);
    for (const name of ['d', 'e']) ask(name);
    await pass(3000);
    for (let n = 0; n < 4; n += 1) {
      line.leave(true);
      await pass(400);
    }
    expect(went).toEqual(['a', 'd', 'e', 'c', 'b']);
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
