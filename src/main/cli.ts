import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeHostQuery } from '../cli/ask-host.ts';
import type { CliFile, CliIo, Output } from '../cli/io.ts';
import { runCli } from '../cli/run.ts';
import { lightFetch } from '../cli/light-fetch.ts';

declare const REGENT_VERSION: string | undefined;

/** Signals that ask the command to end, and their numbers (signal(7)); a shell knows 128 + number as "ended by it". SIGHUP ends Node itself. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;
const SIGNALLED = 128;
/** How long a command may take to end after a signal, ms. */
const GRACE_MS = 200;

/**
 * Bundle entry of `regent`: builds the real process around the CLI and ends with its exit code. What is imported here
 * is loaded at every start (numbers.md: at most 60 ms), so node:crypto, readline and the like wait until they are needed.
 */
async function main(): Promise<void> {
  // A reader that went away (`| head`) is no fault of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  // Nobody reads why it fails; the exit code still says that it did.
  process.stderr.on('error', () => undefined);
  const interrupt = new AbortController();
  let signalled: number | null = null;
  for (const [signal, number] of Object.entries(SIGNALS))
    process.on(signal, () => {
      if (signalled !== null) process.exit(SIGNALLED + number);
      signalled = SIGNALLED + number;
      interrupt.abort(new Error(`interrupted by ${signal}`));
      // What ignores the signal, such as standard input or a socket of this host, gets no more time.
      setTimeout(() => {
        process.stderr.write('regent: interrupted\n');
        process.exit(SIGNALLED + number);
      }, GRACE_MS);
    });
  const code = await runCli(makeIo(interrupt.signal));
  // Sockets, timers and a terminal that is still read would keep the process alive.
  if (signalled !== null) process.exit(signalled);
  process.exitCode = code;
}

function makeIo(interrupted: AbortSignal): CliIo {
  const root = dirname(import.meta.dirname);
  return {
    argv: process.argv.slice(2),
    env: process.env,
    version: typeof REGENT_VERSION === 'string' ? REGENT_VERSION : '0.0.0-source',
    home: process.env['HOME'] ?? null,
    checkout: existsSync(join(root, 'node_modules')) && existsSync(join(root, '.git')) ? root : null,
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    readFile: async (path) => readText(path),
    listFolder,
    openFile,
    createFile,
    replaceFile,
    readInput,
    askSecret,
    fetch: lightFetch,
    askHost: makeHostQuery(process.getuid?.() ?? -1),
    sleep,
    monotonic: () => performance.now(),
    now: () => Date.now(),
    fraction: () => Math.random(),
    uuid: () => globalThis.crypto.randomUUID(),
    interrupted,
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: stream.isTTY === true ? stream.columns : 80,
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

async function listFolder(path: string): Promise<string[] | null> {
  const { readdirSync, statSync } = process.getBuiltinModule('node:fs');
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(join(path, '/').length));
}

async function openFile(path: string): Promise<CliFile | null> {
  const { createReadStream, promises, statSync } = process.getBuiltinModule('node:fs');
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return null;
  let handle: ReturnType<typeof promises.open> | null = null;
  return {
    size: found.size,
    open: (start) => createReadStream(path, { start, highWaterMark: 256 * 1024 }),
    readAt: async (start, length) => {
      // It is read until the process ends.
      handle ??= promises.open(path);
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await (await handle).read(buffer, 0, length, start);
      return buffer.subarray(0, bytesRead);
    },
  };
}

async function createFile(path: string, content: Uint8Array | string): Promise<boolean> {
  const { promises } = process.getBuiltinModule('node:fs');
  await promises.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await promises.writeFile(path, content, { flag: 'wx', mode: 0o600, flush: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const { promises } = process.getBuiltinModule('node:fs');
  const fresh = `${path}.${process.pid}.new`;
  await promises.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await promises.writeFile(fresh, content, { mode: 0o600, flush: true });
    await promises.rename(fresh, path);
  } finally {
    await promises.rm(fresh, { force: true });
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) throw new Error('standard input is a terminal');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function askSecret(question: string): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  // What is typed is echoed to nowhere.
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  process.stderr.write(question);
  // A terminal that is read key by key sends no signal for Ctrl-C.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

await main();
