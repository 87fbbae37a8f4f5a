import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** A machine in a state that somebody's decision led to, and that nobody has. */
export type OwnerlessMachine = { readonly machine: string; readonly state: string };

/** Rows that the doctor gets at most. */
const OWNERLESS_MAX = 100;

/**
 * Reads machines without an owner, by name. Earlier releases deleted users who had machines; now a user with machines
 * cannot be deleted.
 */
export function listOwnerless(tx: Tx): Promise<OwnerlessMachine[]> {
  return tx.all(sql<OwnerlessMachine>`select m.hostname || '.' || d.name as machine, s.state
    from machine_states s join machines m on m.id = s.machine_id join domains d on d.id = m.domain_id
    where s.owner is null and (s.state in ('allocated', 'failed-deployment', 'failed-releasing', 'failed-disk-erasing')
      or running_system(m.id) is not null)
    order by m.hostname collate "C", d.name collate "C" limit ${OWNERLESS_MAX}`);
}
