import type { FastifyInstance } from 'fastify';
import type { Region } from '../region/port.ts';

type Noted = Parameters<Region['noteRequest']>[0];

/** First parts of paths, and the API that they belong to; all others are pages and their files. */
const SURFACES: readonly (readonly [prefix: string, surface: Noted['surface']])[] = [
  ['/api/', 'v1'],
  ['/MAAS/metadata/', 'metadata'],
  ['/MAAS/', 'maas'],
  ['/agent/', 'agent'],
];

/** Reports each answered request to the region, which counts them. A stream takes as long as its reader likes, so it does not count. */
export function measureRequests(app: FastifyInstance, region: Pick<Region, 'noteRequest'>): void {
  app.addHook('onResponse', async ({ method, url }, reply) => {
    if (String(reply.getHeader('content-type') ?? '').startsWith('text/event-stream')) return;
    const surface = SURFACES.find(([prefix]) => url.startsWith(prefix))?.[1] ?? 'ui';
    const isRead = method === 'GET' || method === 'HEAD';
    region.noteRequest({ surface, isRead, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
  });
}
