import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { playCrowd } from '../../../src/drills/probes/web/start-crowd.ts';

it('a crowd asks on connections of its own, all at once, and counts what came of it', async () => {
  let [opened, open, most, asked] = [0, 0, 0, 0];
  const keys = new Set<string | undefined>();
  const server = createServer((request, response) => {
    keys.add(request.headers.authorization);
    asked += 1;
    const isLucky = asked % 2 === 0;
    setTimeout(() => response.writeHead(isLucky ? 200 : 503, { connection: 'keep-alive' }).end(), 50);
  });
  server.on('connection', (socket) => {
    opened += 1;
    open += 1;
    most = Math.max(most, open);
    socket.on('close', () => (open -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port, path: '/x', apiKey: 'a:b:c' };
  const count = await playCrowd(null, { ...place, callers: 20, seconds: 1, timeoutMs: 2_000, pauseMs: 10 });
  server.close();
  // The end of one may be seen after the begin of the next.
  expect(most).toBeGreaterThanOrEqual(20);
  expect(opened).toBe(asked);
  expect(keys).toEqual(new Set(['Bearer a:b:c']));
  expect(count.answered + count.failed).toBe(asked);
  expect(count.answered).toBeGreaterThan(20);
  expect(count.failed).toBeGreaterThan(20);
});
