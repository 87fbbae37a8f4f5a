import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { IMAGE_FILE_PATH } from '../../contract/images/image.ts';
import { rejected } from '../../core/errors.ts';
import { isDigest, isImageFileName } from '../../model/images/image.ts';
import type { Region } from '../../region/port.ts';
import { sendProblem } from '../server.ts';
import { type ByteRange, parseRange } from './byte-range.ts';

/** A reader that takes nothing for so long is let go, ms. */
const SILENT_MS = 60_000;
/** Named by a digest, a file never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const NOT_HERE = rejected('not_found', 'This region node does not have this file (yet). Ask the next one.');

/**
 * `GET|HEAD /images/DIGEST/FILE` for the racks' web servers and other region nodes: whole, or one range. It works while the database is away. Whoever
 * shows a good certificate may ask: images have no secrets. With `?part` also the first bytes of an incomplete file, for another region node that got
 * the next piece of it.
 */
export function registerImageFiles(app: FastifyInstance, { images }: Pick<Region, 'images'>): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: IMAGE_FILE_PATH,
    handler: async (request, reply) => {
      const { image = '', file: name = '' } = request.params as { readonly image?: string; readonly file?: string };
      if (!isDigest(image) || !isImageFileName(name)) return sendProblem(reply, NOT_HERE);
      const whole = await images.open({ image, name });
      const file = whole ?? (isPartWanted(request) ? await images.openPart({ image, name }) : null);
      if (file === null) return sendProblem(reply, NOT_HERE);
      const described = { size: file.size, sha256: whole?.sha256 ?? null };
      const range = rangeOf(request, described);
      const isBody = request.method === 'GET' && range !== 'unsatisfiable' && range !== 'same';
      describe(reply, described, range);
      if (!isBody) {
        await file.close();
        return reply.send();
      }
      const { start, end } = range ?? { start: 0, end: file.size - 1 };
      const bytes = file.bytes(start, end);
      reply.raw.setTimeout(SILENT_MS, () => reply.raw.destroy());
      return reply.send(bytes instanceof Readable ? bytes : Readable.from(bytes));
    },
  });
}

/** `sha256`: null while the file is incomplete. */
type Described = { readonly size: number; readonly sha256: string | null };
type Delivery = ByteRange | 'unsatisfiable' | 'same' | null;

const isPartWanted = ({ query }: FastifyRequest): boolean => (query as { readonly part?: unknown }).part !== undefined;

/**
 * What is to be sent: `same` when the caller has it already. A range is for a caller that has the beginning of exactly
 * this file.
 */
function rangeOf({ headers }: FastifyRequest, { size, sha256 }: Described): Delivery {
  if (sha256 === null) return parseRange(headers.range, size);
  const tag = `"${sha256}"`;
  const known = headers['if-none-match'];
  if (known !== undefined && known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)) return 'same';
  const condition = headers['if-range'];
  return condition === undefined || condition === tag ? parseRange(headers.range, size) : null;
}

function describe(reply: FastifyReply, { size, sha256 }: Described, delivery: Delivery): void {
  reply.header('accept-ranges', 'bytes');
  reply.headers(sha256 === null ? { 'cache-control': 'no-store' } : { etag: `"${sha256}"`, 'cache-control': FOR_EVER });
  if (delivery === 'same') return void reply.code(304);
  if (delivery === 'unsatisfiable')
    return void reply.code(416).headers({ 'content-range': `bytes */${size}`, 'content-length': 0 });
  reply.header('content-type', 'application/octet-stream');
  if (delivery === null) return void reply.header('content-length', size);
  const { start, end } = delivery;
  reply.code(206).headers({ 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 });
}
