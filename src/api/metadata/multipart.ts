import { type Rejected, rejected } from '../../core/errors.ts';

/** A part of a form (RFC 7578). `content`: its first bytes; `bytes`: how many there were. `filename` null: a field. */
export interface FormPart {
  readonly name: string;
  readonly filename: string | null;
  readonly content: Buffer;
  readonly bytes: number;
}

/** How much of a form is stored. */
export interface FormLimits {
  /** Bytes of one part. */
  readonly part: number;
  /** Bytes of all parts. */
  readonly total: number;
  readonly parts: number;
}

/** Reads a form piece by piece: whatever its length, no more than the limits is held. */
export interface FormReader {
  /** Takes the next bytes; a refusal ends it. */
  feed(chunk: Buffer): Rejected | null;
  /** The parts; a form that is cut off in the middle of a part is refused. */
  end(): readonly FormPart[] | Rejected;
}

const HEADERS_MAX = 8192;
const BOUNDARY_MAX = 200;
const LINE_END = Buffer.from('\r\n');

/** The boundary that a header `Content-Type: multipart/form-data; boundary=…` names; null: it is of another type. Pure. */
export function boundaryOf(contentType: string | undefined): string | null {
  const [, quoted, bare] =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s";]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? bare ?? '';
  return boundary.length > 0 && boundary.length <= BOUNDARY_MAX ? boundary : null;
}

/**
 * Makes a reader. It takes what real clients send: parts in base64 (the `maas` command, cloud-init's scripts), a body without its last line end (Ansible),
 * one with a single part that has no headers (libmaas: no parameters).
 */
export function createFormReader(boundary: string, limits: FormLimits): FormReader {
  const mark = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const parts: FormPart[] = [];
  // As if a line had ended before the first boundary.
  let rest: Buffer = LINE_END;
  let state: 'before' | 'after-mark' | 'headers' | 'body' | 'done' = 'before';
  let open: OpenPart | null = null;
  let [storedBytes, skip] = [0, 0];

  function close(): Rejected | null {
    if (open === null) return null;
    if (parts.length >= limits.parts) return bad(`it has more than ${limits.parts} parts`);
    const part = open.finish();
    open = null;
    if (part !== null) parts.push(part);
    return null;
  }

  function keep(bytes: Buffer): void {
    if (open !== null) storedBytes += open.take(bytes, limits.total - storedBytes);
  }

  /** One step; true: there may be another one in what is at hand. */
  function step(): boolean | Rejected {
    if (state === 'done') {
      rest = Buffer.alloc(0);
      return false;
    }
    if (state === 'after-mark') return afterMark();
    return state === 'headers' ? readHeaders() : toMark();
  }

  /** The line end before the content stays: if there is none, it is that of the next boundary. */
  function readHeaders(): boolean | Rejected {
    const isBare = rest.subarray(0, 2).equals(LINE_END);
    const end = isBare ? 0 : rest.indexOf('\r\n\r\n');
    if (end < 0) return rest.length > HEADERS_MAX ? bad('the headers of a part are too long') : false;
    open = openPart(isBare ? '' : rest.toString('latin1', 0, end), limits.part);
    rest = rest.subarray(isBare ? 0 : end + 2);
    skip = 2;
    state = 'body';
    return true;
  }

  function toMark(): boolean | Rejected {
    const at = rest.indexOf(mark);
    // The end of what is at hand may be the begin of a boundary.
    const end = at < 0 ? rest.length - mark.length : at;
    if (end > skip) {
      keep(rest.subarray(skip, end));
      skip = 0;
    }
    if (at < 0) {
      if (end > 0 && skip === 0) rest = rest.subarray(end);
      return false;
    }
    rest = rest.subarray(at + mark.length);
    [skip, state] = [0, 'after-mark'];
    return close() ?? true;
  }

  function afterMark(): boolean | Rejected {
    if (rest.length < 2) return false;
    if (rest.subarray(0, 2).equals(Buffer.from('--'))) {
      state = 'done';
      return true;
    }
    const end = rest.indexOf('\r\n');
    if (end < 0) return rest.length > HEADERS_MAX ? bad('the line of a boundary does not end') : false;
    rest = rest.subarray(end + 2);
    state = 'headers';
    return true;
  }

  return {
    feed(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const more = step();
        if (typeof more !== 'boolean') return more;
        if (!more) return null;
      }
    },
    end: () => (state === 'done' ? parts : bad('its last part does not end')),
  };
}

/** A part that is being read. */
interface OpenPart {
  /** Keeps what there is room for, in the part and in the form; gives how many bytes that are. */
  take(bytes: Buffer, room: number): number;
  /** Null: it has no name. */
  finish(): FormPart | null;
}

function openPart(headers: string, most: number): OpenPart {
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(headers)?.[1] ?? '';
  const name = parameterOf(disposition, 'name');
  const isBase64 = /^content-transfer-encoding:\s*base64\s*$/im.test(headers);
  const chunks: Buffer[] = [];
  let [held, bytes, padding] = [0, 0, 0];
  return {
    take(raw, room) {
      const { data, padding: more } = isBase64 ? lettersOf(raw) : { data: raw, padding: 0 };
      bytes += data.length;
      padding += more;
      // Four letters are three bytes.
      const letters = (count: number) => (isBase64 ? Math.ceil(count / 3) * 4 : count);
      const part = data.subarray(0, Math.max(0, Math.min(letters(most) - held, letters(room))));
      if (part.length > 0) chunks.push(Buffer.from(part));
      held += part.length;
      return isBase64 ? Math.floor((part.length * 3) / 4) : part.length;
    },
    finish() {
      if (name === null) return null;
      const raw = Buffer.concat(chunks);
      const content = (isBase64 ? Buffer.from(raw.toString('latin1'), 'base64') : raw).subarray(0, most);
      const total = isBase64 ? Math.floor(((bytes - padding) * 3) / 4) : bytes;
      return { name, filename: parameterOf(disposition, 'filename'), content, bytes: Math.max(total, content.length) };
    },
  };
}

/** What of a text in base64 counts: line ends and blanks do not. By index: an iterator takes ten times as long, and these may be 100 MB. */
function lettersOf(raw: Buffer): { readonly data: Buffer; readonly padding: number } {
  const data = Buffer.allocUnsafe(raw.length);
  let [length, padding] = [0, 0];
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at] ?? 0;
    if (byte <= 0x20) continue;
    if (byte === 0x3d) padding += 1;
    data[length] = byte;
    length += 1;
  }
  return { data: data.subarray(0, length), padding };
}

function parameterOf(text: string, name: string): string | null {
  const found = new RegExp(`(?:^|;)\\s*${name}=(?:"([^"]*)"|([^\\s;"]*))`, 'i').exec(text);
  return found ? (found[1] ?? found[2] ?? '') : null;
}

function bad(why: string): Rejected {
  return rejected('bad_request', `The form cannot be read: ${why}.`);
}
