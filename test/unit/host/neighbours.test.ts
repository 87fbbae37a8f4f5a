import { expect, it } from 'vitest';
import type { ProcessCommand } from '../../../src/core/host-values.ts';
import { askNeighbours, networkAround, parseNeighbours } from '../../../src/host/ask/neighbours.ts';

/** Which addresses of a network hosts have, by the kernel's table of neighbours. */

const row = (dst: string, state: string, lladdr?: string) => ({
  dst,
  dev: 'eth1',
  state: [state],
  ...(lladdr ? { lladdr } : {}),
});
const MAC = '02:00:00:00:00:05';

it('takes any entry with a MAC for an answer, but those that failed', () => {
  const text = JSON.stringify([
    row('192.0.2.1', 'REACHABLE', MAC.toUpperCase()),
    row('192.0.2.2', 'STALE', MAC),
    row('192.0.2.3', 'FAILED'),
    row('192.0.2.4', 'FAILED', MAC),
    row('192.0.2.5', 'INCOMPLETE'),
    row('2001:db8::5', 'DELAY', MAC),
  ]);
  expect([...parseNeighbours(text)]).toEqual([
    ['192.0.2.1', MAC],
    ['192.0.2.2', MAC],
    ['2001:db8::5', MAC],
  ]);
  expect([...parseNeighbours('\n')]).toEqual([]);
});

it.each([
  [['192.0.2.7'], '192.0.2.7/32'],
  [['192.0.2.7', '192.0.2.6'], '192.0.2.6/31'],
  [['192.0.2.1', '192.0.2.200'], '192.0.2.0/24'],
  [['2001:db8::100', '2001:db8::10f'], '2001:db8::100/124'],
])('reads the table of what is around %j alone: %s', (addresses, network) => {
  expect(networkAround(addresses)).toBe(network);
});

const answering = (texts: readonly string[]) => {
  const seen: ProcessCommand[] = [];
  const run = async (command: ProcessCommand) => {
    const stdout = texts[Math.min(seen.length, texts.length - 1)] ?? '';
    seen.push(command);
    return { code: 0, signal: null, stdout, stderr: '', timedOut: false, failure: null };
  };
  return { seen, run };
};
const { signal } = new AbortController();

it('ends when every address has answered, and else with its time', async () => {
  const all = answering(['[]', JSON.stringify([row('127.0.0.2', 'REACHABLE', MAC)])]);
  expect(await askNeighbours(['127.0.0.2'], { timeoutMs: 60_000, signal, run: all.run })).toEqual([
    { address: '127.0.0.2', mac: MAC },
  ]);
  expect(all.seen).toHaveLength(2);
  const none = answering(['[]']);
  const startedAt = performance.now();
  expect(await askNeighbours(['127.0.0.2', '127.0.0.3'], { timeoutMs: 300, signal, run: none.run })).toEqual([
    { address: '127.0.0.2', mac: null },
    { address: '127.0.0.3', mac: null },
  ]);
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

it('says why the table cannot be read', async () => {
  const run = async () => ({
    code: null,
    signal: null,
    stdout: '',
    stderr: '',
    timedOut: false,
    failure: 'ip is not there',
  });
  await expect(askNeighbours(['127.0.0.2'], { timeoutMs: 10, signal, run })).rejects.toThrow('ip is not there');
});

it('asks this host’s own kernel: an address on a network that nobody has does not answer', async () => {
  const { runCommand } = await import('../../../src/host/exec.ts');
  expect(await askNeighbours(['192.0.2.251'], { timeoutMs: 250, signal, run: runCommand })).toEqual([
    { address: '192.0.2.251', mac: null },
  ]);
});
