import { sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import type { Database } from '../../database.ts';
import { readLiveRegions } from './standing.ts';
import type { Tx } from '../../tx.ts';

/** A publishing version keeps its place for so many seconds without a living region of that version: a restart is no reason to go back. */
const GATE_HOLD_S = 60;

/**
 * The compiler version that publishes: the newest of the living regions. Gives the version in force. Ask at the start, and again while another
 * version publishes: if all regions went back to an earlier release, that one takes over after `GATE_HOLD_S`.
 */
export function claimCompiler(db: Database, version: string): Promise<string | Rejected> {
  return db.repeatable(async (tx) => {
    await tx.run(sql`insert into gates (name, value) values ('compiler', ${version}) on conflict (name) do nothing`);
    const row = await tx.one(sql<{ value: string; isOld: boolean }>`
      select value, since < now() - make_interval(secs => ${GATE_HOLD_S}) as "isOld"
      from gates where name = 'compiler' for no key update`);
    if (!row || row.value === version) return version;
    if (isNewer(row.value, version)) {
      const living = (await readLiveRegions(tx, GATE_HOLD_S)).map((region) => releaseOf(region.version));
      if (!row.isOld || living.some((other) => isNewer(other, version))) return row.value;
    }
    await tx.run(sql`update gates set value = ${version}, since = now() where name = 'compiler'`);
    return version;
  });
}

/** The version that publishes, and whether a region that was alive within `GATE_HOLD_S` has it. Nobody has claimed it yet: '' and true. */
export async function readCompiler(tx: Tx): Promise<{ readonly version: string; readonly isLiving: boolean }> {
  const row = await tx.one(sql<{ value: string }>`select value from gates where name = 'compiler'`);
  if (!row) return { version: '', isLiving: true };
  const living = await readLiveRegions(tx, GATE_HOLD_S);
  return { version: row.value, isLiving: living.some((region) => releaseOf(region.version) === row.value) };
}

/** A product's version without the part behind `+`: all builds of one release compile the same. */
export const releaseOf = (version: string): string => version.split('+')[0] ?? '';

/** Compares dotted numbers. A part that is no number counts as 0. The part behind `+` does not matter (semver.org §10). */
function isNewer(version: string, other: string): boolean {
  const parts = (text: string) =>
    (text.split('+')[0] ?? '').split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [parts(version), parts(other)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
