import { sql } from 'kysely';
import type { Observation } from '../../../contract/cluster/agent.ts';
import type { Tx } from '../../tx.ts';
import type { NewEvent } from '../../write.ts';

/** Is Patroni paused, as the database's primary reports? Null: the report is from no primary, or its agent has not checked. */
export function reportedPause(report: Pick<Observation, 'services'>): boolean | null {
  const db = report.services.find((row) => row.service === 'db')?.facts;
  if (db?.['role'] !== 'primary') return null;
  return db['isPaused'] === true;
}

/** Stores when a pause of Patroni began and that it ended, each with an event. Most reports change nothing and take no lock. */
export async function notePause(tx: Tx, name: string, isPaused: boolean | null): Promise<NewEvent[]> {
  if (isPaused === null) return [];
  const known = await readPause(tx);
  if ((known !== null) === isPaused) return [];
  const changed = isPaused
    ? await tx.run(sql`insert into cluster_pause (node) values (${name}) on conflict do nothing`)
    : await tx.run(sql`delete from cluster_pause`);
  if (changed === 0) return [];
  return [
    { kind: isPaused ? 'cluster.paused' : 'cluster.resumed', subject: name, data: { since: known?.since ?? null } },
  ];
}

/** Since when Patroni is paused; null: no report says so. */
export function readPause(tx: Tx): Promise<{ readonly since: string } | null> {
  return tx.one(sql<{ since: string }>`select since from cluster_pause`);
}
