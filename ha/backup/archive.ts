import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { messageOf } from '../kit/host.ts';
import { DATA, pgbackrest, reasonOf } from './tool.ts';

const GAPS = '/var/lib/postgresql/regent-archive-gaps';
const MARKS = `${DATA}/pg_wal/archive_status`;
/** PostgreSQL's archiver gives up after 60 s (`pgbackrest-push`). */
const PUSH_MS = 50_000;
const NAME = /^\/push\/([0-9A-F]{8}(?:[0-9A-F]{16}(?:\.partial|\.[0-9A-F]{8}\.backup)?|\.history))$/;

/** What this node knows of the archive of the database's log. Times ISO 8601. */
export interface ArchiveState {
  /** Segments that wait on this node. */
  readonly waiting: number;
  /** Age of the oldest of them, s; 0: none waits. */
  readonly lateSeconds: number;
  readonly pushedAt: string | null;
  readonly pushed: string | null;
  /** Why the last push failed; null: it did not. */
  readonly failure: string | null;
  /** When a segment was given up last because the queue was full, or a hole in the store ends; null: never. */
  readonly gapAt: string | null;
}

/** Takes finished segments from PostgreSQL's `archive_command` and puts them into the store. */
export class Archive {
  readonly server: Server;
  #pushed: string | null = null;
  #pushedAt: string | null = null;
  #failure: string | null = null;

  /** `refusal`: why this node may not write into the store now; null: it may. */
  constructor(refusal: () => Promise<string | null>) {
    this.server = createServer((request, response) => {
      const name = NAME.exec(request.url ?? '')?.[1];
      void this.#answer(name, refusal).then((status) => response.writeHead(status, { 'content-length': 0 }).end());
    });
  }

  async #answer(name: string | undefined, refusal: () => Promise<string | null>): Promise<number> {
    if (name === undefined) return 404;
    return (await this.#push(name, refusal).catch(() => false)) ? 204 : 503;
  }

  async #push(name: string, refusal: () => Promise<string | null>): Promise<boolean> {
    const why = await refusal().catch(messageOf);
    if (why !== null) {
      this.#failure = why;
      return false;
    }
    const ended = await pgbackrest(['archive-push', `${DATA}/pg_wal/${name}`], PUSH_MS);
    if (ended.code !== 0) {
      this.#failure = reasonOf(ended, PUSH_MS);
      return false;
    }
    this.#failure = null;
    this.#pushed = name;
    this.#pushedAt = new Date().toISOString();
    return true;
  }

  /** `holeAt`: when the newest hole in the store ends (`gaps.ts`). */
  async state(holeAt: string | null): Promise<ArchiveState> {
    const names = (await readdir(MARKS).catch(() => [])).filter((name) => name.endsWith('.ready'));
    const times = await Promise.all(
      names.slice(0, 256).map((name) =>
        stat(`${MARKS}/${name}`).then(
          ({ mtimeMs }) => mtimeMs,
          () => Date.now(),
        ),
      ),
    );
    const oldest = times.length === 0 ? null : Math.min(...times);
    const gap = (await readFile(GAPS, 'utf8').catch(() => '')).trim().split('\n').at(-1)?.split(' ')[0] ?? '';
    return {
      waiting: names.length,
      lateSeconds: oldest === null ? 0 : Math.max(0, Math.round((Date.now() - oldest) / 1000)),
      pushedAt: this.#pushedAt,
      pushed: this.#pushed,
      failure: names.length > 0 ? this.#failure : null,
      gapAt:
        [gap, holeAt ?? '']
          .filter((at) => at !== '')
          .toSorted()
          .at(-1) ?? null,
    };
  }
}
