import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { Compile } from 'typebox/compile';
import type { Event } from '../../../src/contract/site/event.ts';
import { API_PREFIX, type RouteId, ROUTES, type RouteSpec } from '../../../src/contract/routes.ts';
import { answerOf, type Read } from './answers.ts';
import { job } from './jobs.ts';
import type { SiteData } from './site.ts';
import { Streams } from './streams.ts';
import { before } from './when.ts';

/** How the site does. `silent`: it takes calls and says nothing; `gone`: it cuts every connection; `held`: it answers, and has no database. */
export type Mode = 'well' | 'silent' | 'gone' | 'held';

/** A change that was made, once for each key. */
interface Made {
  readonly id: RouteId;
  readonly key: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** The header of src/api/ui. */
const CSP = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'connect', 'worker', 'font', 'manifest'].map((kind) => `${kind}-src 'self'`),
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
].join('; ');
const CSRF = 'csrf-of-the-test';
const AUTHORITY = { certificate: '-----BEGIN CERTIFICATE-----\n', fingerprint: '0a1b'.repeat(16) };

/**
 * A site that a test plays: the files of the user interface, sessions, the calls that pages make, and the stream. What it answers is checked
 * against the contract. Real regions are tested in `api`; here each state of a page is one line.
 */
export class StandIn implements AsyncDisposable {
  site: SiteData;
  mode: Mode = 'well';
  role = 'admin';
  isLoggedIn = true;
  /** Of every object. */
  version = 1;
  readonly #unanswered = new Set<ServerResponse>();
  #lastId = 0;
  /** Refusals by call. */
  readonly refusals = new Map<RouteId, { status: number; code: string; detail: string; fields?: unknown[] }>();
  /** Answers of changes that were made, by call. */
  readonly results = new Map<RouteId, unknown>();
  /** Why a change of something is refused; null: it is not. */
  refuse: (id: RouteId, params: Readonly<Record<string, string>>) => string | null = () => null;
  readonly made: Made[] = [];
  /** Bytes of an upload that are there, and the pieces that came. */
  received = 0;
  readonly pieces: string[] = [];
  /** Calls that were told that the database has no primary. */
  refused = 0;
  /** Every call, dry runs too. */
  readonly seen: string[] = [];
  /** What was asked for, since somebody looked last. */
  readonly reads: Read[] = [];
  readonly feed = new Streams();
  /** The clock of the browser is so many ms ahead of that of the site. */
  browserAheadMs = 0;
  readonly #server: Server;
  readonly #files: ReadonlyMap<string, Buffer>;

