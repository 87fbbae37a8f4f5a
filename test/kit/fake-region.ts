import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { unlink } from 'node:fs/promises';
import type { Desired, Observation } from '../../src/contract/agent.ts';
import { digestOf } from '../../src/core/digest.ts';

/** A region of which a test decides everything: what it publishes, whether it is there, what it answers. */
export interface FakeRegion {
  readonly observations: Observation[];
  readonly pulls: { generation: number; digest: string }[];
  readonly authorizations: Set<string>;
  publish(desired: unknown): void;
  /** Answers every call with this status; null: works again. */
  failWith(status: number | null): void;
  /** Takes calls and never answers. */
  hang(isHung: boolean): void;
  down(): Promise<void>;
  up(): Promise<void>;
}

/** Makes the desired state of a node. */
export function desiredOf(
  nodeId: string,
  generation: number,
  services: Record<string, { desired: Record<string, unknown> | null; restart?: string | null }>,
): Desired {
  const parts = Object.entries(services).map(([name, part]) => [name, { restart: null, ...part }] as const);
  const body = { services: Object.fromEntries(parts) };
  return { nodeId, generation, digest: digestOf(body), revision: generation, body };
}

/** Starts a fake region on a unix socket or, with `port` 0, on loopback. */
export async function startFakeRegion(path: string): Promise<FakeRegion> {
  const observations: Observation[] = [];
  const pulls: { generation: number; digest: string }[] = [];
  const authorizations = new Set<string>();
  const waiting = new Set<() => void>();
  let published: unknown = null;
  let status: number | null = null;
  let isHung = false;
  let server: Server | null = null;

  const answerPull = (request: IncomingMessage, response: ServerResponse) => {
    const query = new URL(request.url ?? '', 'http://region').searchParams;
    const held = { generation: Number(query.get('generation')), digest: query.get('digest') ?? '' };
    pulls.push(held);
    const tryNow = () => {
      const current = published as { digest?: string; generation?: number } | null;
      if (current === null || (current.digest === held.digest && current.generation === held.generation)) return false;
      waiting.delete(tryNow);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(published));
      return true;
    };
    if (!tryNow()) waiting.add(tryNow);
    response.on('close', () => waiting.delete(tryNow));
  };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    authorizations.add(request.headers.authorization ?? '');
    if (isHung) return;
    if (status !== null) {
      response.statusCode = status;
      response.end(JSON.stringify({ detail: 'as the test wants it' }));
      return;
    }
    if (request.method === 'GET') return answerPull(request, response);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      observations.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Observation);
      response.statusCode = 204;
      response.end();
    });
  };

  const up = async () => {
    await unlink(path).catch(() => {});
    const started = createServer(answer);
    await new Promise<void>((resolve) => started.listen(path, resolve));
    server = started;
  };
  await up();
  return {
    observations,
    pulls,
    authorizations,
    publish: (desired) => {
      published = desired;
      for (const tryNow of Array.from(waiting)) tryNow();
    },
    failWith: (next) => {
      status = next;
    },
    hang: (next) => {
      isHung = next;
    },
    down: async () => {
      const closing = server;
      server = null;
      waiting.clear();
      closing?.closeAllConnections();
      await new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()));
    },
    up,
  };
}
