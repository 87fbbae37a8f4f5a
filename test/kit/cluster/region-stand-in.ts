import { readFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * What a region node answers to haproxy, as a program to be run in a network namespace: regiond on 5251, Patroni on 8008 (both by mutual
 * TLS), PostgreSQL on 5432 (says its name). Arguments: name, address, folder with the certificates. Lines on standard input switch it:
 * `ready`, `unready`, `primary`, `standby`; `late`: its next answer about its health, of either kind, comes after a second. Prints `ready` when it listens. `nth` in an answer: the request of its connection. `/in-hand`: how
 * many `/slow` calls there were, and the most of them at once.
 */
const [name = '', address = '', folder = ''] = process.argv.slice(2);
const read = (file: string) => readFileSync(`${folder}/${file}`);
const tls: ServerOptions = {
  ca: read('ca.crt'),
  cert: read('node.crt'),
  key: read('node.key'),
  requestCert: true,
  rejectUnauthorized: true,
};
let state = { isReady: true, isPrimary: false };
let died = 0;
/** Kinds of questions about its health whose next answer is late. */
const late = new Set<string>();
const LATE_MS = 1000;
/** Requests of each connection. */
const counts = new WeakMap<object, number>();
/** How long `/slow` takes. */
const SLOW_MS = 1500;
const inHand = { slow: 0, now: 0, most: 0 };

const region = createServer(tls, (request, response) => {
  const path = request.url ?? '/';
  const nth = (counts.get(request.socket) ?? 0) + 1;
  counts.set(request.socket, nth);
  if (late.delete(path)) return setTimeout(() => response.writeHead(200).end(), LATE_MS);
  if (path.startsWith('/health/ready')) return response.writeHead(state.isReady ? 200 : 503).end();
  if (path === '/died') return response.end(String(died));
  if (path.startsWith('/die')) {
    died += 1;
    return request.socket.destroy();
  }
  if (path === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let count = 0;
    const timer = setInterval(() => response.write(`data: ${name} ${count++}\n\n`), 50);
    return request.on('close', () => clearInterval(timer));
  }
  if (path === '/in-hand') return response.end(JSON.stringify(inHand));
  if (path.startsWith('/slow')) {
    inHand.slow += 1;
    inHand.now += 1;
    inHand.most = Math.max(inHand.most, inHand.now);
    return setTimeout(() => {
      inHand.now -= 1;
      response.end(JSON.stringify({ name }));
    }, SLOW_MS);
  }
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
  });
  return request.on('end', () => response.end(JSON.stringify({ name, nth, size, headers: request.headers })));
});
const patroni = createServer(tls, (request, response) => {
  const isYes = request.method === 'OPTIONS' && request.url === '/primary' && state.isPrimary;
  response.writeHead(isYes ? 200 : 503).end();
});
const database = createTcpServer((socket) => {
  socket.on('error', () => {});
  socket.write(`${name}\n`);
});

createInterface(process.stdin).on('line', (line) => {
  if (line === 'ready' || line === 'unready') state = { ...state, isReady: line === 'ready' };
  if (line === 'late') for (const path of ['/health/ready?held', '/health/live']) late.add(path);
  if (line === 'primary' || line === 'standby') state = { ...state, isPrimary: line === 'primary' };
});
process.stdin.on('end', () => process.exit(0));
database.listen(5432, address, () =>
  patroni.listen(8008, address, () => region.listen(5251, address, () => process.stdout.write('ready\n'))),
);
