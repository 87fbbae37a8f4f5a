import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { unlink } from 'node:fs/promises';
import { type Desired, type Observation, OBSERVATION_PATH } from '../../src/contract/cluster/agent.ts';
import { PARTS_PATH, type PartsQuestion } from '../../src/contract/cluster/desired-parts.ts';
import { type BodyPart, createSplitter, type PartTexts } from '../../src/contract/base/wire/body-parts.ts';
import { CLAIM_PATH } from '../../src/contract/base/command.ts';
import { digestOf } from '../../src/core/stable-json.ts';

/** A region of which a test decides everything: what it publishes, whether it is there, what it answers. */
export interface FakeRegion {
  readonly observations: Observation[];
  readonly pulls: { generation: number; digest: string; parts?: true }[];
  readonly authorizations: Set<string>;
  /** Digests that were asked for, one list for each question. */
  readonly questions: string[][];
  /** How a part goes over the wire; by this it may be spoiled or lost. As it is when null; `off`: the region knows no parts. */
  partsBy: ((digest: string, part: BodyPart, isAsked: boolean) => BodyPart | undefined) | null | 'off';
  /** It knows no question for parts, as one of an earlier release. */
  isDeafToQuestions: boolean;
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
  const pulls: { generation: number; digest: string; parts?: true }[] = [];
  const questions: string[][] = [];
  const earlier = new Map<string, Desired>();
  const authorizations = new Set<string>();
  const waiting = new Set<() => void>();
  let published: unknown = null;
  let status: number | null = null;
  let isHung = false;
  let server: Server | null = null;
  const made = { partsBy: null, isDeafToQuestions: false } as FakeRegion;

  const answerPull = (request: IncomingMessage, response: ServerResponse) => {
    const query = new URL(request.url ?? '', 'http://region').searchParams;
    const held = { generation: Number(query.get('generation')), digest: query.get('digest') ?? '' };
    const takesParts = query.get('parts') === 'true';
    pulls.push({ ...held, ...(takesParts ? { parts: true } : {}) });
    const tryNow = () => {
      const current = published as { digest?: string; generation?: number } | null;
      if (current === null || (current.digest === held.digest && current.generation === held.generation)) return false;
      waiting.delete(tryNow);
      const isByParts = takesParts && made.partsBy !== 'off' && 'body' in current;
      const before = isByParts ? earlier.get(held.digest) : undefined;
      const answer = before ? partialOf(published as Desired, before, made.partsBy) : published;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
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
      if (request.url === PARTS_PATH) {
        const { digests } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as PartsQuestion;
        questions.push(digests);
        if (made.isDeafToQuestions) {
          response.statusCode = 404;
          response.end(JSON.stringify({ detail: 'The agent channel has no such path.' }));
          return;
        }
        const parts = sentOf(cutOf(published as Desired).parts, digests, made.partsBy, true);
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ parts }));
        return;
      }
      if (request.url === CLAIM_PATH) {
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ commands: [] }));
        return;
      }
      if (request.url !== OBSERVATION_PATH) {
        response.statusCode = 204;
        response.end();
        return;
      }
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
  Object.assign(made, {
    observations,
    pulls,
    authorizations,
    questions,
    publish: (desired: unknown) => {
      published = desired;
      if (isDesired(desired)) earlier.set(desired.digest, desired);
      for (const tryNow of Array.from(waiting)) tryNow();
    },
    failWith: (next: number | null) => {
      status = next;
    },
    hang: (next: boolean) => {
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
  });
  return made;
}

function isDesired(value: unknown): value is Desired {
  return typeof value === 'object' && value !== null && 'body' in value;
}

function cutOf({ body }: Desired) {
  const { parts, split } = createSplitter();
  return { root: split(body), parts };
}

/** As a region answers an agent that holds `before`. */
function partialOf(now: Desired, before: Desired, by: FakeRegion['partsBy']) {
  const { body: _, ...rest } = now;
  const { root, parts } = cutOf(now);
  const known = cutOf(before).parts;
  const fresh = [...parts.keys()].filter((digest) => !known.has(digest));
  return { ...rest, root, parts: sentOf(parts, fresh, by, false) };
}

function sentOf(parts: PartTexts, digests: readonly string[], by: FakeRegion['partsBy'], isAsked: boolean) {
  const sent = digests.flatMap((digest) => {
    const found = parts.get(digest);
    const part = found && (JSON.parse(found.text) as BodyPart);
    const given = part && typeof by === 'function' ? by(digest, part, isAsked) : part;
    return given === undefined ? [] : [[digest, given] as const];
  });
  return Object.fromEntries(sent);
}
