import { sql } from 'kysely';
import type { Observation } from '../../../contract/cluster/agent.ts';
import type { SubnetHolder } from '../../../model/networks/lease.ts';
import type { Tx } from '../../tx.ts';
import { raiseObserved } from '../base/watermark.ts';

/** What a publication takes away from a node, and what it gives. `isFenced`: its partner serves and owns the pair alone. */
export interface SubnetMoves {
  readonly gone: readonly (Omit<SubnetHolder, 'nodeId'> & { readonly isFenced: boolean })[];
  readonly here: readonly Omit<SubnetHolder, 'nodeId'>[];
}

/** A rack that is silent for this time is not waited for, if its partner owns the pair alone. */
const SILENT = sql`interval '30 seconds'`;

/** Networks of which nodes have not reported that they stopped serving. */
export function readSubnetHolders(tx: Tx): Promise<SubnetHolder[]> {
  return tx.all(sql<SubnetHolder>`select node_id as "nodeId", service, network::text as cidr from subnet_releases
    order by node_id collate "C", service collate "C", network`);
}

/** Notes what the node's new generation takes away, in the transaction that publishes it. */
export async function storeReleases(
  tx: Tx,
  { nodeId, generation }: { readonly nodeId: string; readonly generation: number },
  { gone, here }: SubnetMoves,
): Promise<void> {
  if (here.length > 0)
    await tx.run(sql`delete from subnet_releases r
      using unnest(${here.map(({ service }) => service)}::text[], ${here.map(({ cidr }) => cidr)}::cidr[]) as h (service, network)
      where r.node_id = ${nodeId} and r.service = h.service and r.network = h.network`);
  if (gone.length === 0) return;
  await tx.run(sql`
    insert into subnet_releases (node_id, service, network, generation, is_fenced)
    select n.id, g.service, g.network, ${generation}, g.is_fenced
    from unnest(${gone.map(({ service }) => service)}::text[], ${gone.map(({ cidr }) => cidr)}::cidr[],
      ${gone.map(({ isFenced }) => isFenced)}::boolean[]) as g (service, network, is_fenced) join nodes n on n.id = ${nodeId}
    on conflict (node_id, service, network) do update
      set generation = excluded.generation, is_fenced = excluded.is_fenced, at = now()`);
}

type ReleaseRow = SubnetHolder & { readonly generation: number; readonly isDead: boolean };

/** Who has let a network go. */
interface ReleasedEvent {
  readonly kind: 'subnet.released';
  readonly subject: string;
  readonly data: { readonly node: string; readonly service: string; readonly why: string };
}

/**
 * Ends what a node's report proves: a service that is not in it runs no more, one that is has a later generation in
 * force. Whoever waits may go on: compilers see it by `observed`, and wake by the events that it gives. Leases that the
 * partner of a silent rack has confirmed also end.
 */
export async function confirmReleases(
  tx: Tx,
  node: { readonly id: string },
  report: Pick<Observation, 'generation' | 'services'>,
): Promise<ReleasedEvent[]> {
  const rows = await tx.all(sql<ReleaseRow>`
    select r.node_id as "nodeId", r.service, r.network::text as cidr, r.generation,
      r.is_fenced and o.reported_at < now() - ${SILENT} as "isDead"
    from subnet_releases r join node_observations o using (node_id) where r.node_id = ${node.id} or r.is_fenced`);
  const applied = new Map(report.services.map((row) => [row.service, row.applied ?? 0]));
  const isOver = ({ nodeId, service, generation, isDead }: ReleaseRow) =>
    nodeId === node.id ? (applied.get(service) ?? report.generation) >= generation : isDead;
  const over = rows.filter(isOver);
  if (over.length === 0) return [];
  await tx.run(sql`delete from subnet_releases r
    using unnest(${over.map(({ nodeId }) => nodeId)}::text[], ${over.map(({ service }) => service)}::text[],
      ${over.map(({ cidr }) => cidr)}::cidr[]) as d (node_id, service, network)
    where r.node_id = d.node_id and r.service = d.service and r.network = d.network`);
  await raiseObserved(tx);
  return over.map(({ nodeId, service, cidr, isDead }) => ({
    kind: 'subnet.released',
    subject: cidr,
    data: { node: nodeId, service, why: isDead ? 'silent while its partner owned the pair alone' : 'reported' },
  }));
}
