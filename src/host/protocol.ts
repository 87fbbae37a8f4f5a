import { AppError } from '../core/errors.ts';

/** The helper's wire: one JSON object per line in each direction, matched by `id`. Version 1; both ends are of one release. */
export interface HelperRequest {
  readonly id: number;
  readonly op: HelperOperation;
  readonly args: readonly unknown[];
  /** The caller stops waiting after this time, ms. */
  readonly deadlineMs: number;
}

export const HELPER_OPERATIONS = [
  'read',
  'list',
  'install',
  'move',
  'remove',
  'state',
  'act',
  'mount',
  'exec',
  'facts',
  'changes',
] as const;
export type HelperOperation = (typeof HELPER_OPERATIONS)[number];

/** An answer: a value, or a fault with the code of the AppError that the caller gets. */
export type HelperResponse =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: { readonly code: string; readonly message: string } };

/** Longest line, bytes; a longer one ends the connection. */
export const LINE_LIMIT = 16 * 1024 * 1024;

/** Splits a byte stream into lines. Throws AppError `protocol` if a line is longer than the limit. */
export class LineReader {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(limit = LINE_LIMIT) {
    this.#limit = limit;
  }

  /** Takes received bytes, gives the lines that they completed, without line ends. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      this.#keep(rest.subarray(0, end));
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#size = 0;
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
    return lines;
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#limit) throw new AppError('protocol', `a line is longer than ${this.#limit} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }
}

/** Reads a request; throws AppError `protocol` for anything else. */
export function parseRequest(line: string): HelperRequest {
  const value = parseObject(line);
  const { id, op, args, deadlineMs } = value;
  const operation = HELPER_OPERATIONS.find((known) => known === op);
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw new AppError('protocol', 'a request needs an id');
  if (!operation || !Array.isArray(args) || typeof deadlineMs !== 'number' || !(deadlineMs > 0)) {
    throw new AppError('protocol', 'a request has "id", "op", "args" and "deadlineMs"');
  }
  return { id, op: operation, args, deadlineMs };
}

/** Reads a response; throws AppError `protocol` for anything else. */
export function parseResponse(line: string): HelperResponse {
  const { id, value, fault } = parseObject(line);
  if (typeof id !== 'number') throw new AppError('protocol', 'a response needs an id');
  if (fault === undefined) return { id, value: value ?? null };
  if (!isRecord(fault)) throw new AppError('protocol', 'a fault has a code and a message');
  return { id, fault: { code: String(fault['code']), message: String(fault['message']) } };
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new AppError('protocol', 'a line is not JSON');
  }
  if (!isRecord(value)) throw new AppError('protocol', 'a line is not an object');
  return value;
}

/** Is it an object with members? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
