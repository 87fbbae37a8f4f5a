import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCli } from '../../../src/cli/run.ts';
import type { CliIo } from '../../../src/cli/io.ts';

/** A request as the fake region saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** An answer: status and JSON body, or a function that writes the response itself. */
export type Answer =
  | { readonly status?: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | ((response: ServerResponse) => void);

/** A region on loopback that answers what it was told to and remembers what it was asked. */
export class FakeRegion {
  readonly seen: SeenRequest[] = [];
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  readonly #answers = new Map<string, (request: SeenRequest) => Answer>();

  static async start(): Promise<FakeRegion> {
    const region = new FakeRegion();
    await new Promise<void>((resolve) => region.#server.listen(0, '127.0.0.1', resolve));
    return region;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers `GET /status` and the like, below /api/v1. */
  on(call: string, answer: Answer): void {
    this.#answers.set(call, () => answer);
  }

  /** As `on`, with the request at hand. */
  reply(call: string, answer: (request: SeenRequest) => Answer): void {
    this.#answers.set(call, answer);
  }

  clear(): void {
    this.seen.length = 0;
    this.#answers.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://region');
    const text = Buffer.concat(chunks).toString('utf8');
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname.replace('/api/v1', '')),
      query: url.searchParams,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.seen.push(seen);
    const answer =
      this.#answers.get(`${seen.method} ${seen.path}`)?.(seen) ?? problem(404, 'not_found', 'There is no such thing.');
    if (typeof answer === 'function') {
      answer(response);
      return;
    }
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  }
}

/** A problem document as an answer. */
export function problem(status: number, code: string, detail: string, fields?: readonly object[]): Answer {
  const body = {
    type: 'about:blank',
    title: code,
    status,
    code,
    detail,
    requestId: 'q1',
    ...(fields ? { fields } : {}),
  };
  return { status, body };
}

/** One page of a list. */
export function page(...items: readonly unknown[]): Answer {
  return { body: { items, next: null } };
}

/** What a run of the command line left behind. */
export interface RunResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const TEST_KEY = 'cons:tok:SECRETPART';

/** Runs one command line against a region (none when null); `changes`: other parts of its surroundings. */
export async function run(
  region: { url: string } | null,
  argv: readonly string[],
  changes: Partial<CliIo> = {},
): Promise<RunResult> {
  const texts = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => {
      texts[name] += text;
    },
    isTerminal: false,
    columns: 80,
  });
  const io: CliIo = {
    argv,
    env: region === null ? {} : { REGENT_URL: region.url, REGENT_API_KEY: TEST_KEY },
    version: '1.2.3',
    home: '/home/ada',
    checkout: null,
    out: stream('out'),
    err: stream('err'),
    readFile: async () => null,
    listFolder: async () => null,
    openFile: async () => null,
    createFile: async () => true,
    replaceFile: async () => {},
    readInput: async () => '',
    askSecret: async () => null,
    fetch: globalThis.fetch,
    askHost: null,
    sleep: () => Promise.resolve(),
    monotonic: () => performance.now(),
    now: () => Date.parse('2026-03-01T10:00:00Z'),
    fraction: () => 0.5,
    uuid: () => globalThis.crypto.randomUUID(),
    interrupted: new AbortController().signal,
    ...changes,
  };
  const code = await runCli(io);
  return { code, ...texts };
}
