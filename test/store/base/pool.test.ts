import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_TIMEOUTS } from '../../../src/store/connection.ts';
import { Pool } from '../../../src/store/pool/pool.ts';
import { realClock, silentLog } from '../../kit/postgres.ts';
import { pause, until } from '../../kit/until.ts';

/** A server that takes connections and lets a test decide when they are made: what a pool asks of one that is busy. */
const AUTHENTICATED = Buffer.from('520000000800000000', 'hex');
const READY = Buffer.from('5a0000000549', 'hex');
const sockets: Socket[] = [];
let server: Server;
let pool: Pool;
const asked = (count: number) => until(`${count} are asked for`, () => sockets.length >= count);
const make = (socket: Socket | undefined) => socket?.write(Buffer.concat([AUTHENTICATED, READY]));

beforeEach(async () => {
  sockets.length = 0;
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => sockets.push(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  pool = aPool(10_000);
});
function aPool(connectMs: number, clock = realClock): Pool {
  const { port } = server.address() as AddressInfo;
  const connection = { host: '127.0.0.1', port, user: 'regent', database: 'regent' };
  const timeouts = { ...DEFAULT_TIMEOUTS, connectMs };
  return new Pool({ connection, name: 'test', timeouts, clock, log: silentLog, max: 6, finder: null });
}
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await pool.end();
});

test('two connections are made at once, and who waits shares those that are there', async () => {
  let served = 0;
  const calls = Array.from({ length: 30 }, async () => {
    const client = await pool.acquire(10_000);
    await pause(2);
    served += 1;
    pool.release(client, 'done');
  });
  await asked(2);
  await pause(100);
  expect(sockets).toHaveLength(2);
  make(sockets[0]);
  await until('the first has served the others', () => served >= 27);
  // The place of the first was for another one, which was asked for before the first was free.
  expect(sockets.length).toBeLessThanOrEqual(3);
  for (const socket of sockets) make(socket);
  await Promise.all(calls);
});

test('one that takes long does not keep others from being made', async () => {
  const calls = Array.from({ length: 4 }, () => pool.acquire(10_000));
  await asked(2);
  expect(sockets).toHaveLength(2);
  await asked(4);
  expect(sockets).toHaveLength(4);
  for (const socket of sockets) make(socket);
  for (const client of await Promise.all(calls)) pool.release(client, 'done');
});

test('when all have broken it begins with two again', async () => {
  const calls = Array.from({ length: 4 }, () => pool.acquire(10_000));
  for (let n = 0; n < 4; n += 1) {
    await asked(n + 1);
    make(sockets[n]);
  }
  for (const client of await Promise.all(calls)) pool.release(client, 'broken');
  const again = Array.from({ length: 4 }, () => pool.acquire(10_000));
  await asked(6);
  await pause(100);
  expect(sockets).toHaveLength(6);
  for (let n = 4; n < 8; n += 1) {
    await asked(n + 1);
    make(sockets[n]);
  }
  for (const client of await Promise.all(again)) pool.release(client, 'done');
});

test('a server that has no time gets one at a time, for longer, until it is quick again', async () => {
  const impatient = aPool(300);
  const wanted = (count: number) => Array.from({ length: count }, () => impatient.acquire(10_000));
  const given = await Promise.allSettled(wanted(2));
  expect(given.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(sockets).toHaveLength(2);
  const calls = wanted(2);
  await asked(3);
  await pause(100);
  expect(sockets).toHaveLength(3);
  // One that takes long may have met silence. Both are waited for for longer than the first two.
  await asked(4);
  make(sockets[2]);
  make(sockets[3]);
  for (const client of await Promise.all(calls)) impatient.release(client, 'broken');
  const quick = impatient.acquire(10_000);
  await asked(5);
  make(sockets[4]);
  impatient.release(await quick, 'broken');
  const more = wanted(3);
  await asked(7);
  await pause(100);
  expect(sockets).toHaveLength(7);
  for (let n = 5; n < 8; n += 1) {
    await asked(n + 1);
    make(sockets[n]);
  }
  for (const client of await Promise.all(more)) impatient.release(client, 'done');
  await impatient.end();
});

test('one that is silent takes the others with it, but not for being slow with a server that has no time', async () => {
  let ahead = 0;
  const clock = { ...realClock, monotonic: () => realClock.monotonic() + ahead };
  const impatient = aPool(300, clock);
  const makeTwo = async (n: number, afterMs: number) => {
    const calls = [0, 1].map(() => impatient.acquire(10_000));
    await asked(n + 2);
    // By the pool's clock alone: a busy machine must not make them too late for their real limit.
    ahead += afterMs;
    for (const socket of sockets) make(socket);
    for (const client of await Promise.all(calls)) impatient.release(client, 'done');
  };
  const silentFor = (ms: number) => impatient.wasSilent(clock.monotonic() - ms);
  await makeTwo(0, 270);
  expect(impatient.slowness).toBeGreaterThan(1.5);
  ahead += 1_400;
  silentFor(1_300);
  impatient.release(await impatient.acquire(1_000), 'done');
  expect(sockets).toHaveLength(2);
  ahead += 3_000;
  silentFor(2_500);
  await makeTwo(2, 0);
  expect(impatient.slowness).toBe(1);
  ahead += 1_500;
  silentFor(1_300);
  const renewed = impatient.acquire(10_000);
  await asked(5);
  for (const socket of sockets) make(socket);
  impatient.release(await renewed, 'done');
  await impatient.end();
});

test('one that is refused says nothing of the time that others need', async () => {
  const refused = pool.acquire(10_000);
  await asked(1);
  sockets[0]?.destroy();
  await expect(refused).rejects.toThrow(/terminated/);
  const calls = Array.from({ length: 3 }, () => pool.acquire(10_000));
  await asked(3);
  await pause(100);
  expect(sockets).toHaveLength(3);
  for (let n = 1; n < 4; n += 1) {
    await asked(n + 1);
    make(sockets[n]);
  }
  for (const client of await Promise.all(calls)) pool.release(client, 'done');
});
