import { sql } from 'kysely';
import type { RestartRequest } from '../../../model/cluster/node.ts';
import type { Tx } from '../../tx.ts';

/** Asks for one restart of a service on a node. A new nonce is a new request; a request is configuration. */
export async function requestRestart(tx: Tx, request: RestartRequest & { readonly actor: string }): Promise<void> {
  const { nodeId, service, nonce, actor } = request;
  await tx.run(sql`insert into restarts (node_id, service, nonce, actor) values (${nodeId}, ${service}, ${nonce}, ${actor})
    on conflict (node_id, service) do update set nonce = excluded.nonce, actor = excluded.actor, at = now()`);
}

/** The last request for every service and node. */
export function readRestarts(tx: Tx): Promise<RestartRequest[]> {
  return tx.all(sql<RestartRequest>`
    select node_id as "nodeId", service, nonce from restarts order by node_id collate "C", service collate "C"`);
}

/** The nonce of the last request for a service on a node, by the node's name; null: there is none. */
export async function readRestartNonce(tx: Tx, node: string, service: string): Promise<string | null> {
  const row = await tx.one(sql<{ nonce: string }>`
    select nonce from restarts r join nodes n on n.id = r.node_id where n.name = ${node} and r.service = ${service}`);
  return row?.nonce ?? null;
}
