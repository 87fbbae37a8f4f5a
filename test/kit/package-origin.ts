import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * A package archive as a program: listens on the ports that its arguments name until its standard input ends. `/size/N/…` answers N
 * bytes, `/silent/…` never, anything else a line; all were last modified long ago, so a cache that asks again gets 304.
 * `X-Asked` tells how often a path was asked for. Prints `ready`.
 */
const asked = new Map<string, number>();

for (const port of process.argv.slice(2).map(Number)) {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const count = (asked.get(path) ?? 0) + 1;
    asked.set(path, count);
    if (path.startsWith('/silent/')) return;
    const headers = { 'last-modified': 'Mon, 06 Jan 2025 08:00:00 GMT', 'x-asked': String(count) };
    if (request.headers['if-modified-since'] !== undefined) {
      response.writeHead(304, headers).end();
      return;
    }
    const size = Number(/^\/size\/(\d+)\//.exec(path)?.[1] ?? 20);
    response.writeHead(200, { ...headers, 'content-length': String(size) }).end('x'.repeat(size));
  }).listen(port, '::');
  await once(server, 'listening');
}
process.stdin.on('end', () => process.exit()).resume();
console.log('ready');
