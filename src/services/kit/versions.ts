import { compareText } from '../../core/order.ts';
import type { Version } from '../../model/snapshot.ts';

/** The largest number that a version may have: a zone's serial has 32 bits (RFC 1035 §3.3.13). */
export const VERSION_MAX = 0xffff_ffff;

/** A thing whose content needs a number. */
export type WantedVersion = { readonly service: string; readonly key: string; readonly digest: string };

/**
 * The numbers to publish content under. Unchanged content keeps its number; changed content gets
 * `max(previous + 1, nowSeconds)`, so that a number never goes back: not when the clock does, nor after a restore of an
 * older database. A thing that is gone keeps its row, so that it continues from there if it returns.
 *
 * At `VERSION_MAX` a row stays as it is, with its old digest: the service then finds no number for its content and its
 * last desired state stays in force. Rows come sorted by service and key.
 */
export function nextVersions(
  current: readonly Version[],
  wanted: readonly WantedVersion[],
  nowSeconds: number,
): readonly Version[] {
  const rows = new Map(current.map((row) => [idOf(row), row]));
  for (const want of wanted) {
    const row = rows.get(idOf(want));
    if (row?.digest === want.digest) continue;
    const version = Math.max((row?.version ?? 0) + 1, Math.floor(nowSeconds));
    if (version <= VERSION_MAX)
      rows.set(idOf(want), { service: want.service, key: want.key, digest: want.digest, version });
  }
  return [...rows.values()].sort((a, b) => compareText(a.service, b.service) || compareText(a.key, b.key));
}

function idOf(row: { readonly service: string; readonly key: string }): string {
  return JSON.stringify([row.service, row.key]);
}
