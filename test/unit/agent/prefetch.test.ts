import { describe, expect, it } from 'vitest';
import { openPrefetch } from '../../../src/agent/boot/prefetch.ts';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import type { Command } from '../../../src/core/host-values.ts';
import { silentLog } from '../../kit/postgres.ts';

/** What a rack fetches before its machines ask. */

const file = (name: string) => `images/${'a'.repeat(64)}/${name}`;
const desiredOf = (wanted: readonly string[] | null) =>
  ({
    body: { services: { http: { desired: wanted === null ? null : { port: 5248, wanted } } } },
  }) as unknown as Desired;

/** Rounds of five seconds; before each one the test may change what is wanted. */
async function rounds(
  count: number,
  change: (round: number) => readonly string[] | null,
  answer: (url: string) => number,
) {
  const end = new AbortController();
  const asked: string[] = [];
  const told: string[] = [];
  let [round, now] = [0, 1];
  const prefetch = openPrefetch({
    ports: {
      clock: { now: () => now, monotonic: () => now },
      random: { fraction: () => 0.5, hex: () => '' },
      log: silentLog,
      loop: () => Object.assign(() => {}, { end: () => {} }),
      wait: async (ms) => {
        [round, now] = [round + 1, now + ms];
        if (round === count) end.abort();
      },
    },
    held: () => desiredOf(change(round)),
    exec: async (command: Command) => {
      if (!('url' in command)) throw new Error('nginx alone is asked');
      asked.push(`${round} ${command.url} ${command.range}`);
      return { code: 0, stdout: `HTTP/1.1 ${answer(command.url)} x\r\n\r\n`, stderr: '' } as never;
    },
    onChange: () => {
      const states = prefetch.current().map(({ path, isThere }) => `${path.at(-1)} ${isThere ? 'there' : 'missing'}`);
      told.push(`${round} ${states.join(', ')}`);
    },
  });
  await prefetch.run(end.signal);
  return { asked, told, copies: prefetch.current() };
}

describe('a rack', () => {
  it('lets its nginx fetch each file once, one after the other, and asks again after half a day', async () => {
    const { asked } = await rounds(
      8645,
      () => [file('vmlinuz'), file('root')],
      () => 206,
    );
    const url = (name: string) => `http://127.0.0.1:5248/${file(name)} bytes=0-0`;
    expect(asked).toEqual([`0 ${url('vmlinuz')}`, `1 ${url('root')}`, `8640 ${url('vmlinuz')}`, `8641 ${url('root')}`]);
  });

  it('asks again soon for what no region gave, and meanwhile for the others', async () => {
    const { asked } = await rounds(
      9,
      () => [file('a'), file('b')],
      (url) => (url.endsWith('a') ? 503 : 200),
    );
    expect(asked.map((one) => `${one[0]}${one.at(-11)}`)).toEqual(['0a', '1b', '6a']);
  });

  it('forgets what is wanted no more, and asks nothing where it gives out nothing', async () => {
    const { asked } = await rounds(
      5,
      (round) => (round === 1 ? [] : round === 3 ? null : [file('a')]),
      () => 206,
    );
    expect(asked.map((one) => one[0])).toEqual(['0', '2', '4']);
  });

  it('says which files are there, and since when; what is wanted no more it does not say', async () => {
    let isAnswering = false;
    const { told, copies } = await rounds(
      9,
      (round) => {
        isAnswering = round > 3;
        return round > 7 ? [file('b')] : [file('a'), file('b')];
      },
      (url) => (url.endsWith('b') || isAnswering ? 206 : 503),
    );
    expect(told).toEqual(['0 a missing', '1 a missing, b there', '6 a there, b there']);
    expect(copies).toEqual([{ path: file('b'), isThere: true, since: '1970-01-01T00:00:05.001Z' }]);
  });
});
