import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalid, isRejected, rejected, sentenceOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/ports.ts';
import type { Caller, Region } from '../../../region/port.ts';
import type { Callers } from '../../callers.ts';
import { sendProblem } from '../../server.ts';

/** Streams at once; each holds a connection and a small buffer. */
const STREAMS_MAX = 200;
/** Clients take a silence of 15 s for a broken stream. */
const HEARTBEAT_MS = 5000;
/** A client that reads nothing for this long is let go; it resumes from its last id. */
const STUCK_MS = 30_000;
const BATCH = 500;

/** What a stream request carries. */
interface StreamExchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly query: unknown;
}

/** Open event streams. */
export type EventStreams = { open(exchange: StreamExchange): Promise<FastifyReply>; closeAll(): void };

/** Does the client ask for server-sent events? */
export function wantsStream(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes('text/event-stream');
}

/**
 * Server-sent events (WHATWG HTML §9.2) from the event log. The log's ids are gapless and in commit order, so reading "above the last id"
 * after every wake, heartbeat and reconnect misses nothing, whichever region answers.
 */
export function createEventStreams(
  region: Pick<Region, 'events' | 'wake' | 'mayCall' | 'node'>,
  callers: Callers,
  log: Log,
): EventStreams {
  const open = new Set<ServerResponse>();
  return {
    async open({ request, reply, caller, query }) {
      const forbidden = region.mayCall('event.list', caller);
      if (forbidden) return sendProblem(reply, forbidden);
      if (open.size >= STREAMS_MAX)
        return sendProblem(reply, rejected('unavailable', `There are ${STREAMS_MAX} event streams open already.`));
      const header = request.headers['last-event-id'];
      if (header !== undefined && !/^\d{1,15}$/.test(String(header)))
        return sendProblem(reply, invalid('Last-Event-ID', 'it is not an id of an event', 'a whole number'));
      // The validator of the query has run.
      const { after, kind } = query as { after?: number; kind?: string };
      const start = header === undefined ? (after ?? (await region.events.latest())) : Number(header);
      const gap = start === 0 ? null : await region.events.gapAfter(start);
      if (gap) return sendProblem(reply, gap);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        // The connection serves nothing after the stream; so the end of the stream is its end.
        connection: 'close',
        'x-request-id': request.id,
        'x-regent-node': region.node,
      });
      // Only an id: a stream that breaks before its first event can also be resumed from here.
      raw.write(`retry: 1000\nid: ${start}\n\n`);
      open.add(raw);
      const stillMay = async () => !isRejected(await callers.identify(request));
      void pump({ raw, region, caller, start, kind, stillMay })
        .catch((error: unknown) => log.warn('an event stream ended', { request: request.id, error: sentenceOf(error) }))
        .finally(() => {
          open.delete(raw);
          raw.end();
        });
      return reply;
    },
    closeAll: () => {
      for (const raw of open) raw.end();
    },
  };
}

interface Pump {
  readonly raw: ServerResponse;
  readonly region: Pick<Region, 'events' | 'wake'>;
  readonly caller: Caller;
  readonly start: number;
  readonly kind: string | undefined;
  readonly stillMay: () => Promise<boolean>;
}

async function pump({ raw, region, caller, start, kind, stillMay }: Pump): Promise<void> {
  let last = start;
  let isWoken = false;
  let wake = () => {};
  const end = region.wake.onWake(() => {
    isWoken = true;
    wake();
  });
  raw.once('close', () => wake());
  try {
    while (!raw.destroyed && !raw.writableEnded) {
      isWoken = false;
      const events = await region.events.read(last, BATCH, caller, kind);
      for (const event of events) last = event.id;
      const text = events.map((event) => `id: ${event.id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`).join('');
      // A revoked key gets no further event.
      if (text !== '' && !((await stillMay()) && (await written(raw, text)))) return;
      if (isWoken || events.length === BATCH) continue;
      const beat = await waited(HEARTBEAT_MS, (done) => {
        wake = done;
      });
      if (beat && !((await stillMay()) && (await written(raw, ': still here\n\n')))) return;
    }
  } finally {
    end();
  }
}

/** True when the time has passed, false when woken before. */
function waited(ms: number, onWaker: (wake: () => void) => void): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(true), ms);
    onWaker(() => {
      clearTimeout(timer);
      done(false);
    });
  });
}

/** Writes and waits for a slow reader; false when it is gone or stuck. */
function written(raw: ServerResponse, text: string): Promise<boolean> {
  if (raw.destroyed || raw.writableEnded) return Promise.resolve(false);
  if (raw.write(text)) return Promise.resolve(true);
  return new Promise((done) => {
    const finish = (isFine: boolean) => () => {
      clearTimeout(timer);
      raw.off('drain', drained);
      raw.off('close', closed);
      done(isFine);
    };
    const drained = finish(true);
    const closed = finish(false);
    const timer = setTimeout(() => {
      raw.destroy();
      closed();
    }, STUCK_MS);
    raw.once('drain', drained);
    raw.once('close', closed);
  });
}
