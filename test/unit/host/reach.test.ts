import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { firstSign, pingBmc, reach } from '../../../src/host/ask/reach.ts';
import { commandRunners } from '../../../src/main/calls/command-runners.ts';
import { noHost } from '../../kit/no-host.ts';
import { noCheck, noLog } from '../../kit/no-log.ts';
import { noPower } from '../../kit/power/agent-power.ts';

const never = new AbortController().signal;

/** A port of loopback that takes connections, and one that refuses them. */
async function ports() {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const open = (server.address() as AddressInfo).port;
  const closing = createServer();
  await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
  const closed = (closing.address() as AddressInfo).port;
  await new Promise((resolve) => closing.close(resolve));
  return { open, closed, end: () => new Promise((resolve) => server.close(resolve)) };
}

describe('a look whether an address is reachable', () => {
  it('tells a port that takes connections from one that refuses them', async () => {
    const { open, closed, end } = await ports();
    const taken = await reach('127.0.0.1', open, 2000, never);
    expect(taken).toMatchObject({ isReachable: true, way: 'connected', port: open, why: '' });
    expect(taken.ms).toBeLessThan(1000);
    expect(await reach('127.0.0.1', closed, 2000, never)).toMatchObject({
      isReachable: false,
      way: 'refused',
      port: closed,
      why: `it answers, but refuses TCP port ${closed}`,
    });
    await end();
  });

  it('without a port takes any sign of life, a refusal too, for one', async () => {
    const { isReachable, why } = await reach('127.0.0.1', null, 2000, never);
    expect({ isReachable, why }).toEqual({ isReachable: true, why: '' });
  });

  it('hears a BMC’s answer to an RMCP ping, and nothing else', async () => {
    const bmc = createSocket('udp4');
    const answers = ['0600ff06000011be4100001000000000', `0600ff06000011be4000001000000000${'00'.repeat(12)}`];
    bmc.on('message', (data, from) => {
      if (data.toString('hex') !== '0600ff06000011be80000000') return;
      // Another message of its class first, then a presence pong: type 40h.
      for (const answer of answers) bmc.send(Buffer.from(answer, 'hex'), from.port, from.address);
    });
    await new Promise<void>((resolve) => bmc.bind(0, '127.0.0.1', resolve));
    const { port } = bmc.address();
    const ask = () => firstSign((end) => [pingBmc('127.0.0.1', end, port)], 400, never);
    expect(await ask()).toEqual({ way: 'rmcp', port });
    answers.pop();
    const since = performance.now();
    expect(await ask()).toBe('no answer within 0.4 s');
    expect(performance.now() - since).toBeLessThan(1500);
    await new Promise<void>((resolve) => bmc.close(resolve));
    expect(await ask()).toEqual({ way: 'refused', port });
  });

  it('says why not, in the kernel’s words', async () => {
    const failing = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
    const why = (...codes: string[]) => firstSign(() => codes.map(failing), 400, never);
    expect(await why('EHOSTUNREACH', 'EHOSTUNREACH')).toBe('no host has the address (EHOSTUNREACH)');
    expect(await why('ENETUNREACH', 'EACCES')).toBe('there is no route to the network (ENETUNREACH), EACCES');
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const asked = firstSign((end) => [pingBmc('127.0.0.1', end, silent.address().port)], 20_000, stop.signal);
    stop.abort();
    expect(await asked).toBe('the query was cancelled');
    expect(await reach('127.0.0.1', null, 2000, stop.signal)).toMatchObject({
      isReachable: false,
      way: null,
      ms: null,
    });
    silent.close();
  });
});

describe('the runner of probe-address', () => {
  it('answers in the form of its kind, with a sentence', async () => {
    const { open, closed, end } = await ports();
    const run = async (port: number) =>
      commandRunners(noPower(), noLog(), noCheck(), noHost())['probe-address']?.({
        args: { address: '127.0.0.1', port },
        secrets: null,
        leftMs: 3000,
        signal: never,
      });
    expect((await run(open))?.sentence).toMatch(
      new RegExp(`^127\\.0\\.0\\.1 is reachable: it takes TCP connections at port ${open}, after [\\d.]+ ms\\.$`),
    );
    expect(await run(closed)).toMatchObject({
      result: { isReachable: false, way: 'refused' },
      sentence: `127.0.0.1 is not reachable: it answers, but refuses TCP port ${closed}.`,
    });
    await end();
  });
});
