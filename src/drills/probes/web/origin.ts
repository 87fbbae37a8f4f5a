import { createServer } from 'node:http';

const BODY_BYTES = 5000;

/**
 * A web server for a proxy to fetch from. `/size/N/…` answers N bytes, `/silent/…` never, any other path a body of one size; all were last
 * modified long ago, so a cache that asks again gets 304. Header `X-Asked` has the number of requests for the path, so that a cache can be
 * noticed. Resolves when every port listens; rejects when one is taken.
 */
export async function serveOrigin(ports: readonly number[]): Promise<void> {
  const requestCounts = new Map<string, number>();
  const listening = ports.map((port) => {
    const server = createServer((request, response) => {
      const path = request.url ?? '/';
      const count = (requestCounts.get(path) ?? 0) + 1;
      requestCounts.set(path, count);
      if (path.startsWith('/silent/')) return;
      const headers = { 'last-modified': 'Mon, 06 Jan 2025 08:00:00 GMT', 'x-asked': String(count) };
      if (request.headers['if-modified-since'] !== undefined) {
        response.writeHead(304, headers).end();
        return;
      }
      const size = Number(/^\/size\/(\d+)\//.exec(path)?.[1] ?? BODY_BYTES);
      const type = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
      response.writeHead(200, { ...headers, ...type }).end('x'.repeat(size));
    });
    return new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '::', resolve);
    });
  });
  await Promise.all(listening);
}
