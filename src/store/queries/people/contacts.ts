import { sql } from 'kysely';
import type { Contact } from '../../../model/people/contact.ts';
import type { Tx } from '../../tx.ts';

/** All contacts whose object is there, by their names. A rack that waits has no node. */
export function readContacts(tx: Tx): Promise<Contact[]> {
  return tx.all(sql<Contact>`
    select c.name, c.phone, c.address, m.hostname || '.' || d.name as fqdn, r.node_id as "nodeId" from contacts c
    left join machines m on m.id = c.machine_id left join domains d on d.id = m.domain_id left join racks r on r.uuid = c.rack_id
    where c.rack_id is null or r.node_id is not null order by c.name collate "C"`);
}
