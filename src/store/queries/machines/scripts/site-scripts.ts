import { sql } from 'kysely';
import type { Rejected } from '../../../../core/errors.ts';
import type { Script } from '../../../../model/machines/scripts/script.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../../rows.ts';
import type { Tx } from '../../../tx.ts';

/** A script of the site. */
export type ScriptRow = Script & { readonly id: number; readonly version: number };

const SCRIPTS: Noun = {
  table: 'scripts',
  key: 'id',
  label: 'script',
  columns: sql`t.id, t.name, t.comment, t.purpose, t.hardware, t.timeout, t.parallel, t.destructive, t.tags, t.parameters, t.content, t.version`,
  from: sql`scripts t`,
};

/** Scripts that a site may have. */
export const SITE_SCRIPTS_MAX = 500;

/** All scripts of the site, by name. */
export function listSiteScripts(tx: Tx): Promise<ScriptRow[]> {
  return tx.all(sql<ScriptRow>`select ${SCRIPTS.columns} from scripts t order by t.name collate "C"`);
}

/** Only their names: a script may be long. */
export async function siteScriptNames(tx: Tx): Promise<string[]> {
  return (await tx.all(sql<{ name: string }>`select name from scripts order by name collate "C"`)).map(
    ({ name }) => name,
  );
}

export function findSiteScript(
  tx: Tx,
  by: { readonly id: number } | { readonly name: string },
): Promise<ScriptRow | null> {
  return findRow(tx, SCRIPTS, 'id' in by ? sql`t.id = ${by.id}` : sql`t.name = ${by.name}`);
}

export function createSiteScript(tx: Tx, script: Script): Promise<ScriptRow> {
  return insertRow(tx, SCRIPTS, columnsOf(script));
}

export function updateSiteScript(tx: Tx, target: VersionedKey, script: Script): Promise<ScriptRow | Rejected> {
  return updateRow(tx, SCRIPTS, target, columnsOf(script));
}

export function deleteSiteScript(tx: Tx, target: VersionedKey): Promise<ScriptRow | Rejected> {
  return deleteRow(tx, SCRIPTS, target);
}

function columnsOf(script: Script): Record<string, unknown> {
  const { name, comment, purpose, hardware, timeout, parallel, destructive, content } = script;
  const lists = { tags: JSON.stringify(script.tags), parameters: JSON.stringify(script.parameters) };
  return { name, comment, purpose, hardware, timeout, parallel, destructive, content, ...lists };
}
