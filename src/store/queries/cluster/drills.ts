import { sql } from 'kysely';
import type { DrillEntry, DrillRecording, DrillRound, DrillRoundCreate } from '../../../contract/cluster/drill.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

const ENTRY = sql`t.run, t.number, t.written_at as "writtenAt"`;
const BROKEN = sql`(select coalesce(json_agg(distinct c ->> 'what'), '[]') from jsonb_array_elements(t.verdict -> 'checks') c
    where c ->> 'isHeld' = 'false')`;
const ROUND = sql`t.id, t.run, t.hazard, t.round, t.seed, t.started_at as "startedAt", t.passed as "isPassed", ${BROKEN} as broken,
  t.version, t.verdict ->> 'label' as label, t.stored_at as "storedAt"`;

/** Stores a number of a run. The same number again is refused; a caller that repeats one write uses the same Idempotency-Key. */
export async function writeDrillNumber(tx: Tx, run: string, number: number): Promise<DrillEntry> {
  const row = await tx.one(sql<DrillEntry>`
    insert into drill_ledger as t (run, number) values (${run}::uuid, ${number}) returning ${ENTRY}`);
  if (row === null) throw new Error('the number that was just written is not there');
  return row;
}

/** Numbers of a run. Sorts: number. */
export function listDrillNumbers(tx: Tx, run: string, query: PageQuery = {}): Promise<ListPage<DrillEntry>> {
  const number = sql`t.number`;
  const spec = { columns: ENTRY, from: sql`drill_ledger t`, id: number, sorts: { number }, defaultSort: 'number' };
  return listPage(tx, spec, [sql`t.run = ${run}::uuid`], query);
}

/** Stores a round. The columns follow from its verdict. `version`: of the product. */
export async function storeDrillRound(tx: Tx, round: DrillRoundCreate & { version: string }): Promise<DrillRound> {
  const { run, verdict, timeline, version } = round;
  const row = await tx.one(sql<DrillRound>`
    insert into drill_rounds as t (run, hazard, round, seed, started_at, passed, version, verdict, timeline)
    values (${run}::uuid, ${verdict.hazard}, ${verdict.round}, ${verdict.seed}, ${verdict.startedAt}, ${verdict.isPassed}, ${version},
      ${JSON.stringify(verdict)}::jsonb, ${JSON.stringify(timeline)}::jsonb)
    returning ${ROUND}`);
  if (row === null) throw new Error('the round that was just stored is not there');
  return row;
}

/** A round with its verdict and its recording; null when there is none. */
export function findDrillRound(tx: Tx, id: number): Promise<DrillRecording | null> {
  return tx.one(sql<DrillRecording>`select ${ROUND}, t.verdict, t.timeline from drill_rounds t where t.id = ${id}`);
}

/** All filters are exact. */
export interface DrillRoundFilter extends PageQuery {
  readonly hazard?: string | undefined;
  readonly isPassed?: boolean | undefined;
  readonly run?: string | undefined;
}

/** Rounds without their recordings. Sorts: id. By default the newest first. */
export function listDrillRounds(tx: Tx, query: DrillRoundFilter = {}): Promise<ListPage<DrillRound>> {
  const filters = [
    query.hazard === undefined ? undefined : sql`t.hazard = ${query.hazard}`,
    query.isPassed === undefined ? undefined : sql`t.passed = ${query.isPassed}`,
    query.run === undefined ? undefined : sql`t.run = ${query.run}::uuid`,
  ];
  const id = sql`t.id`;
  const spec = { columns: ROUND, from: sql`drill_rounds t`, id, sorts: { id }, defaultSort: '-id' };
  return listPage(tx, spec, filters, query);
}

/** A round with its verdict, and its recording without the probes' data, so that hundreds fit into memory. */
export interface DrillOutline {
  readonly id: number;
  readonly run: string;
  readonly version: string;
  readonly verdict: unknown;
  readonly timeline: unknown;
  /** The size of the whole recording as JSON. */
  readonly bytes: number;
}

/** One round, or a run's rounds in the order in which they were stored. */
export function outlineDrillRounds(
  tx: Tx,
  which: { readonly id: number } | { readonly run: string },
  limit: number,
): Promise<readonly DrillOutline[]> {
  const filter = 'id' in which ? sql`t.id = ${which.id}` : sql`t.run = ${which.run}::uuid`;
  return tx.all(sql<DrillOutline>`
    select t.id, t.run, t.version, t.verdict, jsonb_set(t.timeline, '{lanes}', '[]') as timeline,
      octet_length(t.timeline::text) as bytes
    from drill_rounds t where ${filter} order by t.id limit ${limit}`);
}
