import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';

/** Real processes of the command line against a server that never ends an answer; the file prints what each signal comes to. */

const CLI = fileURLToPath(new URL('../../../../src/main/cli.ts', import.meta.url));
const table: string[] = [];
/** Longest that a process may live after its signal: what it says last, on a machine that is busy. */
const ENDS_MS = 4000;

type Kind = 'silent' | 'drips';
const servers = new Map<Kind, { readonly server: Server; readonly url: string }>();
const sockets = new Set<Socket>();
const asked: (() => void)[] = [];

beforeAll(async () => {
  for (const kind of ['silent', 'drips'] as const) {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (kind === 'drips') drip(socket);
        for (const tell of asked.splice(0)) tell();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    servers.set(kind, { server, url: `http://127.0.0.1:${address.port}` });
  }
});

afterAll(async () => {
  process.stdout.write(`\na signal while the region hangs, and how the command ends\n${table.join('\n')}\n`);
  for (const socket of sockets) socket.destroy();
  for (const { server } of servers.values()) server.close();
});

function drip(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{');
  const timer = setInterval(() => socket.write(' '), 50);
  socket.once('close', () => clearInterval(timer));
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly ms: number;
}

async function start(kind: Kind, argv: readonly string[]): Promise<ChildProcess> {
  const url = servers.get(kind)?.url ?? '';
  const heard = new Promise<void>((done) => asked.push(done));
  const child = spawn(process.execPath, [CLI, ...argv], {
    env: { PATH: process.env['PATH'], REGENT_URL: url, REGENT_API_KEY: 'a:b:c' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await heard;
  return child;
}

function ending(child: ChildProcess, signals: readonly NodeJS.Signals[]): Promise<Ending> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += String(chunk);
  });
  child.stdout?.resume();
  const began = performance.now();
  for (const signal of signals) child.kill(signal);
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stderr, ms: performance.now() - began }));
  });
}

describe('a signal while the region hangs', () => {
  const commands: readonly (readonly string[])[] = [
    ['vlan', 'list'],
    ['status', '--watch'],
    ['events', '--follow'],
    ['vlan', 'set', 'vlan10', '--name', 'x', '--wait'],
    ['vlan', 'delete', 'vlan10', '--dry-run'],
    ['job', 'show', '1', '--watch'],
    ['doctor'],
  ];
  const cases = commands.flatMap((argv) => [
    ['silent', argv, 'SIGINT', 130] as const,
    ['drips', argv, 'SIGTERM', 143] as const,
  ]);
  it.each(cases)('%s server, %j: %s ends it with %i', { timeout: 30_000 }, async (kind, argv, signal, code) => {
    const child = await start(kind, argv);
    const end = await ending(child, [signal]);
    table.push(`${`regent ${argv.join(' ')}`.padEnd(46)} ${kind.padEnd(7)} ${signal.padEnd(8)} → exit ${end.code}`);
    expect(end).toMatchObject({ code, signal: null });
    expect(end.stderr).not.toMatch(/trying again|at .*\.ts/);
    expect(end.ms).toBeLessThan(ENDS_MS);
  });

  it('ends at a second signal, with the number of one of them', { timeout: 30_000 }, async () => {
    const end = await ending(await start('silent', ['vlan', 'list']), ['SIGINT', 'SIGTERM']);
    table.push(`${'regent vlan list'.padEnd(46)} silent  both     → exit ${end.code}`);
    expect([130, 143]).toContain(end.code);
    expect(end.ms).toBeLessThan(ENDS_MS);
  });

  it('is ended by SIGHUP as every process is', { timeout: 30_000 }, async () => {
    const end = await ending(await start('silent', ['vlan', 'list']), ['SIGHUP']);
    table.push(`${'regent vlan list'.padEnd(46)} silent  SIGHUP   → ended by ${end.signal}`);
    expect(end.signal).toBe('SIGHUP');
  });

  it('ends when its reader has gone', { timeout: 30_000 }, async () => {
    const child = await start('silent', ['vlan', 'list']);
    child.stdout?.destroy();
    child.stderr?.destroy();
    const end = await ending(child, ['SIGINT']);
    expect(end.code).toBe(130);
  });
});
