import { sql } from 'kysely';
import { FEATURES, type Feature, type SITE_FEATURES } from '../../../model/cluster/cluster.ts';
import type { Tx } from '../../tx.ts';

/** A process that has written nothing for so many seconds does not run. The processes of a cluster are probed every second. */
const ALIVE_S = 60;

/** Does the cluster use this feature? Once true, it stays true. */
export async function isFeatureOn(tx: Tx, feature: Feature): Promise<boolean> {
  const row = await tx.one(
    sql<{ isOn: boolean }>`select exists (select from features where name = ${feature}) as "isOn"`,
  );
  return row?.isOn === true;
}

/** Names of all features that are on, also those that only a newer release has. */
export async function readFeatures(tx: Tx): Promise<readonly string[]> {
  return (await tx.all(sql<{ name: string }>`select name from features order by name collate "C"`)).map(
    ({ name }) => name,
  );
}

/**
 * Turns on the features that every region node of the site has: each node has a living process that names the feature, and no living process lacks
 * it. This one statement only adds rows, so any region may run it at any time. Gives the features that this call turned on.
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

/** Turns on a feature that the site uses from its beginning. */
export async function enableSiteFeature(tx: Tx, feature: (typeof SITE_FEATURES)[number]): Promise<void> {
  await tx.run(sql`insert into features (name) values (${feature}) on conflict (name) do nothing`);
}