  private constructor(site: SiteData, folder: string) {
    this.site = site;
    this.#files = readFolder(folder);
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Starts it over the built files in a folder. */
  static async start(site: SiteData, folder: string): Promise<StandIn> {
    const standIn = new StandIn(site, folder);
    await new Promise<void>((done) => standIn.#server.listen(0, '127.0.0.1', done));
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Streams that are open. */
  get streams(): number {
    return this.feed.size;
  }

  /** Changes how the site does; connections that are open are cut, as a dying host's are. */
  turn(mode: Mode): void {
    this.mode = mode;
    if (mode === 'gone') this.#server.closeAllConnections();
  }

  /** An event that everybody is told of. */
  emit(event: Event): void {
    const told = { ...event, id: this.#nextId(event.id) };
    this.site.events.push(told);
    this.feed.emit(told);
  }

  /** Ids of events grow, whatever site it plays: a page goes on from the last one that it was told. */
  #nextId(least: number): number {
    this.#lastId = Math.max(least, this.#lastId + 1, (this.site.events.at(-1)?.id ?? 0) + 1);
    return this.#lastId;
  }

  /** Is it as a page that is open knows it? */
  get isUsual(): boolean {
    return this.role === 'admin' && this.isLoggedIn && this.browserAheadMs === 0;
  }

  /** Plays another site, of which nothing was asked yet. */
  reset(site: SiteData): void {
    this.site = site;
    this.turn('well');
    [this.version, this.received, this.refused] = [1, 0, 0];
    this.refusals.clear();
    this.results.clear();
    this.refuse = () => null;
    this.feed.hold();
    // Nobody answers them any more, and a browser has few connections to a site.
    for (const response of this.#unanswered) response.destroy();
    this.#unanswered.clear();
    for (const list of [this.made, this.pieces, this.seen, this.reads]) list.length = 0;
    // The frame of a page that is open shows jobs of the site before.
    this.feed.emit({
      id: this.#nextId(0),
      at: before(0),
      kind: 'job.done',
      subject: '',
      who: '',
      revision: 1,
      data: {},
    });
  }

  /** Ends every stream. */
  cutStreams(): void {
    this.feed.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (this.mode === 'gone') return void request.socket.destroy();
    if (this.mode === 'silent') return this.#leave(response);
    const url = new URL(request.url ?? '/', this.url);
    response.setHeader('date', new Date().toUTCString());
    response.setHeader('x-regent-node', 'r1');
    if (url.pathname === '/health/live') return json(response, 200, { state: 'live', version: '0.4.0' });
    if (url.pathname.startsWith('/ui/')) return this.#file(url.pathname.slice(4), response);
    if (url.pathname === `${API_PREFIX}/session`) return this.#session(request, response, body);
    if (url.pathname === `${API_PREFIX}/authority`) return json(response, 200, AUTHORITY);
    if (!this.isLoggedIn) return problem(response, { status: 401, code: 'unauthenticated', detail: 'Log in.' });
    if (this.mode === 'held') {
      this.refused += 1;
      response.setHeader('retry-after', '1');
      return problem(response, { status: 503, code: 'unavailable', detail: 'The database has no primary.' });
    }
    this.#call(request, response, url, body);
  }

  /** Says nothing to a call, ever. */
  #leave(response: ServerResponse): void {
    this.#unanswered.add(response);
    response.on('close', () => this.#unanswered.delete(response));
  }

  #file(name: string, response: ServerResponse): void {
    const path = name === '' ? 'index.html' : name;
    const bytes = this.#files.get(path);
    response.setHeader('content-security-policy', CSP);
    if (bytes === undefined) return problem(response, { status: 404, code: 'not_found', detail: 'No such file.' });
    // As src/api/ui: what is named by its content is kept, so that another tab and a reload compile nothing anew.
    const isKept = path.startsWith('assets/') && this.browserAheadMs === 0;
    const cache = isKept ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain', 'cache-control': cache });
    if (this.browserAheadMs !== 0 && path.endsWith('.js')) response.write(wrongClock(this.browserAheadMs));
    response.end(bytes);
  }

  #session(request: IncomingMessage, response: ServerResponse, body: string): void {
    if (request.method === 'DELETE') {
      this.isLoggedIn = false;
      return json(response, 200, {});
    }
    if (request.method === 'POST') {
      const { user, password, apiKey } = JSON.parse(body) as Record<string, string>;
      this.isLoggedIn = apiKey === 'a:b:c' || (user === 'admin' && password === 'right');
      if (!this.isLoggedIn) {
        const detail = 'The name is not known, or the password is wrong.';
        return problem(response, { status: 401, code: 'unauthenticated', detail });
      }
    }
    if (!this.isLoggedIn) return problem(response, { status: 401, code: 'unauthenticated', detail: 'Log in.' });
    const expiresAt = before(-12 * 3_600_000);
    const own = {
      id: '1',
      user: 'admin',
      role: this.role,
      isReadOnly: false,
      expiresAt,
      csrf: CSRF,
      version: '0.4.0',
    };
    json(response, 200, own);
  }

  #call(request: IncomingMessage, response: ServerResponse, url: URL, body: string): void {
    const found = routeOf(request.method ?? '', url.pathname.slice(API_PREFIX.length));
    if (found === null)
      return problem(response, { status: 404, code: 'not_found', detail: `No path ${url.pathname}.` });
    const { id, route, params } = found;
    const isDry = url.searchParams.get('dry_run') === 'true';
    this.seen.push(isDry ? `${id} dry` : id);
    const refusal = this.refusals.get(id);
    if (refusal) return problem(response, refusal);
    if (id === 'event.list' && (request.headers.accept ?? '').includes('event-stream'))
      return void this.#stream(request, response);
    if (route.hasEtag) response.setHeader('etag', `"${this.version}"`);
    if (route.method === 'GET') {
      const read = { id, params, query: url.searchParams };
      this.reads.push(read);
      const found = answerOf(this.site, read);
      if (found === undefined) return problem(response, { status: 404, code: 'not_found', detail: 'There is none.' });
      return json(response, 200, checked(id, route, found));
    }
    if (request.headers['x-regent-csrf'] !== CSRF) {
      return problem(response, { status: 403, code: 'forbidden', detail: 'The header is missing.' });
    }
    const match = request.headers['if-match'];
    if (match !== undefined && match !== `"${this.version}"`) {
      return problem(response, {
        status: 412,
        code: 'precondition_failed',
        detail: 'It has changed since it was read.',
      });
    }
    const why = this.refuse(id, params);
    if (why !== null) return problem(response, { status: 409, code: 'conflict', detail: why });
    if (id === 'image.upload') return this.#upload(request, response, params);
    const work = job(9, id.replace('.', '-'), params['node'] ?? '', `would do ${id}`);
    if (isDry) {
      const diff = '--- a\n+++ b\n@@ -1,2 +1,2 @@\n zone "example.test"\n-serial 1\n+serial 2\n';
      const files = [{ service: 'dns', target: '/etc/bind/db.example', change: 'changed', diff }];
      return json(response, 200, { dryRun: true, object: work, nodes: [{ node: 'r1', files, findings: [] }] });
    }
    const key = String(request.headers['idempotency-key']);
    if (!this.made.some((change) => change.key === key)) {
      this.made.push({ id, key, params, body: body === '' ? undefined : JSON.parse(body) });
    }
    json(
      response,
      route.status,
      this.results.get(id) ?? (id === 'image.create' ? { isNew: true, image: this.site.fleet.images[0] } : work),
    );
  }

  /** Takes pieces of a file, as a region does. */
  #upload(request: IncomingMessage, response: ServerResponse, params: Readonly<Record<string, string>>): void {
    const range = String(request.headers['content-range']);
    const [, first, last, size] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(range) ?? [];
    if (first !== undefined && Number(first) === this.received) this.received = Number(last) + 1;
    this.pieces.push(range);
    const sha256 = '0'.repeat(64);
    json(response, 200, {
      image: params['image'],
      name: params['file'],
      size: Number(size),
      sha256,
      received: this.received,
    });
  }

