import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ROUTES, type RouteOutput } from '../../../contract/routes.ts';
import { isRejected, rejected } from '../../../core/errors.ts';
import type { Caller } from '../../../region/port.ts';
import type { Callers } from '../../callers.ts';
import { type ApiPorts, sendProblem } from '../../server.ts';
import { textValidator } from '../../validate.ts';
import { boundBodies } from '../base/body-time.ts';
import { parseContentRange } from '../base/content-range.ts';
import { routerPath } from '../base/router-path.ts';

const ROUTE = ROUTES['image.upload'];
/** Whoever sends nothing for so long is let go, ms. */
const SILENT_MS = 30_000;
/** Longest that one file may take, ms: Node ends the connection then. */
const LONGEST_MS = 4 * 3_600_000;
/** Longest that any other request may take to come whole, ms. */
const OTHERS_MS = 30_000;

type UploadPorts = ApiPorts & { readonly callers: Callers };

/**
 * `PUT /images/{image}/files/{file}`: bytes go to the disk as they come, never whole into memory. The caller, the role, the image and the length are checked
 * before the first byte. A connection that breaks leaves nothing, or, of a piece, what came; the same call again is no fault.
 */
export function registerImageUpload(app: FastifyInstance, { region, callers: identities }: UploadPorts): void {
  const params = textValidator(ROUTE.params);
  const callers = new WeakMap<FastifyRequest, Caller>();
  boundBodies(app, { othersMs: OTHERS_MS, uploadMs: LONGEST_MS });
  void app.register(async (inner) => {
    inner.removeAllContentTypeParsers();
    // The handler reads the stream itself.
    inner.addContentTypeParser('*', (_request, _payload, done) => done(null));
    inner.route({
      method: ROUTE.method,
      url: routerPath(ROUTE.path),
      config: { isUpload: true },
      onRequest: async (request, reply) => {
        const caller = await identities.identify(request);
        if (isRejected(caller)) return sendProblem(reply, caller);
        callers.set(request, caller);
        return undefined;
      },
      handler: async (request, reply) => {
        const caller = callers.get(request);
        if (!caller) throw new Error('a call without a caller');
        const checked = params(request.params);
        if (isRejected(checked)) return sendProblem(reply, checked);
        const input = { params: checked.value, query: {}, body: undefined };
        const found = await region.call('image.upload', input, {
          caller,
          origin: 'api',
          idempotencyKey: '',
          ifMatch: null,
        });
        if (isRejected(found)) return sendProblem(reply, found);
        if (!/^application\/octet-stream\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
          return sendProblem(reply, NO_BYTES);
        return store(request, reply, found.body as RouteOutput<'image.upload'>);
      },
    });
  });

  async function store(request: FastifyRequest, reply: FastifyReply, file: RouteOutput<'image.upload'>) {
    const piece = parseContentRange(request.headers['content-range'], file.size);
    if (isRejected(piece)) return sendProblem(reply, piece);
    const which = { image: file.image, name: file.name };
    const send = (received: number) =>
      reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify({ ...file, received }));
    if (piece === 'ask') {
      const received = await region.images.received(which);
      return isRejected(received) ? sendProblem(reply, received) : send(received);
    }
    const { start, until } = piece ?? { start: 0, until: file.size };
    const announced = request.headers['content-length'];
    if (announced !== undefined && Number(announced) !== until - start) {
      const whole =
        piece === null ? `${file.name} has ${file.size} bytes by the manifest` : `the range has ${until - start} bytes`;
      return sendProblem(
        reply,
        rejected('invalid_value', `${whole}, and ${announced} are announced. Nothing was read.`),
      );
    }
    const outcome = await region.images.receive(which, bytesOf(request.raw), piece).catch((error: unknown) => {
      if (request.raw.readableAborted || request.raw.destroyed) return CUT_OFF;
      throw error;
    });
    if (isRejected(outcome))
      return sendProblem(reply, outcome, outcome.code === 'too_many_requests' ? { 'retry-after': '5' } : {});
    return send(outcome.received);
  }
}

const NO_BYTES = rejected(
  'unsupported_media_type',
  'The body is the file itself: Content-Type: application/octet-stream.',
);
const CUT_OFF = rejected(
  'bad_request',
  'The connection ended before the bytes did. Send them again; with Content-Range, go on where they ended.',
);

/** A body, as long as its sender goes on sending. */
async function* bytesOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const stop = () => request.destroy(new Error(`the sender was silent for ${SILENT_MS / 1000} s`));
  const timer = setTimeout(stop, SILENT_MS);
  try {
    // What is not read here is drained when the answer goes out.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      timer.refresh();
      yield chunk as Uint8Array;
    }
  } finally {
    clearTimeout(timer);
  }
}
