import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPatroni, readAnswer, readCluster } from '../../../src/main/region/patroni.ts';
import type { PatroniPort } from '../../../src/region/cluster/moves/patroni.ts';
import { testAuthority, testIdentity } from '../../kit/cluster/pki.ts';

const CLUSTER = {
  members: [
    { name: 'r1', role: 'leader', state: 'running', timeline: 3, host: '10.77.0.11' },
    { name: 'r2', role: 'sync_standby', state: 'streaming', timeline: 3, lag: 12 },
    { name: 'r3', role: 'replica', state: 'starting', lag: 'unknown' },
  ],
  scope: 'regent',
};
const CHANGE = { leader: 'r1', candidate: 'r2' };
const FOREVER = new AbortController().signal;

let folder: string;
let server: Server;
let patroni: PatroniPort;
let asked: { method: string; path: string; authorization: string; body: string; hasCertificate: boolean }[] = [];
let answer: { status: number; text: string } | 'cut' = { status: 200, text: '' };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-patroni-'));
  const own = await testIdentity(await testAuthority(), { nodeId: 'r1', isRegion: true });
  const files = { authority: join(folder, 'ca'), certificate: join(folder, 'crt'), key: join(folder, 'key') };
  await writeFile(files.authority, own.authority);
  await writeFile(files.certificate, own.certificate);
  await writeFile(files.key, own.key);
  await writeFile(join(folder, 'secrets.json'), JSON.stringify({ restapi: 'pässword' }));
  const options = { ca: own.authority, cert: own.certificate, key: own.key, requestCert: true };
  server = createServer(options, (request, response) => {
    void textOf(request).then((body) => {
      const { method = '', url: path = '', headers } = request;
      const hasCertificate = 'authorized' in request.socket && request.socket.authorized === true;
      asked.push({ method, path, authorization: headers.authorization ?? '', body, hasCertificate });
      if (answer === 'cut') response.destroy();
      else response.writeHead(answer.status).end(answer.text);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  patroni = openPatroni(files, join(folder, 'secrets.json'), (server.address() as AddressInfo).port);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

describe('Patroni of the region nodes', () => {
  it('is asked with the certificate of the node alone, the next node when one does not answer', async () => {
    answer = { status: 200, text: JSON.stringify(CLUSTER) };
    // Nobody listens at 127.0.0.2: the server is bound to one address.
    const state = await patroni.cluster(['127.0.0.2', '127.0.0.1']);
    expect(state).toEqual({
      leader: 'r1',
      isPaused: false,
      members: [
        { name: 'r1', role: 'leader', state: 'running', lagBytes: null },
        { name: 'r2', role: 'sync_standby', state: 'streaming', lagBytes: 12 },
        { name: 'r3', role: 'replica', state: 'starting', lagBytes: null },
      ],
    });
    expect(asked).toEqual([{ method: 'GET', path: '/cluster', authorization: '', body: '', hasCertificate: true }]);
    answer = { status: 502, text: '' };
    expect(await patroni.cluster(['127.0.0.1'])).toBeNull();
  });

  it('is told to move with certificate and password', async () => {
    answer = { status: 200, text: 'Successfully switched over to "r2"\n' };
    expect(await patroni.switchover('127.0.0.1', CHANGE, FOREVER)).toEqual({
      kind: 'done',
      why: 'Successfully switched over to "r2" (200)',
    });
    const authorization = `Basic ${Buffer.from('regent:pässword').toString('base64')}`;
    expect(asked).toEqual([
      { method: 'POST', path: '/switchover', authorization, body: JSON.stringify(CHANGE), hasCertificate: true },
    ]);
    await patroni.switchover('127.0.0.1', { leader: 'r1', candidate: null }, FOREVER);
    expect(asked.at(-1)?.body).toBe('{"leader":"r1"}');
  });

  it('is not known to have refused when its answer was lost, or was broken off here', async () => {
    answer = 'cut';
    expect(await patroni.switchover('127.0.0.1', CHANGE, FOREVER)).toMatchObject({ kind: 'doubtful' });
    const over = AbortSignal.abort(new Error('given up'));
    expect(await patroni.switchover('127.0.0.1', CHANGE, over)).toMatchObject({ kind: 'doubtful' });
  });
});

it.each([
  [200, 'done'],
  [202, 'done'],
  [400, 'refused'],
  [401, 'refused'],
  [412, 'refused'],
  [503, 'doubtful'],
] as const)('takes %d for %s', (status, kind) => {
  expect(readAnswer(status, 'word')).toEqual({ kind, why: `word (${status})` });
});

it('reads a pause and a time without a leader, and nothing else than what Patroni says', () => {
  expect(readCluster(JSON.stringify({ members: [], pause: true }))).toEqual({
    leader: null,
    isPaused: true,
    members: [],
  });
  for (const text of ['', '[]', '{"members":{}}', '{"members":[{"name":1}]}']) expect(readCluster(text)).toBeNull();
});
