import { sql } from 'kysely';
import type { Observation, ServiceObservation } from '../../contract/cluster/agent.ts';
import type { Tx } from '../tx.ts';

/** What the checkers of a node reported of a service in a publication. `held`: parts that were left out, the rest is in force. */
export interface PublicationRefusal {
  readonly nodeId: string;
  readonly generation: number;
  readonly service: string;
  readonly state: ServiceObservation['state'];
  readonly why: string;
  readonly held: NonNullable<ServiceObservation['held']>;
  readonly at: string;
}

/** States of a service whose new configuration is not in force. */
const NOT_TAKEN: readonly ServiceObservation['state'][] = [
  'render_failed',
  'rejected',
  'check_failed',
  'install_failed',
  'rolled_back',
];

/** Stores which services of a publication a node did not take whole, as long as the publication is stored. */
export async function keepRefusals(tx: Tx, nodeId: string, { services }: Pick<Observation, 'services'>): Promise<void> {
  const refused = services.filter(({ state, held = [] }) => NOT_TAKEN.includes(state) || held.length > 0);
  if (refused.length === 0) return;
  const of = (pick: (service: ServiceObservation) => string) => refused.map(pick);
  await tx.run(sql`insert into refusals as r (node_id, generation, service, state, why, held)
    select p.node_id, p.generation, incoming.service, incoming.state, incoming.why, incoming.held::jsonb
    from unnest(${refused.map(({ wanted }) => wanted)}::bigint[], ${of(({ service }) => service)}::text[], ${of(({ state }) => state)}::text[],
      ${of(({ why }) => why)}::text[], ${of(({ held = [] }) => JSON.stringify(held))}::text[])
      as incoming (generation, service, state, why, held)
    join publications p on p.node_id = ${nodeId} and p.generation = incoming.generation
    on conflict (node_id, generation, service) do update set state = excluded.state, why = excluded.why, held = excluded.held, at = now()
    where (r.state, r.why, r.held) is distinct from (excluded.state, excluded.why, excluded.held)`);
}

/** The refusals of these publications, by node and service. */
export function readRefusals(
  tx: Tx,
  publications: readonly { readonly nodeId: string; readonly generation: number }[],
): Promise<PublicationRefusal[]> {
  return tx.all(sql<PublicationRefusal>`select r.node_id as "nodeId", r.generation, r.service, r.state, r.why, r.held, r.at
    from refusals r
      join unnest(${publications.map(({ nodeId }) => nodeId)}::text[], ${publications.map(({ generation }) => generation)}::bigint[])
        as p (node_id, generation) using (node_id, generation)
    order by r.node_id collate "C", r.service collate "C"`);
}
