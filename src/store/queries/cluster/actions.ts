import { sql } from 'kysely';
import type { Observation } from '../../../contract/cluster/agent.ts';
import type { NodeAction } from '../../../contract/cluster/action.ts';
import { LIMITS } from '../../../contract/base/common.ts';
import type { Tx } from '../../tx.ts';

/** Stores the actions that an agent reports. Known ones stay as they are. */
export async function storeActions(tx: Tx, nodeId: string, report: Pick<Observation, 'services'>): Promise<void> {
  const list = report.services.flatMap(({ service, actions = [] }) =>
    actions.map(({ at, kind, why, trigger = '' }) => ({ service, at, kind, why, trigger })),
  );
  if (list.length === 0) return;
  await tx.run(sql`
    insert into service_actions (node_id, service, at, kind, why, trigger)
    select distinct on (a ->> 'service', a ->> 'at', a ->> 'kind')
      ${nodeId}, a ->> 'service', (a ->> 'at')::timestamptz, a ->> 'kind', a ->> 'why', a ->> 'trigger'
    from jsonb_array_elements(${JSON.stringify(list)}::jsonb) as a
    on conflict do nothing`);
}

/** Which actions: `since` ISO 8601; names of node (or its id) and service. */
export interface ActionQuery {
  readonly since?: string | undefined;
  readonly node?: string | undefined;
  readonly service?: string | undefined;
  readonly limit?: number | undefined;
}

/** The newest `limit` of them, oldest first, over all nodes by their own clocks. */
export async function readActions(tx: Tx, query: ActionQuery = {}): Promise<NodeAction[]> {
  const { since = null, node = null, service = null, limit = LIMITS.pageDefault } = query;
  const rows = await tx.all(sql<NodeAction>`
    select n.name as node, a.service, a.at, a.kind, a.why, a.trigger
    from service_actions a join nodes n on n.id = a.node_id
    where (${since}::timestamptz is null or a.at >= ${since}::timestamptz)
      and (${node}::text is null or ${node} in (n.id, n.name))
      and (${service}::text is null or a.service = ${service})
    order by a.at desc, n.name collate "C" desc, a.service collate "C" desc limit ${limit}`);
  return rows.toReversed();
}
