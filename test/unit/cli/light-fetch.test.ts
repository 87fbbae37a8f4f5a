import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { lightFetch } from '../../../src/cli/light-fetch.ts';

afterEach(() => vi.restoreAllMocks());

it('asks a silent connection whether it lives, since the floating address may have moved', async () => {
  const asks = vi.spyOn(Socket.prototype, 'setKeepAlive');
  const server = createServer((_, response) => response.end('{"a":1}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await lightFetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect([answer.status, await answer.text()]).toEqual([200, '{"a":1}']);
  expect(asks).toHaveBeenCalledWith(true, 1000);
  server.close();
});

it('ends quietly when it was given up before it began', async () => {
  const broken: unknown[] = [];
  const onBroken = (error: unknown) => void broken.push(error);
  process.on('uncaughtException', onBroken);
  try {
    const call = lightFetch('http://127.0.0.1:9/', { signal: AbortSignal.abort(new Error('too late')) });
    await expect(call).rejects.toThrow('too late');
    // The destroyed request says so a moment later.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(broken).toEqual([]);
  } finally {
    process.off('uncaughtException', onBroken);
  }
});
