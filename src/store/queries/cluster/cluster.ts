import { sql } from 'kysely';
import { type Rejected, rejected } from '../../../core/errors.ts';
import { isDatabaseExternal } from '../../../model/cluster/cluster.ts';
import type { Cluster } from '../../../model/cluster/node.ts';
import { readCluster } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';
import { enableSiteFeature } from '../base/features.ts';

/** Stores the data that region nodes share. The id and whose the database is stay the first ones; the rest may change. */
export async function writeCluster(tx: Tx, cluster: Omit<Cluster, 'isSeed'>): Promise<Cluster | Rejected> {
  const { id, vip, virtualRouter } = cluster;
  const known = await readCluster(tx);
  if (known && known.id !== id)
    return rejected('conflict', `This database belongs to the cluster ${known.id}; ${id} is another one.`);
  if (known && isDatabaseExternal(known) !== isDatabaseExternal(cluster))
    return rejected(
      'conflict',
      'The kind of database cannot change. Rule: "regent init" decides whether the cluster runs its own database or uses an external one.',
    );
  await (known
    ? tx.run(sql`update cluster set vip = ${vip}::inet, virtual_router = ${virtualRouter} where id = ${id}
        and (vip is distinct from ${vip}::inet or virtual_router <> ${virtualRouter})`)
    : tx.run(sql`insert into cluster (id, vip, virtual_router, external_database)
        values (${id}, ${vip}::inet, ${virtualRouter}, ${isDatabaseExternal(cluster)})`));
  if (isDatabaseExternal(cluster)) await enableSiteFeature(tx, 'external-database');
  return { ...cluster, isSeed: false };
}

/** Which of these addresses machines, reservations or dynamic ranges have, each with a description of its owner. A gateway may be a node. */
export function readAddressUsers(tx: Tx, addresses: readonly string[]): Promise<{ address: string; user: string }[]> {
  return tx.all(sql<{ address: string; user: string }>`
    select w.address, claim_words(c) as "user" from unnest(${[...addresses]}::text[]) as w (address)
    join address_claims c on c.span && inetrange(w.address::inet, w.address::inet, '[]')
    where c.source <> 'subnets' order by w.address::inet`);
}
