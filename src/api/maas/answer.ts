import { type Rejected, type RejectionCode, REJECTIONS } from '../../core/errors.ts';
import type { Operation } from './catalog/base/parse.ts';
import { maasField } from './fields.ts';

/** What is sent. `body` null: nothing. */
export interface MaasAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
/** When a client is to try again while the database is away, seconds. gomaasapi does so four times. */
const RETRY_AFTER_S = '5';
const CHALLENGE = { 'www-authenticate': 'OAuth realm="MAAS API"' };

/** In ECMAScript since 2025; the types of the language do not have it yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown };

/** A number that clients in typed languages take for a broken one, in JSON: 8000 is written as 8000.0. */
export function floatText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/** The same as a value, only for JSON. */
export function float(value: number): number {
  return Number.isInteger(value) ? (RAW.rawJSON(floatText(value)) as number) : value;
}

/** A whole number of any size, only in JSON: all its digits are written. */
export function integer(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : (RAW.rawJSON(String(value)) as number);
}

/** An answer in JSON. */
export function json(value: unknown, status = 200): MaasAnswer {
  return { status, type: JSON_TYPE, body: JSON.stringify(value) };
}

/** An answer that is JSON already, part by part. The first part is made before anything is sent, so that a refusal gets its own status. */
export async function jsonParts(parts: AsyncGenerator<Uint8Array, void>): Promise<MaasAnswer> {
  const first = await parts.next();
  async function* all() {
    if (first.done) return;
    yield first.value;
    for await (const part of parts) {
      yield part;
      // A socket that takes all at once never lets go: rows that have come meanwhile are read, so that the database goes on, and other calls get their turn.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }
  return { status: 200, type: JSON_TYPE, body: all() };
}

/** An answer in plain text. */
export const text = (body: string, status = 200): MaasAnswer => ({ status, type: TEXT_TYPE, body });

export const bytes = (body: Uint8Array, type = 'application/octet-stream'): MaasAnswer => ({ status: 200, type, body });

/** Done, without a body. It has a type all the same: the `maas` command reads it. */
export const nothing = (): MaasAnswer => ({ status: 204, type: TEXT_TYPE, body: null });

/** Codes of the use cases that are answered as bad values, by MAAS's own rule: also a collision, unless the operation has 409. */
const COLLISIONS: readonly RejectionCode[] = ['conflict', 'in_use', 'precondition_failed'];

/**
 * A refusal as MAAS answers it. Bad values: 400 and an object of JSON, field by field; a collision: 409 in plain text where the operation has that status, else as a
 * bad value; the rest in plain text.
 */
export function refusalAnswer(
  refusal: Rejected,
  operation: Pick<Operation, 'hasConflict' | 'parameters'> | null = null,
): MaasAnswer {
  const { code, message, fields } = refusal;
  if (COLLISIONS.includes(code) && operation?.hasConflict && !fields) return text(message, 409);
  if (code === 'invalid_value' || COLLISIONS.includes(code) || code === 'key_reused')
    return json(
      problemsOf(
        refusal,
        (operation?.parameters ?? []).map(({ name }) => name),
      ),
      400,
    );
  const { status } = REJECTIONS[code];
  const headers = {
    ...(status === 503 || status === 429 ? { 'retry-after': RETRY_AFTER_S } : {}),
    ...(status === 401 ? CHALLENGE : {}),
  };
  return { ...text(message, status), headers };
}

/** An operation with the parameter `ip` gets problems of an address under that name. */
const asNamed = (name: string, own: readonly string[]) =>
  own.includes('ip') && ['address', 'ip_address'].includes(name) ? 'ip' : name;

/** `{field: [sentence]}`; what is about no field is under `__all__`. `own`: names that the operation itself has. */
function problemsOf({ code, message, fields }: Rejected, own: readonly string[]): Readonly<Record<string, string[]>> {
  // Tools search for this sentence to find out that a machine is there.
  const isTaken = COLLISIONS.includes(code);
  const problems = new Map<string, string[]>();
  for (const { field, problem, rule } of fields ?? []) {
    const name = asNamed(own.includes(field) ? field : maasField(field), own);
    const problemText = name === 'mac_addresses' && isTaken ? `This MAC address already exists: ${problem}` : problem;
    const sentence = `${problemText.replace(/\.$/, '')}.${rule ? ` Rule: ${rule}.` : ''}`;
    problems.set(name, [...(problems.get(name) ?? []), sentence]);
  }
  if (problems.size === 0) problems.set('__all__', [message]);
  // A null prototype: a field may have any name.
  return Object.assign(Object.create(null) as Record<string, string[]>, Object.fromEntries(problems));
}
