import type { Readable } from 'node:stream';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { boundaryOf, createFormReader, type FormLimits, type FormPart } from './multipart.ts';

/** A form as it came: its fields, and its files. */
export type MetadataForm = { readonly fields: ReadonlyMap<string, string>; readonly files: readonly FormPart[] };

/** A script that prints 100 MB sends 134 MB in base64. What is over is refused, and it ends there. */
const FORM_MAX = 256 * 1024 * 1024;
/** Bytes of a form without files. */
const FIELDS_MAX = 256 * 1024;
const LIMITS: FormLimits = { part: 262_144, total: 8 * 1024 * 1024, parts: 400 };
const TOO_LARGE = rejected('payload_too_large', 'The body is larger than the limit of this path.');

/** A whole body, at most so many bytes. */
export async function readBody(stream: Readable | undefined, most: number): Promise<Buffer | Rejected> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += (chunk as Buffer).length;
    if (bytes > most) return TOO_LARGE;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Reads a form of either kind; one of no kind and no length is empty. Only the first bytes of each file are stored. */
export async function readForm(
  stream: Readable | undefined,
  contentType: string | undefined,
): Promise<MetadataForm | Rejected> {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return readPlainForm(stream, contentType);
  const reader = createFormReader(boundary, LIMITS);
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += (chunk as Buffer).length;
    const refusal = bytes > FORM_MAX ? TOO_LARGE : reader.feed(chunk as Buffer);
    if (refusal !== null) return refusal;
  }
  const parts = reader.end();
  if (isRejected(parts)) return parts;
  const fields = parts.filter(({ filename }) => filename === null);
  return {
    fields: new Map(fields.map(({ name, content }) => [name, content.toString('utf8')])),
    files: parts.filter(({ filename }) => filename !== null),
  };
}

async function readPlainForm(
  stream: Readable | undefined,
  contentType: string | undefined,
): Promise<MetadataForm | Rejected> {
  const body = await readBody(stream, FIELDS_MAX);
  if (isRejected(body)) return body;
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '');
  if (!isForm && body.length > 0)
    return rejected(
      'unsupported_media_type',
      'The body must be a form: multipart/form-data or application/x-www-form-urlencoded.',
    );
  return { fields: new Map(new URLSearchParams(body.toString('utf8'))), files: [] };
}
