import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRegion } from '../../../src/main/calls/host-calls.ts';
import type { TlsFiles } from '../../../src/main/region/tls.ts';
import { askTls } from '../../../src/main/region/tls-ask.ts';
import { REGION_SERVER_NAME } from '../../../src/model/cluster/cluster.ts';
import { testAuthority, type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';

/** What the other side does, by path. */
const DOES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/says': (response) => response.writeHead(418).end('ä word'),
  '/silent': () => {},
  '/stalls': (response) => response.write('{'),
  '/cut': (response) => response.write('{', () => response.destroy()),
  '/endless': (response) => {
    const more = () => void (response.destroyed || response.write('x'.repeat(65_536), more));
    more();
  },
};

let folder: string;
let files: TlsFiles;
let own: TestIdentity;
let server: Server;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-calls-'));
  const authority = await testAuthority();
  own = await testIdentity(authority, { nodeId: 'r1', isRegion: true });
  files = { authority: join(folder, 'ca.crt'), certificate: join(folder, 'node.crt'), key: join(folder, 'node.key') };
  await writeFile(files.authority, own.authority);
  await writeFile(files.certificate, own.certificate);
  await writeFile(files.key, own.key);
  const options = { ca: own.authority, cert: own.certificate, key: own.key, requestCert: true };
  server = createServer(options, (request, response) => DOES[request.url ?? '']?.(response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('a question over mutual TLS', () => {
  const ask = (path: string, timeoutMs = 5000) =>
    askTls({ files, host: '127.0.0.1', port, path, timeoutMs, answerMax: 100_000 });

  it('gets the status and the whole text', async () => {
    expect(await ask('/says')).toEqual({ status: 418, text: 'ä word' });
  });

  it('ends when its time is over, also in the middle of an answer', async () => {
    await expect(ask('/silent', 100)).rejects.toThrow('no answer within 100 ms');
    await expect(ask('/stalls', 100)).rejects.toThrow('no answer within 100 ms');
  });

  it('takes no answer that is cut off or too long', async () => {
    await expect(ask('/cut')).rejects.toThrow('aborted');
    await expect(ask('/endless')).rejects.toThrow('the answer is too long');
  });
});

describe('a call to a region', () => {
  const call = (path: string, timeoutMs = 5000) => {
    const trust = { authority: own.authority, certificate: own.certificate, key: own.key };
    return callRegion({ method: 'GET', url: `https://127.0.0.1:${port}${path}`, trust, timeoutMs });
  };

  it(`by the name ${REGION_SERVER_NAME} gets the text and the time of the other side`, async () => {
    const answer = await call('/says');
    expect(answer).toMatchObject({ status: 418, text: 'ä word' });
    expect(Math.abs((answer.date ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it('is unreachable when the answer does not come, stalls, is cut off or too long', async () => {
    for (const [path, words] of [
      ['/silent', /aborted/],
      ['/stalls', /aborted/],
      ['/cut', /aborted/],
      ['/endless', /^the answer is too long$/],
    ] as const) {
      const failed = call(path, path === '/endless' ? 5000 : 200);
      await expect(failed, path).rejects.toMatchObject({ code: 'region_unreachable' });
      await expect(failed, path).rejects.toThrow(words);
    }
  });
});
