import { createHash, timingSafeEqual } from 'node:crypto';

/** What is stored of a machine-made secret: its SHA-256 in hex. Such secrets have 128 bits and more, so no slow hash is needed. */
export const secretDigest = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Is this the secret whose digest is stored? Takes the same time whatever differs; `stored` null is never right. */
export function isSecret(secret: string, stored: string | null): boolean {
  const given = Buffer.from(secretDigest(secret));
  const wanted = Buffer.from((stored ?? '').padEnd(given.length, '-').slice(0, given.length));
  return timingSafeEqual(given, wanted) && stored !== null;
}
