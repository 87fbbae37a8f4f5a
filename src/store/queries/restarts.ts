import { sql } from 'kysely';
import type { RestartRequest } from '../../model/snapshot.ts';
import type { Tx } from '../tx.ts';

/** Asks for one restart of a service on a node; a new nonce is a new wish, and configuration like any other. */
export async function requestRestart(tx: Tx, request: RestartRequest & { readonly actor: string }): Promise<void> {
  const { nodeId, service, nonce, actor } = request;
  await tx.run(sql`insert into restarts (node_id, service, nonce, actor) values (${nodeId}, ${service}, ${nonce}, ${actor})
    on conflict (node_id, service) do update set nonce = excluded.nonce, actor = excluded.actor, at = now()`);
}
