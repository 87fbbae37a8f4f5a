import { sql } from 'kysely';
import type { ScriptHardware } from '../../../../model/machines/scripts/script.ts';
import type { ParameterValues, ScriptParameters } from '../../../../model/machines/scripts/script-parameter.ts';
import type { Tx } from '../../../tx.ts';

/** A script of a run, as it was when the run began. `instanceOf`: the script's own name; `sealed`: values that are passwords, null: none. */
export interface RunScriptRow {
  readonly name: string;
  readonly instanceOf: string;
  readonly hardware: ScriptHardware;
  readonly timeout: number;
  readonly isParallel: boolean;
  readonly parameters: ScriptParameters;
  readonly given: ParameterValues;
  readonly sealed: string | null;
  readonly content: string;
}

/** Gives a run its scripts, in their order, in place of those that it had. */
export async function storeRunScripts(tx: Tx, run: number, scripts: readonly RunScriptRow[]): Promise<void> {
  await tx.run(sql`update machine_tokens set has_scripts = true where id = ${run}`);
  await tx.run(sql`delete from run_scripts where run = ${run}`);
  if (scripts.length === 0) return;
  const rows = scripts.map(
    ({ name, instanceOf, hardware, timeout, isParallel, parameters, given, sealed, content }, position) =>
      sql`(${run}::int, ${name}, ${position}::int, ${instanceOf}, ${hardware}, ${timeout}::int, ${isParallel}::boolean, ${JSON.stringify(parameters)}::jsonb,
        ${JSON.stringify(given)}::jsonb, ${sealed}::text, ${content})`,
  );
  await tx.run(sql`insert into run_scripts (run, name, position, instance_of, hardware, timeout, is_parallel, parameters, given, sealed, content)
    values ${sql.join(rows)}`);
}

/** The scripts of a run in their order; null: no choice of scripts was stored for the run. */
export async function readRunScripts(tx: Tx, run: number): Promise<readonly RunScriptRow[] | null> {
  const row = await tx.one(sql<{ has: boolean }>`select has_scripts as has from machine_tokens where id = ${run}`);
  if (row?.has !== true) return null;
  return tx.all(sql<RunScriptRow>`select name, instance_of as "instanceOf", hardware, timeout, is_parallel as "isParallel", parameters, given, sealed, content
    from run_scripts where run = ${run} order by position`);
}

/** How long a script of a run may take, seconds, 0: as long as it takes; null: the run has no such script. */
export async function readScriptTimeout(tx: Tx, run: number, name: string): Promise<number | null> {
  const row = await tx.one(
    sql<{ timeout: number }>`select timeout from run_scripts where run = ${run} and name = ${name}`,
  );
  return row?.timeout ?? null;
}
