import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';

/**
 * What a region node answers to racks' web servers, as a program to be run in a network namespace: port 5250 by mutual TLS. Arguments: name, address,
 * folder with the certificates. `/images/…/whole-N` and `/images/…/own-NAME-N` have N bytes, of all regions and of that one alone; `/images/…/cut-N` ends after
 * half of them unless the region is `whole`. Other paths say who was asked what; `/MAAS/metadata/` itself wants an Authorization header. Lines on standard input
 * switch it: `whole`, `cut`, `down`, `up`; `hang`: it takes a question and does not answer it; `status N`: it answers questions for metadata with that.
 */
const [name = '', address = '', folder = ''] = process.argv.slice(2);
const read = (file: string) => readFileSync(`${folder}/${file}`);
const tls = {
  ca: read('ca.crt'),
  cert: read('node.crt'),
  key: read('node.key'),
  requestCert: true,
  rejectUnauthorized: true,
};
let isWhole = false;
let isDown = false;
let isHung = false;
let status = 200;
let asked = 0;

createServer(tls, (request, response) => {
  const path = request.url ?? '/';
  if (path === '/asked') return response.end(String(asked));
  if (isDown) return request.socket.destroy();
  if (path === '/health/live') return response.end('{"state":"live"}');
  const image = /^\/images\/[0-9a-f]{64}\/(whole|cut|own-(?<owner>[a-z0-9]+))-(?<size>\d+)$/.exec(path);
  if (image) {
    asked += 1;
    const { owner, size } = image.groups ?? {};
    if (owner !== undefined && owner !== name) return response.writeHead(404).end('none');
    response.writeHead(200, { 'content-length': Number(size), 'set-cookie': 'a=b', 'cache-control': 'no-store' });
    const bytes = Buffer.alloc(Number(size), 'x');
    if (image[1] !== 'cut' || isWhole) return response.end(bytes);
    return response.write(bytes.subarray(0, bytes.length / 2), () => setTimeout(() => request.socket.destroy(), 50));
  }
  if (path === '/MAAS/metadata/' && request.headers.authorization === undefined) return response.writeHead(401).end();
  let text = '';
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return request.on('end', () => {
    if (isHung) return;
    const { method, headers } = request;
    response.writeHead(status).end(JSON.stringify({ name, method, path, size: text.length, headers }));
  });
}).listen(5250, address, () => process.stdout.write('ready\n'));

createInterface(process.stdin).on('line', (line) => {
  if (line === 'whole' || line === 'cut') isWhole = line === 'whole';
  if (line === 'down' || line === 'up') isDown = line === 'down';
  if (line === 'hang' || line === 'up') isHung = line === 'hang';
  if (line === 'up') status = 200;
  if (line.startsWith('status ')) status = Number(line.slice(7));
});
process.stdin.on('end', () => process.exit(0));
