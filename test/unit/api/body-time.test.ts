import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundBodies } from '../../../src/api/v1/base/body-time.ts';

const OTHERS_MS = 200;
const LONG_MS = 600;
let app: FastifyInstance;
beforeEach(async () => {
  app = fastify({ forceCloseConnections: true });
  boundBodies(app, { othersMs: OTHERS_MS, uploadMs: 60_000 });
  app.addContentTypeParser('*', (_request: unknown, payload: Readable) => text(payload));
  app.post('/other', (call) => `got ${String(call.body)}`);
  app.post('/upload', { config: { isUpload: true } }, (call) => `got ${String(call.body)}`);
  app.get('/stream', (_call, reply) => reply.send(Readable.from(slowly(['a', 'b']))));
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

async function* slowly(pieces: readonly string[]) {
  for (const piece of pieces) {
    yield piece;
    await sleep(LONG_MS);
  }
}

/** Sends the pieces slowly; gives the answer, or what went wrong. */
function send(method: string, path: string, pieces: readonly string[]): Promise<string> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve) => {
    const length = pieces.join('').length;
    const headers = pieces.length === 0 ? {} : { 'content-type': 'x/y', 'content-length': length };
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      text(response).then(
        (body) => resolve(`${response.statusCode} ${body}`),
        () => resolve('broken'),
      );
    });
    outgoing.on('error', () => resolve('broken'));
    if (pieces.length === 0) outgoing.end();
    else Readable.from(slowly(pieces)).pipe(outgoing);
  });
}

it('an upload may take its time, another request may not', async () => {
  const [upload, other] = await Promise.all([send('POST', '/upload', ['a', 'b']), send('POST', '/other', ['a', 'b'])]);
  expect(upload).toBe('200 got ab');
  expect(other).toMatch(/^(?:408|400|broken)/);
});

it('an answer that takes long is none of its business', async () => {
  expect(await send('GET', '/stream', [])).toBe('200 ab');
});
