import { sql } from 'kysely';
import { type Rejected, rejected } from '../../../core/errors.ts';
import type { SettingName, Settings } from '../../../model/site/settings.ts';
import { readSettings } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

/** A setting. `version` 0: nobody has set it, the default holds. */
export interface SettingRow<N extends SettingName = SettingName> {
  readonly name: N;
  readonly value: Settings[N];
  readonly version: number;
}

/** All settings with their versions, in the order of their names. */
export async function listSettings(tx: Tx): Promise<SettingRow[]> {
  const values = await readSettings(tx);
  const rows = await tx.all(sql<{ name: string; version: number }>`select name, version from settings`);
  const versions = new Map(rows.map(({ name, version }) => [name, version]));
  const names = (Object.keys(values) as SettingName[]).sort();
  return names.map((name) => ({ name, value: values[name], version: versions.get(name) ?? 0 }));
}

/** Sets a checked, canonical value. `ifVersion`: the version that it must still have; null for any. */
export async function setSetting<N extends SettingName>(
  tx: Tx,
  name: N,
  value: Settings[N],
  ifVersion: number | null = null,
): Promise<SettingRow<N> | Rejected> {
  const row = await tx.one(
    sql<{ version: number }>`select version from settings where name = ${name} for no key update`,
  );
  const version = row?.version ?? 0;
  if (ifVersion !== null && ifVersion !== version) {
    const message = `The setting ${name} has version ${version}, not ${ifVersion}: somebody changed it after you read it. Read it again.`;
    return rejected('precondition_failed', message);
  }
  const stored = await tx.one(sql<{ version: number }>`
    insert into settings (name, value) values (${name}, ${JSON.stringify(value)}::jsonb)
    on conflict (name) do update set value = excluded.value returning version`);
  return { name, value, version: stored?.version ?? 0 };
}

/** Back to the default. */
export async function unsetSetting(tx: Tx, name: SettingName): Promise<void> {
  await tx.run(sql`delete from settings where name = ${name}`);
}
