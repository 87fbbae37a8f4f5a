import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ReconnectGate } from '../../../src/store/pool/reconnect-gate.ts';
import { evenRandom } from '../../kit/virtual-time.ts';

/** Who may try to reach the primary, on a clock of the test: a pause is 75 ms with its dice. */
let turns: ReconnectGate;
let went: string[];
const gone = new Set<string>();
const ask = (name: string, timeoutMs = 5_000, since = Date.now()) =>
  void turns.take(timeoutMs, { since, isWanted: () => !gone.has(name) }).then(
    () => went.push(name),
    (error: unknown) => went.push(`${name}: ${String(error)}`),
  );
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  went = [];
  gone.clear();
  turns = new ReconnectGate({ clock: { now: () => Date.now(), monotonic: () => Date.now() }, random: evenRandom });
});
afterEach(() => vi.useRealTimers());

describe('turns', () => {
  test('all may try while nobody has failed', async () => {
    for (const name of ['a', 'b', 'c']) ask(name);
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c']);
  });

  test('after a failure one at a time, in their order, each after a pause', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c']) ask(name);
    await pass(74);
    expect(went).toEqual([]);
    await pass(1);
    expect(went).toEqual(['a']);
    await pass(20);
    turns.failed(new Error('a standby'));
    await pass(74);
    expect(went).toEqual(['a']);
    await pass(1);
    expect(went).toEqual(['a', 'b']);
  });

  test('who tried and found none is as far in front as before, whoever came meanwhile', async () => {
    const begun = Date.now();
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b']) ask(name);
    await pass(75);
    turns.failed(new Error('a standby'));
    await pass(20);
    ask('c');
    ask('a again', 5_000, begun);
    turns.found();
    turns.succeeded();
    await pass(0);
    expect(went).toEqual(['a', 'b', 'a again']);
  });

  test('whose caller has gone costs nobody a turn', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) ask(name);
    for (const name of ['a', 'b', 'd']) gone.add(name);
    await pass(75);
    expect(went).toEqual(['a', 'b', 'c']);
    turns.found();
    turns.succeeded();
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('when one has found the primary those that waited go in their order, two for each that is done', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) ask(name);
    await pass(75);
    turns.found();
    await pass(10);
    expect(went).toEqual(['a']);
    turns.succeeded();
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c']);
    ask('the next step of a');
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c', 'the next step of a']);
    turns.succeeded();
    turns.succeeded();
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c', 'the next step of a', 'd', 'e', 'f']);
  });

  test('two go every 50 ms while nobody is done', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name);
    await pass(75);
    turns.found();
    await pass(49);
    expect(went).toEqual(['a']);
    await pass(1);
    expect(went).toEqual(['a', 'b', 'c']);
    await pass(50);
    expect(went).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('a primary that is lost again meanwhile is looked for by one at a time', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name);
    await pass(75);
    turns.found();
    turns.failed(new Error('gone again'));
    await pass(74);
    expect(went).toEqual(['a']);
    await pass(1);
    expect(went).toEqual(['a', 'b']);
  });

  test('at the end nobody waits any longer', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c', 'd']) ask(name);
    turns.end();
    await pass(0);
    expect(went).toEqual(['a', 'b', 'c', 'd']);
  });

  test('one that hears nothing holds the others up for half a second each, no longer', async () => {
    turns.failed(new Error('a standby'));
    for (const name of ['a', 'b', 'c']) ask(name);
    await pass(75 + 499);
    expect(went).toEqual(['a']);
    await pass(1);
    expect(went).toEqual(['a', 'b']);
    await pass(500);
    expect(went).toEqual(['a', 'b', 'c']);
  });

  test("whose time is over is told what the last one met, and is in nobody's way", async () => {
    turns.failed(new Error('a standby'));
    ask('a', 50);
    ask('b');
    await pass(50);
    expect(went).toEqual(['a: Error: a standby']);
    await pass(25);
    expect(went).toEqual(['a: Error: a standby', 'b']);
  });

  test('a server that starts or stops is asked less often', async () => {
    turns.failed(
      Object.assign(new Error('the database system is shutting down'), { code: '57P03', severity: 'FATAL' }),
    );
    ask('a');
    await pass(186);
    expect(went).toEqual([]);
    await pass(1);
    expect(went).toEqual(['a']);
  });

  test('it tells for how long all are held, and not of a way that is this host’s own trouble', async () => {
    expect(turns.holds(3000)).toBe(false);
    turns.failed(new Error('Connection terminated unexpectedly'));
    await pass(2000);
    turns.failed(new Error('Connection terminated unexpectedly'));
    await pass(1000);
    expect(turns.holds(3000)).toBe(true);
    await pass(1);
    expect(turns.holds(3000)).toBe(false);
    turns.found();
    await pass(2000);
    turns.succeeded();
    expect(turns.holds(3000)).toBe(true);
    await pass(1);
    expect(turns.holds(3000)).toBe(false);
    turns.failed(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    expect(turns.holds(3000)).toBe(false);
    turns.failed(new Error('a standby'));
    expect(turns.holds(3000)).toBe(true);
    turns.succeeded();
    expect(turns.holds(3000)).toBe(true);
  });

  test('several failures at once are one', async () => {
    for (let n = 0; n < 10; n += 1) turns.failed(new Error('a standby'));
    ask('a');
    ask('b');
    await pass(75);
    expect(went).toEqual(['a']);
  });
});
