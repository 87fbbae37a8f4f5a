import { createHash } from 'node:crypto';
import { stableJson } from './stable-json.ts';

/** SHA-256 of a text, lower-case hex. */
export function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 of a value's stable JSON: equal values have equal digests, whatever the order of their keys. */
export function digestOf(value: unknown): string {
  return textDigest(stableJson(value));
}
