import { sql } from 'kysely';
import { isRejected } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { FEATURES } from '../model/cluster/cluster.ts';
import type { Database } from './database.ts';
import type { Sealer } from '../core/seal.ts';
import { canSeal, SEALED } from './queries/base/sealing.ts';

/** A process that uses the database. `startedAt` ISO 8601. */
export interface ProcessInfo {
  readonly process: string;
  readonly node: string;
  readonly version: string;
  readonly startedAt: string;
}

/** Result of a probe; `latencyMs` null when it failed. */
export type DatabaseHealth = { readonly isUp: boolean; readonly why: string; readonly latencyMs: number | null };

const PROBE_DEADLINE_MS = 2000;

/** The probe of the database: a real write of this process's row, because a hung or read-only server still answers questions. */
export async function beat(db: Database, self: ProcessInfo, clock: Clock): Promise<DatabaseHealth> {
  const start = clock.monotonic();
  const features = await knownFeatures(db.sealer);
  const result = await db.repeatable(
    (tx) =>
      tx.run(sql`insert into heartbeats (process, node, version, started_at, features)
        values (${self.process}, ${self.node}, ${self.version}, ${self.startedAt}, ${[...features]}::text[])
        on conflict (process) do update set at = now(), node = excluded.node, version = excluded.version,
          started_at = excluded.started_at, features = excluded.features`),
    { deadlineMs: PROBE_DEADLINE_MS, isProbe: true },
  );
  const latencyMs = Math.round((clock.monotonic() - start) * 10) / 10;
  if (isRejected(result)) return { isUp: false, why: result.message, latencyMs: null };
  return { isUp: true, why: 'A write was committed.', latencyMs };
}

/** What this process knows and can do: without an authority it cannot seal. */
export async function knownFeatures(sealer: Sealer): Promise<readonly string[]> {
  return (await canSeal(sealer)) ? FEATURES : FEATURES.filter((name) => name !== SEALED);
}

/** Processes that wrote within the last `seconds`. */
export function listProcesses(db: Database, seconds: number) {
  return db.read((tx) =>
    tx.all(sql<ProcessInfo & { readonly at: string }>`
      select process, node, version, started_at as "startedAt", at from heartbeats
      where at > now() - make_interval(secs => ${seconds}) order by process collate "C"`),
  );
}
