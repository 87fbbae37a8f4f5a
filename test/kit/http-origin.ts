import { createServer } from 'node:http';

/**
 * A web server as a program, to be run in a network namespace: port 80, every path answers a body of its own and says how often it has
 * been asked for (header `X-Asked`), so that a cache can be told from none. Prints `ready` when it listens.
 */
const asked = new Map<string, number>();
const BODY = 'x'.repeat(5000);

createServer((request, response) => {
  const path = request.url ?? '/';
  const count = (asked.get(path) ?? 0) + 1;
  asked.set(path, count);
  const headers = {
    'content-type': 'application/octet-stream',
    'last-modified': 'Mon, 06 Jan 2025 08:00:00 GMT',
    'x-asked': String(count),
  };
  response.writeHead(200, headers).end(request.method === 'HEAD' ? '' : `${path}\n${BODY}`);
}).listen(80, '0.0.0.0', () => console.log('ready'));
