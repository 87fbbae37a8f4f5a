import { createSocket, type Socket } from 'node:dgram';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, createServer as createPlain, type Server } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { askName, queryOf, textOf } from '../../../src/host/ask/name.ts';
import { type QuestionHost, openQuestions, withQuestions } from '../../../src/host/ask/open.ts';
import type { WebIdentity } from '../../../src/host/ask/web.ts';
import { testAuthority, testIdentity } from '../../kit/cluster/pki.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const item of open.splice(0)) item.close();
});

function asker(identity: WebIdentity | null = null): QuestionHost {
  const made = openQuestions(() => identity);
  open.push(made);
  return made;
}

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('a question over HTTP', () => {
  it('is answered with head and body, whatever the status, by a new connection each time', async () => {
    const seen: (string | undefined)[] = [];
    const port = await listen(
      createServer((request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers.connection}`);
        response.writeHead(503, 'Away', { 'X-Word': 'one' }).end('later');
      }),
    );
    const question = { url: `http://127.0.0.1:${port}/a?b=1`, timeoutMs: 2_000 };
    const answer = await asker().ask(question);
    expect(answer).toMatchObject({ code: 0, failure: null, timedOut: false });
    expect(answer.stdout).toMatch(/^HTTP\/1\.1 503 Away\r\nX-Word: one\r\n[\s\S]*\r\n\r\nlater$/);
    expect(seen).toEqual(['GET /a?b=1 close']);
  });

  it('goes through a proxy in its absolute form', async () => {
    const port = await listen(
      createServer((request, response) => response.end(`${request.url} ${request.headers.host}`)),
    );
    const question = { url: 'http://127.0.0.1:5240/health/live', proxy: `http://127.0.0.1:${port}`, timeoutMs: 2_000 };
    expect((await asker().ask(question)).stdout).toMatch(/http:\/\/127\.0\.0\.1:5240\/health\/live 127\.0\.0\.1:5240$/);
  });

  it('tells that nobody listens, that nothing came in time, and what is no HTTP', async () => {
    const mute = await listen(createPlain());
    const babble = await listen(createPlain((socket) => socket.end('220 ready\r\n')));
    const ask = (port: number) => asker().ask({ url: `http://127.0.0.1:${port}/`, timeoutMs: 300 });
    expect(await ask(1)).toMatchObject({ code: null, failure: expect.stringContaining('ECONNREFUSED') });
    expect(await ask(mute)).toMatchObject({ code: null, timedOut: true, failure: null });
    expect(await ask(babble)).toMatchObject({ code: null, failure: expect.stringContaining('Parse Error') });
  });

  it('never throws: not for what is no address, nor for a certificate that TLS does not take', async () => {
    const damaged = { id: '1', authority: 'x', certificate: 'x', key: 'secret' };
    for (const url of ['http://[', 'https://127.0.0.1:1/']) {
      const answer = await asker(damaged).ask({ url, timeoutMs: 300 });
      expect(answer).toMatchObject({ code: null, failure: expect.stringContaining(`${url} cannot be queried: `) });
      expect(answer.failure).not.toContain('secret');
    }
  });
});

describe('a question over HTTPS', () => {
  const start = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    const authority = await testAuthority('c1', Date.now() - 1_000);
    const theirs = await testIdentity(authority, { nodeId: 'r1' });
    const own = await testIdentity(authority, { nodeId: 'r2' });
    const server = createSecure(
      { cert: theirs.certificate, key: theirs.key, ca: theirs.authority, requestCert: true, rejectUnauthorized: true },
      answer,
    );
    let connections = 0;
    server.on('secureConnection', () => {
      connections += 1;
    });
    const port = await listen(server);
    return { url: `https://127.0.0.1:${port}/`, identity: { ...own, id: 'one' }, server, count: () => connections };
  };

  it('shows the certificate, keeps its connection, and opens a dead one anew', async () => {
    const { url, identity, server, count } = await start((request, response) => {
      request.resume().on('end', () => response.end(request.method));
    });
    const web = asker(identity);
    expect((await web.ask({ url, body: '{}', timeoutMs: 2_000 })).stdout).toMatch(/POST$/);
    expect((await web.ask({ url, timeoutMs: 2_000 })).stdout).toMatch(/GET$/);
    expect(count()).toBe(1);
    server.closeAllConnections();
    expect((await web.ask({ url, timeoutMs: 2_000 })).stdout).toMatch(/GET$/);
    expect(count()).toBe(2);
  });

  it('notices a daemon that has frozen on a kept connection', async () => {
    let isFrozen = false;
    const { url, identity } = await start((_request, response) => {
      if (!isFrozen) response.end('well');
    });
    const web = asker(identity);
    expect(await web.ask({ url, timeoutMs: 2_000 })).toMatchObject({ code: 0 });
    isFrozen = true;
    expect(await web.ask({ url, timeoutMs: 200 })).toMatchObject({ code: null, timedOut: true });
    isFrozen = false;
    expect(await web.ask({ url, timeoutMs: 2_000 })).toMatchObject({ code: 0 });
  });

  it('takes no answer of a stranger, and needs a certificate of its own', async () => {
    const { url, identity } = await start((_request, response) => response.end('well'));
    const other = await testIdentity(await testAuthority('c2', Date.now() - 1_000), { nodeId: 'r9' });
    const refused = await asker({ ...identity, authority: other.authority }).ask({ url, timeoutMs: 2_000 });
    expect(refused).toMatchObject({ code: null, failure: expect.stringMatching(/certificate|signature/) });
    expect(await asker().ask({ url, timeoutMs: 2_000 })).toMatchObject({
      code: null,
      failure: expect.stringMatching(/no certificate/),
    });
  });

  it('shows the new certificate when the old one was renewed', async () => {
    const { url, identity, count } = await start((_request, response) => response.end('well'));
    let current = identity;
    const renewing = openQuestions(() => current);
    open.push(renewing);
    await renewing.ask({ url, timeoutMs: 2_000 });
    current = { ...identity, id: 'two' };
    expect(await renewing.ask({ url, timeoutMs: 2_000 })).toMatchObject({ code: 0 });
    expect(count()).toBe(2);
  });
});

/** An answer to a query: its question, and records whose names point back. */
function answerTo(query: Buffer, code: number, serials: readonly number[]): Buffer {
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8400 | code, 2);
  head.writeUInt16BE(serials.length, 6);
  const records = serials.map((serial) => {
    const data = Buffer.alloc(4 + 20);
    data.writeUInt16BE(0xc00c, 0);
    data.writeUInt16BE(0xc00c, 2);
    data.writeUInt32BE(serial, 4);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(6, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(30, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, query.subarray(12), ...records]);
}

describe('a question for a name', () => {
  const serve = async (work: (query: Buffer, reply: (packet: Buffer) => void) => void): Promise<number> => {
    const socket: Socket = createSocket('udp4');
    socket.on('message', (query, from) => work(query, (packet) => socket.send(packet, from.port, from.address)));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    open.push(socket);
    return socket.address().port;
  };
  const question = { nameserver: '127.0.0.1', name: 'a.test', timeoutMs: 1_000 };

  it('is one packet, without recursion, answered with status and serial', async () => {
    const flags: number[] = [];
    const port = await serve((query, reply) => {
      flags.push(query.readUInt16BE(2));
      reply(answerTo(query, 0, [2_026_112_001]));
    });
    const before = Math.floor(Date.now() / 1000);
    const { stdout } = await askName(question, port);
    const [, text, seconds] = /^([^]*)when: (\d+)\n$/.exec(stdout) ?? [];
    expect(text).toBe('status: NOERROR\na.test.\t30\tIN\tSOA\ta.test. a.test. 2026112001 0 0 0 0\n');
    expect(Number(seconds)).toBeGreaterThanOrEqual(before);
    expect(Number(seconds)).toBeLessThanOrEqual(Date.now() / 1000);
    expect(flags).toEqual([0]);
  });

  it('tells a refusal, silence and a closed port; answers to others and torn ones are none', async () => {
    const refuses = await serve((query, reply) => reply(answerTo(query, 5, [])));
    expect((await askName(question, refuses)).stdout).toMatch(/^status: REFUSED\nwhen: \d+\n$/);
    const torn = await serve((query, reply) => {
      const whole = answerTo(query, 0, [1]);
      reply(Buffer.concat([Buffer.from([whole.readUInt8(0) ^ 1]), whole.subarray(1)]));
      reply(whole.subarray(0, whole.length - 3));
      reply(Buffer.from([1]));
    });
    expect(await askName({ ...question, timeoutMs: 200 }, torn)).toMatchObject({ code: null, timedOut: true });
    expect(await askName(question, 1)).toMatchObject({ code: null, failure: expect.stringContaining('not running') });
    expect(await askName({ ...question, name: 'a..test' }, refuses)).toMatchObject({ failure: expect.any(String) });
  });

  it('reads no packet for ever: a pointer that leads to itself is refused', () => {
    const query = queryOf(7, 'a.test') ?? Buffer.alloc(0);
    const packet = answerTo(query, 0, [1]);
    const at = query.length;
    packet.writeUInt16BE(0xc000 | at, at);
    expect(textOf(packet, 7)).toBeNull();
    expect(queryOf(7, 'x'.repeat(64))).toBeNull();
  });
});

describe('a look', () => {
  it('reads a file and the room of a file system, and says what it cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regent-look-'));
    const path = join(folder, 'status');
    await writeFile(path, 'well\n');
    const web = asker();
    expect(await web.ask({ read: 'text', path, timeoutMs: 100 })).toMatchObject({ code: 0, stdout: 'well\n' });
    expect(Number((await web.ask({ read: 'space', path: folder, timeoutMs: 100 })).stdout)).toBeGreaterThan(0);
    await rm(folder, { recursive: true });
    expect(await web.ask({ read: 'text', path, timeoutMs: 100 })).toMatchObject({
      code: null,
      failure: expect.stringContaining(path),
    });
  });

  it('is the asker’s, all else is the host’s', async () => {
    const asked: string[] = [];
    const plain = { exec: async (command: object) => Promise.reject(new Error(Object.keys(command).join())) };
    const open: QuestionHost = {
      ask: async (question) => Promise.reject(new Error(JSON.stringify(question))),
      close: () => {},
    };
    const host = withQuestions(plain, open);
    for (const command of [
      { read: 'text', path: '/a', timeoutMs: 1 },
      { argv: ['true'], timeoutMs: 1 },
      { socket: '/s', request: '', timeoutMs: 1 },
    ] as const) {
      asked.push(await host.exec(command).catch((error: Error) => error.message));
    }
    expect(asked).toEqual(['{"read":"text","path":"/a","timeoutMs":1}', 'argv,timeoutMs', 'socket,request,timeoutMs']);
  });
});
