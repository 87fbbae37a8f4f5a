import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { playCrowd } from '../../../src/drills/probes/web/start-crowd.ts';

it('a crowd asks on connections of its own, all at once, and counts what came of it', async () => {
  let [opened, inHand, most, asked] = [0, 0, 0, 0];
  const keys = new Set<string | undefined>();
  const server = createServer((request, response) => {
    keys.add(request.headers.authorization);
    asked += 1;
    inHand += 1;
    most = Math.max(most, inHand);
    const isLucky = asked % 2 === 0;
    setTimeout(() => {
      inHand -= 1;
      response.writeHead(isLucky ? 200 : 503, { connection: 'keep-alive' }).end();
    }, 50);
  });
  server.on('connection', () => (opened += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port, path: '/x', apiKey: 'a:b:c' };
  const count = await playCrowd(null, { ...place, callers: 20, seconds: 1, timeoutMs: 2_000, pauseMs: 10 });
  server.close();
  expect(most).toBe(20);
  expect(opened).toBe(asked);
  expect(keys).toEqual(new Set(['Bearer a:b:c']));
  expect(count.answered + count.failed).toBe(asked);
  expect(count.answered).toBeGreaterThan(20);
  expect(count.failed).toBeGreaterThan(20);
});
