import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { messageOf, openNotifier, pause } from '../kit/host.ts';
import { Archive } from './archive.ts';
import { readArchive } from './gaps.ts';
import { listStore, readConf, type StoreList, unwritableBecause } from './store.ts';
import { type Order, perform } from './tasks.ts';
import { CONF, TaskError } from './tool.ts';

/*
 * Backups on a region node: README.md. It serves pgBackRest of the other region nodes, takes segments of the log from PostgreSQL, and does the
 * region's tasks one at a time. It needs neither region nor agent.
 */
const CONTROL = '/run/regent-backup/control.sock';
const PUSH = '/run/regent-backup/push.sock';
const REQUEST_MAX = 8192;
const RESULTS_MAX = 20;
const LOOP_MS = 1000;
/** How old the list of the store in the report may be, ms. */
const STORE_MS = 60_000;
/** The same of a store that did not answer. */
const AGAIN_MS = 10_000;
const GAPS_MS = 600_000;

type State =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly sentence: string; readonly result: unknown }
  | { readonly state: 'failed'; readonly sentence: string };

const log = (text: string) => void process.stdout.write(`${text}\n`);
const notify = openNotifier();
const results = new Map<string, State>();
let running: string | null = null;
let server: ChildProcess | null = null;
let store: {
  readonly at: string;
  readonly why: string | null;
  /** Since when it does not answer. */
  readonly since: string | null;
  readonly list: StoreList | null;
} | null = null;
/** Since when the store does not answer. */
let illSince: string | null = null;
/** The newest hole of the archive that no backup closes; it is searched for every ten minutes. */
let gap: { readonly searchedAt: number; readonly at: string | null } | null = null;
let isListing = false;

const archive = new Archive(() => unwritableBecause(readConf()));

/** pgBackRest's own server: by it a standby reaches the primary for a backup. It takes region nodes' certificates alone. */
function keepServer(): void {
  if (server !== null && server.exitCode === null && server.signalCode === null) return;
  server = spawn('/usr/bin/pgbackrest', ['server', '--log-level-console=warn', '--log-level-stderr=off'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', PGBACKREST_CONFIG: CONF },
  });
  server.on('error', (error) => log(`pgBackRest's server does not start: ${error.message}`));
}

async function refreshStore(): Promise<void> {
  if (isListing || running !== null) return;
  isListing = true;
  const at = new Date().toISOString();
  const note = (why: string | null, list: StoreList | null) => {
    store = { at, why, since: why === null ? null : (illSince ??= at), list };
    if (why === null) illSince = null;
  };
  try {
    const why = await unwritableBecause(readConf(), { isFresh: true });
    note(why, why === null ? await listStore() : null);
    await refreshGap();
  } catch (error) {
    note(messageOf(error), null);
  } finally {
    isListing = false;
  }
}

/** A segment that never came, such as one of many that waited when the primary died: nobody gave it up, so nobody noted it. */
async function refreshGap(): Promise<void> {
  const list = store?.list ?? null;
  const newest = list?.backups.at(-1);
  if (newest === undefined || list?.archiveId == null) return;
  if (gap !== null && Date.now() - gap.searchedAt < GAPS_MS) return;
  const { gaps } = await readArchive(list.archiveId, newest.walStop);
  const last = gaps.at(-1);
  gap = { searchedAt: Date.now(), at: last === undefined ? null : new Date(last.resumedAt).toISOString() };
}

async function report() {
  const list = store?.list ?? null;
  return {
    isServing: server !== null && server.exitCode === null && server.signalCode === null,
    task: running,
    store:
      store === null
        ? null
        : {
            at: store.at,
            why: store.why,
            since: store.since,
            isMade: list?.isMade ?? false,
            backups: list?.backups.length ?? 0,
            newest: list?.backups.at(-1)?.label ?? null,
            newestAt: list?.backups.at(-1)?.stoppedAt ?? null,
            archiveTo: list?.archiveTo ?? null,
          },
    archive: await archive.state(gap?.at ?? null),
  };
}

function begin(id: string, order: Order): State | { readonly state: 'busy'; readonly with: string } {
  const known = results.get(id);
  if (known !== undefined) return known;
  if (running !== null) return { state: 'busy', with: running };
  running = id;
  results.set(id, { state: 'running' });
  for (const old of [...results.keys()].slice(0, -RESULTS_MAX)) results.delete(old);
  log(`task ${id}: ${order.verb} started`);
  void perform(order, readConf())
    .then(
      ({ sentence, result }): State => ({ state: 'done', sentence, result }),
      (error: unknown): State => ({
        state: 'failed',
        sentence: error instanceof TaskError ? error.message : `a fault of regent-backup: ${messageOf(error)}`,
      }),
    )
    .then((end) => {
      results.set(id, end);
      running = null;
      gap = null;
      log(`task ${id}: ${order.verb} ${end.state}`);
      void refreshStore();
    });
  return { state: 'running' };
}

interface Request {
  readonly ask?: unknown;
  readonly id?: unknown;
  readonly order?: unknown;
}

/** Null: the rest of the request is still to come. */
function parsed(text: string): Request | null {
  try {
    return JSON.parse(text) as Request;
  } catch {
    return null;
  }
}

async function answer(request: Request): Promise<unknown> {
  const id = typeof request.id === 'string' && /^[a-z0-9-]{1,64}$/.test(request.id) ? request.id : null;
  if (request.ask === 'state') return await report();
  if (id === null) return { state: 'refused' };
  if (request.ask === 'result') return results.get(id) ?? { state: 'unknown' };
  if (request.ask === 'begin' && typeof request.order === 'object' && request.order !== null)
    return begin(id, request.order as Order);
  return { state: 'refused' };
}

function serve(socket: Socket): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(10_000, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (part: string) => {
    text += part;
    if (text.length > REQUEST_MAX) return void socket.destroy();
    const request = parsed(text);
    if (request === null) return;
    answer(request).then(
      (body) => socket.end(`${JSON.stringify(body)}\n`),
      () => socket.destroy(),
    );
  });
}

async function listen(on: { listen: (path: string, done: () => void) => unknown }, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve) => on.listen(path, resolve));
  chmodSync(path, 0o600);
}

async function main(): Promise<void> {
  readConf();
  await listen(createServer(serve), CONTROL);
  await listen(archive.server, PUSH);
  process.on('SIGHUP', () => {
    server?.kill('SIGHUP');
    store = null;
    gap = null;
    illSince = null;
  });
  process.on('SIGTERM', () => {
    server?.kill('SIGTERM');
    process.exit(0);
  });
  keepServer();
  notify('READY=1');
  for (;;) {
    notify('WATCHDOG=1');
    keepServer();
    const restMs = store?.why === null ? STORE_MS : AGAIN_MS;
    if (store === null || Date.now() - Date.parse(store.at) > restMs) void refreshStore();
    await pause(LOOP_MS);
  }
}

if (import.meta.main) await main();
