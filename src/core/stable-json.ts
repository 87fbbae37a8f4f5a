import { createHash } from 'node:crypto';

/** Anything that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON with object keys in code-point order and no blanks, so that equal values have equal text on every node.
 * `undefined` members are left out, as JSON.stringify does; a non-finite number is a fault.
 */
export function stableJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`stableJson: ${value} is not a finite number`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => stableJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${stableJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`stableJson: cannot carry a ${typeof value}`);
}

/** SHA-256 of a text, lower-case hex. */
export const textDigest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** SHA-256 of a value's stable JSON: equal values have equal digests, whatever the order of their keys. */
export const digestOf = (value: unknown): string => textDigest(stableJson(value));
