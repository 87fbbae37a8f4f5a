import { sql } from 'kysely';
import type { OutputKind, ResultState, RunPurpose } from '../../../../model/machines/machine-run.ts';
import type { Tx } from '../../../tx.ts';

/** A script of a run and how it went. Times ISO 8601 by the database's clock; null: not known. */
export interface ScriptResultRow {
  readonly id: number;
  readonly run: number;
  readonly purpose: RunPurpose;
  readonly script: string;
  readonly state: ResultState;
  readonly exitStatus: number | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly at: string;
  /** What it gave out, in bytes; how much of it is stored. */
  readonly outputs: readonly { readonly kind: OutputKind; readonly bytes: number; readonly kept: number }[];
}

/** Of a machine at most so many results stay. */
const RESULTS_RETAINED = 500;

const COLUMNS = sql`t.id, t.run, t.purpose, t.script, t.state, t.exit_status as "exitStatus", t.started_at as "startedAt", t.ended_at as "endedAt", t.at,
  coalesce((select json_agg(json_build_object('kind', o.kind, 'bytes', o.bytes, 'kept', octet_length(o.content)) order by o.kind)
    from machine_script_outputs o where o.result_id = t.id), '[]') as outputs`;

/** A report of a script. `state`: left out if only outputs come. */
export interface ScriptReport {
  readonly machineId: string;
  readonly run: number;
  readonly purpose: RunPurpose;
  readonly script: string;
  readonly state: ResultState;
  readonly exitStatus: number | null;
}

/**
 * Takes note of a script that runs or has ended; gives the id of its result. A later report replaces an earlier one, but what has ended does not run again: such
 * a report is late. An equal one changes nothing.
 */
export async function storeScriptResult(tx: Tx, report: ScriptReport): Promise<number> {
  const { machineId, run, purpose, script, state, exitStatus } = report;
  const isEnd = state !== 'running';
  const row = await tx.one(sql<{ id: number }>`
    insert into machine_script_results as t (machine_id, run, purpose, script, state, exit_status, started_at, ended_at)
    values (${machineId}, ${run}, ${purpose}, ${script}, ${state}, ${exitStatus}::int, case when not ${isEnd} then clock_timestamp() end,
      case when ${isEnd} then clock_timestamp() end)
    on conflict (machine_id, run, script) do update set
      state = case when t.ended_at is not null and not ${isEnd} then t.state else excluded.state end,
      exit_status = case when t.ended_at is not null and not ${isEnd} then t.exit_status else excluded.exit_status end,
      started_at = coalesce(t.started_at, excluded.started_at), ended_at = coalesce(t.ended_at, excluded.ended_at), at = clock_timestamp()
    returning id`);
  await tx.run(sql`delete from machine_script_results where machine_id = ${machineId} and id <= (
    select id from machine_script_results where machine_id = ${machineId} order by id desc offset ${RESULTS_RETAINED} limit 1)`);
  if (row === null) throw new Error('the result that was just written is not there');
  return row.id;
}

/** Keeps an output of a script, in place of what it gave before. `bytes`: how many there were. */
export async function storeScriptOutput(
  tx: Tx,
  resultId: number,
  { kind, content, bytes }: { readonly kind: OutputKind; readonly content: Uint8Array; readonly bytes: number },
): Promise<void> {
  await tx.run(sql`insert into machine_script_outputs (result_id, kind, content, bytes)
    values (${resultId}, ${kind}, ${Buffer.from(content)}::bytea, ${bytes}::bigint)
    on conflict (result_id, kind) do update set content = excluded.content, bytes = excluded.bytes`);
}

/** Results of a machine, the newest run first, its scripts in the order in which they began. `run`: only of this one. */
export function listScriptResults(tx: Tx, machineId: string, run?: number): Promise<ScriptResultRow[]> {
  return tx.all(sql<ScriptResultRow>`select ${COLUMNS} from machine_script_results t
    where t.machine_id = ${machineId} ${run === undefined ? sql`` : sql`and t.run = ${run}`} order by t.run desc, t.id limit ${RESULTS_RETAINED}`);
}

/** The outputs of a result of a machine; null: it has no such result. */
export async function readScriptOutputs(
  tx: Tx,
  machineId: string,
  id: number,
): Promise<
  (ScriptResultRow & { readonly contents: readonly { kind: OutputKind; content: Buffer; bytes: number }[] }) | null
> {
  const row = await tx.one(
    sql<ScriptResultRow>`select ${COLUMNS} from machine_script_results t where t.id = ${id} and t.machine_id = ${machineId}`,
  );
  if (row === null) return null;
  const contents = await tx.all(sql<{ kind: OutputKind; content: Buffer; bytes: number }>`
    select kind, content, bytes::float8 as bytes from machine_script_outputs where result_id = ${id} order by kind`);
  return { ...row, contents };
}

/** Gives each script of a run its result, which waits for it; gives their numbers. Those that are there already stay as they are. */
export async function storePendingScripts(
  tx: Tx,
  { machineId, run, purpose }: Pick<ScriptReport, 'machineId' | 'run' | 'purpose'>,
  scripts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  await tx.run(sql`insert into machine_script_results (machine_id, run, purpose, script, state)
    select ${machineId}, ${run}, ${purpose}, name, 'pending' from unnest(${[...scripts]}::text[]) as name
    on conflict (machine_id, run, script) do nothing`);
  const rows = await tx.all(sql<{ id: number; script: string }>`select id, script from machine_script_results
    where machine_id = ${machineId} and run = ${run} and script = any(${[...scripts]}::text[])`);
  return new Map(rows.map(({ id, script }) => [script, id]));
}

/** The script of a run that has this result; null: it has no such result. */
export async function findScriptOf(
  tx: Tx,
  { machineId, run }: Pick<ScriptReport, 'machineId' | 'run'>,
  id: number,
): Promise<string | null> {
  const row = await tx.one(sql<{ script: string }>`select script from machine_script_results
    where id = ${id} and machine_id = ${machineId} and run = ${run}`);
  return row?.script ?? null;
}
