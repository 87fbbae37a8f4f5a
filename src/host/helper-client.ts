import { connect, type Socket } from 'node:net';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { ExecResult, HostFacts, UnitMount, UnitState } from '../core/host-values.ts';
import type { Random } from '../core/ports.ts';
import { deadline } from './ask/deadline.ts';
import type { Host } from './interface.ts';
import type { FolderChanges } from './observe/watched-folders.ts';
import { type HelperOperation, LineReader, LINE_LIMIT, parseResponse } from './protocol.ts';

const FILE_DEADLINE_MS = 15_000;
const STATE_DEADLINE_MS = 8_000;
const FACTS_DEADLINE_MS = 20_000;
/** Extra time for the helper's answer beyond the deadline of the work itself. */
const SLACK_MS = 1_000;
/**
 * A helper that has answered nothing for so long may be frozen. Until then a late call is a single case: on a busy host other calls are still
 * running.
 */
const FROZEN_MS = 10_000;

/** Options of the client. `connectMs`: how long a call tries to reach the helper. */
export interface HelperClientOptions {
  readonly path: string;
  readonly random: Random;
  readonly connectMs?: number;
}

/** A Host that acts through the root helper. `close` ends the connection. */
export interface HelperClient extends Host {
  /** Answers as soon as somebody else has changed a service's folder since `seen` ('' at first), otherwise after `waitMs` (at most 8 s). */
  changes(seen: string, waitMs: number): Promise<FolderChanges>;
  close(): void;
}

/**
 * Opens a client of the root helper. It connects at the first call, and again whenever the connection is lost. A call whose connection breaks is not
 * sent twice: it fails with AppError `unreachable` and its caller decides. A late call fails with `timeout`.
 */
export function openHelperClient(options: HelperClientOptions): HelperClient {
  const line = new HelperLine(options);
  const call = <T>(op: HelperOperation, args: readonly unknown[], deadlineMs: number) =>
    line.call(op, args, deadlineMs) as Promise<T>;
  return {
    files: {
      read: (path) => call<string | null>('read', [path], FILE_DEADLINE_MS),
      list: (folder) => call<string[]>('list', [folder], FILE_DEADLINE_MS),
      install: (file) => call<void>('install', [file], FILE_DEADLINE_MS),
      move: (from, to) => call<void>('move', [from, to], FILE_DEADLINE_MS),
      remove: (path) => call<void>('remove', [path], FILE_DEADLINE_MS),
    },
    units: {
      state: (unit) => call<UnitState>('state', [unit], STATE_DEADLINE_MS),
      act: (unit, verb, timeoutMs) => call<void>('act', [unit, verb, timeoutMs], timeoutMs + SLACK_MS),
      mount: (unit, folder) => call<UnitMount | null>('mount', [unit, folder], STATE_DEADLINE_MS),
    },
    exec: (command) => call<ExecResult>('exec', [command], command.timeoutMs + SLACK_MS),
    facts: (versions) => call<HostFacts>('facts', [versions], FACTS_DEADLINE_MS),
    changes: (seen, waitMs) => call<FolderChanges>('changes', [seen, waitMs], waitMs + SLACK_MS),
    close: () => line.close(),
  };
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class HelperLine {
  readonly #options: HelperClientOptions;
  readonly #pending = new Map<number, Pending>();
  #socket: Promise<Socket> | null = null;
  #current: Socket | null = null;
  #nextId = 1;
  /** Since when (`performance.now()`) the helper owes an answer and gave none; null: it owes none. */
  #silentSince: number | null = null;

  constructor(options: HelperClientOptions) {
    this.#options = options;
  }

  async call(op: HelperOperation, args: readonly unknown[], deadlineMs: number): Promise<unknown> {
    const socket = await this.#connected();
    if (socket.destroyed) throw new AppError('unreachable', 'the connection to the root helper was lost');
    const id = this.#nextId;
    this.#nextId += 1;
    const text = JSON.stringify({ id, op, args, deadlineMs });
    if (text.length * 3 > LINE_LIMIT && Buffer.byteLength(text) >= LINE_LIMIT) {
      throw new AppError('io', `a request to the root helper is larger than ${LINE_LIMIT} bytes`);
    }
    return await new Promise((resolve, reject) => {
      const late = () => {
        const message = `the root helper did not answer "${op}" within ${deadlineMs + SLACK_MS} ms`;
        this.#pending.get(id)?.reject(new AppError('timeout', message));
        // The next call takes a new connection.
        if (this.#silentMs() >= FROZEN_MS)
          this.#drop(socket, new AppError('unreachable', 'the root helper does not answer'));
      };
      const cancel = deadline(deadlineMs + SLACK_MS, late);
      const settled =
        <T>(act: (value: T) => void) =>
        (value: T) => {
          cancel();
          this.#pending.delete(id);
          act(value);
        };
      this.#pending.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.#silentSince ??= performance.now();
      socket.write(`${text}\n`);
    });
  }

  close(): void {
    if (this.#current) this.#drop(this.#current, new AppError('unreachable', 'the client was closed'));
  }

  #connected(): Promise<Socket> {
    if (this.#socket === null) {
      const opening = this.#open();
      opening.catch(() => {
        if (this.#socket === opening) this.#socket = null;
      });
      this.#socket = opening;
    }
    return this.#socket;
  }

  async #open(): Promise<Socket> {
    const until = performance.now() + (this.#options.connectMs ?? 3_000);
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 400)) {
      try {
        return this.#listenTo(await connectOnce(this.#options.path));
      } catch (error) {
        if (performance.now() + pauseMs > until) {
          const message = `the root helper cannot be reached at ${this.#options.path}`;
          throw new AppError('unreachable', `${message}: ${sentenceOf(error)}`);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + this.#options.random.fraction())));
    }
  }

  #listenTo(socket: Socket): Socket {
    const lines = new LineReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) this.#settle(line);
      } catch (error) {
        this.#drop(
          socket,
          new AppError('unreachable', `the root helper's answer cannot be read: ${sentenceOf(error)}`),
        );
      }
    });
    const lost = () => this.#drop(socket, new AppError('unreachable', 'the connection to the root helper was lost'));
    socket.on('error', lost);
    socket.on('close', lost);
    this.#current = socket;
    this.#silentSince = null;
    return socket;
  }

  #silentMs(): number {
    return this.#silentSince === null ? 0 : performance.now() - this.#silentSince;
  }

  #settle(line: string): void {
    const response = parseResponse(line);
    const pending = this.#pending.get(response.id);
    if ('fault' in response) pending?.reject(new AppError(response.fault.code, response.fault.message));
    else pending?.resolve(response.value);
    // A late answer to an abandoned call is also a sign of life.
    this.#silentSince = this.#pending.size > 0 ? performance.now() : null;
  }

  /** Every call that waits was sent on this connection: there is only ever one. */
  #drop(socket: Socket, error: AppError): void {
    if (this.#current !== socket) return;
    this.#current = null;
    this.#socket = null;
    socket.destroy();
    const pendings = Array.from(this.#pending.values());
    for (const pending of pendings) pending.reject(error);
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(1_000, () => socket.destroy(new Error('no answer to the connection')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
