import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamBreaks } from './stream-breaks.ts';
import { API_PREFIX, type RouteId, ROUTES, type RouteSpec } from '../../../../src/contract/routes.ts';

/** How the way to the site does. `silent`: calls are taken, nothing comes back; `gone`: every connection is cut; `held`: the region has no database. */
type Mode = 'well' | 'silent' | 'gone' | 'held';

/** A call as it came. `id` null: none of the API. */
interface Call {
  readonly id: RouteId | null;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly isDry: boolean;
  /** Which piece of an upload. */
  readonly range: string | null;
  readonly body: unknown;
}

/** A call that goes through, with its bytes. */
interface Passed {
  readonly call: Call;
  readonly body: Buffer;
}

/** A change that the region made: once for each key. */
interface Made {
  readonly id: RouteId;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An answer that is given in the region's place. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly fields?: readonly object[];
}

const NO_FILE: Problem = { status: 404, code: 'not_found', detail: 'No such file.' };
const HELD: Problem = { status: 503, code: 'unavailable', detail: 'The database has no primary.' };
/** Of a region without a database: it knows its sessions, and says that it lives. */
const HELD_PATHS = ['/session', '/authority'].map((path) => API_PREFIX + path);

/** The way from browsers to a region: all goes through as it is, until a test breaks it. Answers are the region's own, but for refusals that a test wants. */
export class Way implements AsyncDisposable {
  mode: Mode = 'well';
  /** So long each answer takes. */
  delayMs = 0;
  /** Added to the time of every answer, ms. */
  clockMs = 0;
  /** The clock of browsers is so many ms ahead. */
  browserAheadMs = 0;
  /** How streams break. */
  readonly breaks = new StreamBreaks();
  /** Another release answers for whether the site lives. */
  release: string | null = null;
  /** So often another release answers first for each file that is named by its content: it has not got it. */
  otherReleaseAnswers = 0;
  otherReleaseAnswered = 0;
  readonly #requested = new Map<string, number>();
  /** Refusals by call. */
  readonly refusals = new Map<RouteId, Problem>();
  /** Calls that are taken and never answered. */
  hangs: (id: RouteId | null) => boolean = () => false;
  /** Changes what the region answers, a member of an object at a time; null: nothing is changed. */
  rewrite: ((name: string, value: string) => string) | null = null;
  /** Calls that were answered that the database has no primary. */
  refused = 0;
  readonly calls: Call[] = [];
  readonly made: Made[] = [];
  readonly #keys = new Set<string>();
  readonly #unanswered = new Set<ServerResponse>();
  readonly #streams = new Set<ServerResponse>();
  readonly #pending = new Set<ServerResponse>();
  #endedAt = 0;
  readonly #server: Server;
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  /** Opens one to a region that listens at this port of 127.0.0.1. */
  static async open(port: number): Promise<Way> {
    const way = new Way(port);
    await new Promise<void>((done) => way.#server.listen(0, '127.0.0.1', done));
    return way;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** So long no call has been under way, ms; streams are none. */
  get quietMs(): number {
    return this.#pending.size > 0 ? 0 : performance.now() - this.#endedAt;
  }

  /** Calls that hang now. */
  get hanging(): number {
    return this.#unanswered.size;
  }

  /** Names of the calls so far; of a preview with `dry` behind it. */
  get seen(): string[] {
    return this.calls.flatMap(({ id, isDry }) => (id === null ? [] : [isDry ? `${id} dry` : id]));
  }

  /** Changes how it does; connections that are open are cut, as a dying host's are. */
  turn(mode: Mode): void {
    this.mode = mode;
    if (mode === 'gone') this.#server.closeAllConnections();
  }

  /** Ends every stream. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Nothing is broken, and nothing was called yet. */
  reset(): void {
    this.turn('well');
    [this.delayMs, this.clockMs, this.browserAheadMs, this.release] = [0, 0, 0, null];
    this.breaks.reset();
    this.refusals.clear();
    this.hangs = () => false;
    this.rewrite = null;
    for (const response of this.#unanswered) response.destroy();
    for (const list of [this.calls, this.made]) list.length = 0;
    this.#keys.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    if (this.mode === 'gone') return void request.socket.destroy();
    if (this.mode === 'silent') return this.#leave(response);
    if (this.delayMs > 0) await sleep(this.delayMs);
    const call = callOf(request, body);
    if (call.id !== null) this.calls.push(call);
    if (this.hangs(call.id)) return this.#leave(response);
    const isApi = request.url?.startsWith(API_PREFIX) === true;
    if (this.mode === 'held' && isApi && !HELD_PATHS.includes(request.url ?? '')) {
      this.refused += 1;
      return refuse(response, HELD);
    }
    if (this.#isOtherRelease(request.url ?? '')) return refuse(response, NO_FILE);
    if (this.release !== null && request.url === '/health/live') return live(response, this.release);
    const refusal = call.id === null ? undefined : this.refusals.get(call.id);
    if (refusal) return refuse(response, refusal);
    await this.#pass(request, response, { call, body });
  }

  #isOtherRelease(path: string): boolean {
    if (this.otherReleaseAnswers === 0 || !path.startsWith('/ui/assets/')) return false;
    const [file = ''] = path.split('?');
    const requested = (this.#requested.get(file) ?? 0) + 1;
    this.#requested.set(file, requested);
    const isOther = requested <= this.otherReleaseAnswers;
    if (isOther) this.otherReleaseAnswered += 1;
    return isOther;
  }

  /** Says nothing to a call, ever. */
  #leave(response: ServerResponse): void {
    this.#unanswered.add(response);
    response.on('close', () => this.#unanswered.delete(response));
  }

  async #pass(request: IncomingMessage, response: ServerResponse, { call, body }: Passed): Promise<void> {
    const { method, url } = request;
    const { rewrite, browserAheadMs } = this;
    const isScript = browserAheadMs !== 0 && url?.split('?')[0]?.endsWith('.js') === true;
    const isPlain = rewrite !== null || isScript;
    const headers = isPlain ? { ...request.headers, 'accept-encoding': 'identity' } : request.headers;
    const opening = headers.accept?.includes('event-stream') === true ? await this.breaks.open() : null;
    if (opening?.isCut === true) return void response.destroy();
    if (opening === null) this.#watch(response);
    const passed = ask({ host: '127.0.0.1', port: this.#port, method, path: url, headers }, (answer) => {
      const { statusCode = 502 } = answer;
      const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
      if (isStream) this.#streams.add(response);
      response.on('close', () => {
        this.#streams.delete(response);
        answer.destroy();
      });
      if (statusCode < 300) this.#note(call, request);
      const date = new Date(Date.now() + this.clockMs).toUTCString();
      const isChanged = rewrite !== null && call.id !== null && !isStream;
      const { 'content-length': length, ...others } = answer.headers;
      const sent = isChanged || isScript || length === undefined ? others : answer.headers;
      response.writeHead(statusCode, this.clockMs === 0 ? sent : { ...sent, date });
      if (isScript) response.write(wrongClock(browserAheadMs));
      if (isChanged) void sendChanged(answer, response, rewrite);
      else if (isStream && opening !== null) opening.pipe(answer, response);
      else answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    passed.end(body);
  }

  #watch(response: ServerResponse): void {
    this.#pending.add(response);
    response.on('close', () => {
      this.#pending.delete(response);
      this.#endedAt = performance.now();
    });
  }

  #note({ id, params, body, isDry }: Call, { headers, method }: IncomingMessage): void {
    const key = String(headers['idempotency-key'] ?? '');
    if (id === null || method === 'GET' || isDry || this.#keys.has(key)) return;
    this.#keys.add(key);
    this.made.push({ id, params, body });
  }
}

/** What gives a page and its worker a clock that is wrong; it stands before each script, whichever comes first. */
function wrongClock(aheadMs: number): string {
  return `globalThis.rightClock ??= (() => {
  const Right = Date;
  globalThis.Date = class extends Right {
    constructor(...given) { super(...(given.length === 0 ? [Right.now() + ${aheadMs}] : given)); }
    static now() { return Right.now() + ${aheadMs}; }
  };
  return Right;
})();
`;
}

/** Sends an answer whose texts are other ones. */
async function sendChanged(
  answer: IncomingMessage,
  response: ServerResponse,
  rewrite: (name: string, value: string) => string,
): Promise<void> {
  const changed = (name: string, value: unknown): unknown => {
    if (typeof value === 'string') return rewrite(name, value);
    if (Array.isArray(value)) return value.map((item) => changed(name, item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(key, item)]));
  };
  const text = await bytesOf(answer).then(String, () => null);
  if (text === null) return void response.destroy();
  response.end(text === '' ? '' : JSON.stringify(changed('', JSON.parse(text))));
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The calls, made ready once. */
const PATTERNS = (Object.entries(ROUTES) as [RouteId, RouteSpec][]).map(([id, route]) => ({
  id,
  route,
  pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

function callOf({ method, url = '/', headers }: IncomingMessage, bytes: Buffer): Call {
  const { pathname, searchParams: query } = new URL(url, 'http://way');
  const path = pathname.startsWith(API_PREFIX) ? pathname.slice(API_PREFIX.length) : null;
  const isJson = bytes.length > 0 && String(headers['content-type']).startsWith('application/json');
  const rest = {
    query,
    isDry: query.get('dry_run') === 'true',
    range: headers['content-range'] ?? null,
    body: isJson ? JSON.parse(bytes.toString()) : undefined,
  };
  for (const { id, route, pattern } of path === null ? [] : PATTERNS) {
    const match = route.method === method ? pattern.exec(path ?? '') : null;
    if (!match) continue;
    const params = Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]);
    return { id, params: Object.fromEntries(params) as Call['params'], ...rest };
  }
  return { id: null, params: {}, ...rest };
}

function refuse(response: ServerResponse, problem: Problem): void {
  const body = { type: 'about:blank', title: problem.code, requestId: 'test-1', ...problem };
  const again = problem.status === 503 ? { 'retry-after': '1' } : {};
  response
    .writeHead(problem.status, { 'content-type': 'application/problem+json', 'x-regent-node': 'r1', ...again })
    .end(JSON.stringify(body));
}

function live(response: ServerResponse, version: string): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'x-regent-node': 'r1' })
    .end(JSON.stringify({ state: 'live', version }));
}
