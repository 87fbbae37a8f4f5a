import { sql } from 'kysely';
import type { InnerTrust } from '../../../core/node-identity.ts';
import type { Tx } from '../../tx.ts';
import { raiseObserved } from '../base/watermark.ts';

/** Whom daemons of region nodes let in; null: nothing was signed yet. */
export function readInnerTrust(tx: Tx): Promise<InnerTrust | null> {
  return tx.one(sql<InnerTrust>`select authority, revocations, serials from inner_trust`);
}

/** Stores it; compilers read it. */
export async function storeInnerTrust(tx: Tx, { authority, revocations, serials }: InnerTrust): Promise<void> {
  await tx.run(sql`insert into inner_trust (authority, revocations, serials) values (${authority}, ${revocations}, ${[...serials]})
    on conflict (id) do update set authority = excluded.authority, revocations = excluded.revocations, serials = excluded.serials,
      signed_at = now()`);
  await raiseObserved(tx);
}

/** Serial numbers that daemons of region nodes take from nobody: revoked ones, and those of racks that do not say what they are. Sorted. */
export async function readInnerSerials(tx: Tx): Promise<string[]> {
  const rows = await tx.all(sql<{ serial: string }>`
    select c.serial from certificates c left join nodes n on n.id = c.node_id
      where c.not_after > now() - interval '1 hour'
        and (c.revoked_at is not null or (not c.names_role and n.is_region is distinct from true))
      order by c.serial collate "C"`);
  return rows.map(({ serial }) => serial);
}
