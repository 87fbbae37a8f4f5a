import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '../../../src/core/ports.ts';
import { ANSWER_LIMIT } from '../../../src/host/ask/result.ts';
import { openHelperClient } from '../../../src/host/helper-client.ts';
import { watchFolders } from '../../../src/host/observe/watched-folders.ts';
import { startHelperServer } from '../../../src/host/helper-server.ts';
import { type HelperPolicy, refuseCommand } from '../../../src/host/policy.ts';
import { realHost } from '../../../src/host/real.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => quiet };

/** A daemon of the test: what it does with a request that it has read. */
type Daemon = (request: string, socket: Socket) => void;

let folder = '';
let path = '';
let daemon: Daemon = (_request, socket) => socket.end();
let server: Server;
const peers = new Set<Socket>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-ask-'));
  path = join(folder, 'daemon.sock');
  server = createServer((socket) => {
    peers.add(socket);
    socket.on('error', () => {});
    socket.once('data', (chunk: Buffer) => daemon(chunk.toString(), socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
});
afterAll(async () => {
  for (const peer of peers) peer.destroy();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const host = realHost();
const ask = (changes: object = {}) =>
  host.exec({ socket: path, request: '{"command":"x"}', timeoutMs: 2_000, ...changes });

describe('a question to a socket', () => {
  it('gives the whole answer, also when it comes in pieces', async () => {
    daemon = (request, socket) => {
      socket.write('{"you said": ');
      setTimeout(() => socket.end(`"${request.length}"}`), 20);
    };
    const answer = { code: 0, signal: null, stdout: '{"you said": "15"}', stderr: '', timedOut: false, failure: null };
    expect(await ask()).toEqual(answer);
  });

  it('has code 1 when the answer is not the expected one', async () => {
    daemon = (_request, socket) => socket.end('{"result": 1, "text": "no"}');
    expect(await ask({ expects: '"result": 0' })).toMatchObject({ code: 1, stdout: '{"result": 1, "text": "no"}' });
    expect(await ask({ expects: '"result": 1' })).toMatchObject({ code: 0 });
  });

  it('ends at its time limit', async () => {
    daemon = () => {};
    expect(await ask({ timeoutMs: 50 })).toMatchObject({ code: null, timedOut: true, failure: null });
  });

  it('refuses an answer that is too large, or none', async () => {
    daemon = (_request, socket) => socket.end(Buffer.alloc(ANSWER_LIMIT + 1, 'x'));
    expect((await ask()).failure).toContain(`answered more than ${ANSWER_LIMIT} bytes`);
    daemon = (_request, socket) => socket.end();
    expect((await ask()).failure).toContain('closed the connection without an answer');
    expect(await ask()).toMatchObject({ code: null, timedOut: false });
  });

  it('says that there is no daemon, and follows no link', async () => {
    expect((await ask({ socket: join(folder, 'none') })).failure).toMatch(
      /none is not there: the daemon is not running$/,
    );
    expect((await ask({ socket: '/no/such/folder/s' })).failure).toMatch(/is not there/);
    const plain = join(folder, 'plain');
    await writeFile(plain, '');
    expect((await ask({ socket: plain })).failure).toMatch(/is not a socket/);
    await symlink(path, join(folder, 'link'));
    expect((await ask({ socket: join(folder, 'link') })).failure).toMatch(/is not a socket/);
    await symlink(folder, `${folder}-link`);
    expect((await ask({ socket: `${folder}-link/daemon.sock` })).failure).toMatch(/symbolic link/);
    await rm(`${folder}-link`);
  });
});

describe('the root helper and sockets', () => {
  const policyFor = (socket: string): HelperPolicy => ({
    caller: 'root',
    services: [
      {
        name: 'dhcp',
        folder: '/etc/x',
        unit: 'x.service',
        files: [],
        judge: () => null,
        commands: [{ socket, requests: '\\{"command":"(?:ask|page)"\\}' }, { argv: ['/bin/true'] }],
        users: [],
        version: { argv: ['/bin/true'], timeoutMs: 1_000 },
      },
    ],
  });

  it('asks what a service declares', async () => {
    daemon = (request, socket) => socket.end(`got ${request}`);
    const listen = { path: join(folder, 'helper.sock') };
    const watch = watchFolders([], quiet);
    const helper = await startHelperServer({ host, policy: policyFor(path), watch, log: quiet, listen });
    const client = openHelperClient({ ...listen, random: { fraction: () => 0.5, hex: () => '' }, connectMs: 300 });
    const question = { socket: path, request: '{"command":"ask"}', timeoutMs: 1_000 };
    expect(await client.exec(question)).toMatchObject({ code: 0, stdout: 'got {"command":"ask"}' });
    expect(await client.exec({ ...question, expects: 'nothing' })).toMatchObject({ code: 1 });
    daemon = (_request, socket) => socket.end(`${'\\"'.repeat(ANSWER_LIMIT / 2)}`);
    expect((await client.exec(question)).stdout).toHaveLength(ANSWER_LIMIT);
    await expect(client.exec({ ...question, request: '{"command":"shutdown"}' })).rejects.toThrow(
      /shutdown.* is refused\. Rule: a socket and a request that a service declares/,
    );
    client.close();
    await helper.close();
  });

  it.each([
    ['another socket', { socket: '/run/systemd/private' }],
    ['a request that only starts well', { request: '{"command":"ask"},{"command":"shutdown"}' }],
    ['two lines', { request: '{"command":"ask"}\n' }],
    ['no time limit', { timeoutMs: 1e9 }],
  ])('refuses %s', (_name, changes) => {
    const policy = policyFor('/run/x/s');
    const good = { socket: '/run/x/s', request: '{"command":"ask"}', timeoutMs: 1_000 };
    expect(refuseCommand(policy, good)).toBeNull();
    expect(refuseCommand(policy, { ...good, ...changes })).toMatch(/is refused\. Rule: /);
    expect(refuseCommand(policy, { argv: ['/run/x/s'], timeoutMs: 1_000 })).toMatch(/a command line/);
  });
});
