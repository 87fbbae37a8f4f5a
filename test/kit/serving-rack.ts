import type { TestPostgres } from './postgres.ts';

const UUID = '11111111-1111-4111-8111-111111111111';

/** Makes a node the rack that serves DHCP on all VLANs: a region believes no other one about leases and boots there. */
export async function serveAllVlans(pg: TestPostgres, database: string, nodeId: string): Promise<void> {
  await pg.admin(
    `set regent.operation = 'test';
     insert into racks (uuid, state, node_id, name, public_key, accepted_at)
       values ('${UUID}', 'accepted', '${nodeId}', '${nodeId}', '${nodeId.padEnd(43, 'x')}', now());
     set session_replication_role = replica; update vlans set dhcp_on = true, primary_rack_id = '${UUID}'`,
    database,
  );
}
