import { type Rejected, rejected, show, isRejected } from '../../core/errors.ts';
import { parseJsonBody } from '../json-body.ts';
import { boundaryOf, createFormReader, type FormLimits } from '../metadata/multipart.ts';

/** A file of a form. */
export type FormFile = { readonly filename: string; readonly content: Buffer };

/** What a request says besides its path: values by name, each as often as it was given. */
export interface CallForm {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, FormFile>;
}

/** Bytes of a body: user data of 1 MiB, twice in base64, has 1.9. */
export const BODY_MAX = 4 * 1024 * 1024;
/** Values of one request: a tag that is given to 5,000 machines has so many. */
const VALUES_MAX = 20_000;
const MULTIPART: FormLimits = { part: BODY_MAX, total: BODY_MAX, parts: VALUES_MAX };
const EMPTY: CallForm = { values: new Map(), files: new Map() };

/**
 * Reads a body by its type: a form of either kind, or an object of JSON. No body, and a form of one part without a name, say nothing. A refusal names what cannot be
 * read. Pure.
 */
export function readBody(body: Buffer | undefined, contentType: string | undefined): CallForm | Rejected {
  if (body === undefined || body.length === 0) return EMPTY;
  const boundary = boundaryOf(contentType);
  if (boundary !== null) return readMultipart(body, boundary);
  const [type = ''] = (contentType ?? '').split(';');
  switch (type.trim().toLowerCase()) {
    case '':
    case 'application/x-www-form-urlencoded':
      return readPairs(new URLSearchParams(body.toString('utf8')));
    // Only the bytes of a file.
    case 'application/octet-stream':
      return { values: new Map(), files: new Map([['content', { filename: '', content: body }]]) };
    case 'application/json':
      return readJson(body.toString('utf8'));
    default:
      return rejected(
        'unsupported_media_type',
        `The body is of the type ${show(type)}. Rule: a form (multipart/form-data or application/x-www-form-urlencoded) or application/json.`,
      );
  }
}

/** Reads what follows the question mark. */
export const readQuery = (text: string): CallForm | Rejected => readPairs(new URLSearchParams(text));

function readPairs(pairs: Iterable<readonly [string, string]>): CallForm | Rejected {
  const values = new Map<string, string[]>();
  let count = 0;
  for (const [name, value] of pairs) {
    count += 1;
    if (count > VALUES_MAX) return tooMany();
    const before = values.get(name);
    if (before) before.push(value);
    else values.set(name, [value]);
  }
  return { values, files: new Map() };
}

function readMultipart(body: Buffer, boundary: string): CallForm | Rejected {
  const reader = createFormReader(boundary, MULTIPART);
  const refusal = reader.feed(body);
  if (refusal) return refusal;
  const parts = reader.end();
  if (isRejected(parts)) return parts;
  // The `maas` command sends files as fields: bytes that are no text are a file.
  const isFile = ({ filename, content }: (typeof parts)[number]) => filename !== null || !isText(content);
  const form = readPairs(
    parts
      .filter((part) => !isFile(part))
      .map(({ name, content }): [string, string] => [name, content.toString('utf8')]),
  );
  if (isRejected(form)) return form;
  const files = parts.filter(isFile);
  return {
    values: form.values,
    files: new Map(files.map(({ name, filename, content }) => [name, { filename: filename ?? '', content }])),
  };
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

function isText(content: Buffer): boolean {
  try {
    UTF_8.decode(content);
    return true;
  } catch {
    return false;
  }
}

/** Members of JSON as a form has them: a list is a value that is repeated, an object stays the text that it is. */
function readJson(text: string): CallForm | Rejected {
  const parsed = parseJsonBody(text);
  if (isRejected(parsed)) return parsed;
  const { value } = parsed;
  if (value === undefined || value === null) return EMPTY;
  if (typeof value !== 'object' || Array.isArray(value))
    return rejected('bad_request', 'The body is not a JSON object. Rule: members are parameters.');
  const pairs = Object.entries(value).flatMap(([name, member]) =>
    (Array.isArray(member) ? (member as unknown[]) : [member]).map((one): [string, string] => [name, textOf(one)]),
  );
  return readPairs(pairs);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function tooMany(): Rejected {
  return rejected('payload_too_large', `The request has more than ${VALUES_MAX} values.`);
}
