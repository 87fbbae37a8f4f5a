import { sql } from 'kysely';
import { FEATURES, type Feature } from '../../../model/cluster.ts';
import type { Tx } from '../../tx.ts';

/** A process that wrote nothing for so long does not run, seconds; the processes of a cluster are probed every second. */
const ALIVE_S = 60;

/** Does the cluster do this? Once true it stays so. */
export async function isFeatureOn(tx: Tx, feature: Feature): Promise<boolean> {
  const row = await tx.one(
    sql<{ isOn: boolean }>`select exists (select from features where name = ${feature}) as "isOn"`,
  );
  return row?.isOn === true;
}

/** Names of everything that is on, also what only a newer release knows. */
export async function readFeatures(tx: Tx): Promise<readonly string[]> {
  return (await tx.all(sql<{ name: string }>`select name from features order by name collate "C"`)).map(
    ({ name }) => name,
  );
}

/**
 * Turns on what every region node of the site knows: each has a living process that names it, and no living process does not. One
 * statement that only ever adds rows: any region may do it at any time. Gives what was turned on by this very call.
 */
export async function enableFeatures(tx: Tx, known: readonly string[] = FEATURES): Promise<readonly string[]> {
  const rows = await tx.all(sql<{ name: string }>`
    with living as (select node, features from heartbeats where at > now() - make_interval(secs => ${ALIVE_S}))
    insert into features (name)
    select known.name from unnest(${[...known]}::text[]) as known (name)
    where exists (select from nodes where is_region)
      and not exists (select from nodes where is_region and not exists (
        select from living where living.node = nodes.name and known.name = any (living.features)))
      and not exists (select from living where known.name <> all (living.features))
    on conflict (name) do nothing returning name`);
  return rows.map(({ name }) => name);
}