  async #stream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.feed.askedAt ??= Date.now();
    await this.feed.gate;
    const { events } = this.site;
    const last = Number(request.headers['last-event-id'] ?? events.at(-1)?.id ?? 0);
    const missed = events.slice(events.findLastIndex(({ id }) => id <= last) + 1);
    this.feed.open(response, last, missed);
  }
}

const checks = new Map<RouteId, ReturnType<typeof Compile>>();

/** An answer that the contract does not allow is a mistake of the test's data. */
function checked(id: RouteId, route: RouteSpec, body: unknown): unknown {
  const check = checks.get(id) ?? Compile(route.response);
  checks.set(id, check);
  if (!check.Check(body)) throw new Error(`${id}: ${JSON.stringify(check.Errors(body)).slice(0, 600)}`);
  return body;
}

/** The calls, made ready once: a page makes some for each test. */
const PATTERNS = (Object.entries(ROUTES) as [RouteId, RouteSpec][]).map(([id, route]) => ({
  id,
  route,
  pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

function routeOf(method: string, path: string) {
  for (const { id, route, pattern } of PATTERNS) {
    const match = route.method === method ? pattern.exec(path) : null;
    if (!match) continue;
    const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { id, route, params: Object.fromEntries(params) as Record<string, string> };
  }
  return null;
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

const folders = new Map<string, ReadonlyMap<string, Buffer>>();

/** The built files, read once. */
function readFolder(folder: string): ReadonlyMap<string, Buffer> {
  const known = folders.get(folder) ?? filesOf(folder);
  folders.set(folder, known);
  return known;
}

function filesOf(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path)];
    }),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, given: { status: number; code: string; detail: string }): void {
  json(response, given.status, { type: 'about:blank', title: given.code, requestId: 'test-1', ...given });
}
