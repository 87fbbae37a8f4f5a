import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createKeyReader } from '../../../src/main/region/outside/key-reader.ts';

/** Keys of people over HTTP, from a server that stands in for their keepers. */

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server without a port');
  return `http://127.0.0.1:${address.port}`;
}

const ADA = { keeper: 'gh', name: 'ada' } as const;
const readFrom = (place: string, timeoutMs = 5000) => createKeyReader({ places: { lp: place, gh: place }, timeoutMs });

it('asks each keeper where it gives keys out', async () => {
  const place = await serve((request, response) => response.end(`key of ${request.url}\n`));
  const read = readFrom(place);
  expect(await read(ADA, '')).toBe('key of /ada.keys\n');
  expect(await read({ keeper: 'lp', name: 'ada' }, '')).toBe('key of /~ada/+sshkeys\n');
});

it('goes through the proxy of the site', async () => {
  const asked: string[] = [];
  const proxy = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.end('key\n');
  });
  expect(await readFrom('http://keeper.invalid')(ADA, proxy)).toBe('key\n');
  expect(asked).toEqual(['http://keeper.invalid/ada.keys']);
});

it('says who is not known', async () => {
  const place = await serve((_request, response) => response.writeHead(404).end());
  expect(await readFrom(place)(ADA, '')).toMatchObject({
    code: 'invalid_value',
    message: expect.stringContaining('github.com knows nobody of the name ada'),
    fields: [{ field: 'source' }],
  });
});

it.each([
  [429, 'it got too many requests'],
  [500, 'it answered 500'],
])('says that it cannot be asked: %i', async (status, why) => {
  const place = await serve((_request, response) => response.writeHead(status).end());
  const refusal = await readFrom(place)(ADA, '');
  expect(refusal).toMatchObject({ message: expect.stringContaining(`github.com cannot be reached directly`) });
  expect(refusal).toMatchObject({ message: expect.stringContaining(why) });
});

it('waits no longer than its time, also for an answer that never ends', async () => {
  const silent = await serve(() => undefined);
  const endless = await serve((_request, response) => void response.write('key\n'));
  for (const place of [silent, endless]) {
    const started = performance.now();
    expect(await readFrom(place, 300)(ADA, '')).toMatchObject({
      message: expect.stringContaining('no answer within 0.3 s'),
    });
    expect(performance.now() - started).toBeLessThan(5000);
  }
});

it('takes no more than keys are long', async () => {
  const place = await serve((_request, response) => response.end('x'.repeat(600 * 1024)));
  expect(await readFrom(place)(ADA, '')).toMatchObject({ message: expect.stringContaining('more than 512 KiB') });
});

it('says where nobody listens, with the proxy where one is set', async () => {
  const read = readFrom('http://127.0.0.1:9');
  expect(await read(ADA, '')).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  expect(await read(ADA, 'http://127.0.0.1:9')).toMatchObject({
    message: expect.stringContaining('through the proxy 127.0.0.1:9'),
  });
});
