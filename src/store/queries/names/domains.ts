import { sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import { DEFAULT_SETTINGS } from '../../../model/site/settings.ts';
import type { Domain } from '../../../model/names/domain.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, lockRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

export interface DomainRow extends Required<Domain> {
  readonly version: number;
  /** Is it the domain that the setting `default_domain` names? */
  readonly isDefault: boolean;
}

const DOMAINS: Noun = {
  table: 'domains',
  key: 'id',
  label: 'domain',
  columns: sql`t.id, t.name, t.ttl, t.lease_names as "leaseNames", t.version,
    array(select host(a) from unnest(t.transfer_to) with ordinality as u (a, n) order by n) as "transferTo",
    (select k.name from tsig_keys k where k.id = t.transfer_key_id) as "transferKey", t.authoritative, t.forward_to as "forwardTo", t.name = coalesce(
    (select s.value #>> '{}' from settings s where s.name = 'default_domain'), ${sql.lit(DEFAULT_SETTINGS.default_domain)}) as "isDefault"`,
  from: sql`domains t`,
};

export function findDomain(tx: Tx, by: { id: number } | { name: string }): Promise<DomainRow | null> {
  return findRow(tx, DOMAINS, 'id' in by ? sql`t.id = ${by.id}` : sql`t.name = ${by.name}`);
}

/** The longest domain that is `fqdn` or above it. */
export function findDomainOf(tx: Tx, fqdn: string): Promise<DomainRow | null> {
  const labels = fqdn.split('.');
  const names = labels.map((_, index) => labels.slice(index).join('.'));
  return tx.one(sql<DomainRow>`select ${DOMAINS.columns} from ${DOMAINS.from}
    where t.name = any(${names}::text[]) order by length(t.name) desc limit 1`);
}

/**
 * Locks the domain until the transaction ends. Every transaction that adds, moves or removes a name in it does the same, so what it reads of the
 * names afterwards stays true.
 */
export const lockDomain = (tx: Tx, id: number): Promise<Rejected | null> => lockRow(tx, DOMAINS, { key: id });

/** Who may copy a domain (addresses, and the id of a key), and who answers for it; undefined: unchanged. */
interface Servers {
  readonly transferTo?: readonly string[] | undefined;
  readonly transferKeyId?: number | null | undefined;
  readonly authoritative?: boolean | undefined;
  readonly forwardTo?: readonly string[] | undefined;
}

/** A new domain. Without `leaseNames` it gets no names of leases. */
export type NewDomain = Pick<Domain, 'name' | 'ttl'> & Servers & { readonly leaseNames?: boolean | undefined };

export function createDomain(tx: Tx, domain: NewDomain): Promise<DomainRow> {
  return insertRow(tx, DOMAINS, { ...columnsOf(domain), ttl: domain.ttl });
}

function columnsOf(domain: Partial<NewDomain>): Record<string, unknown> {
  return {
    name: domain.name,
    ttl: domain.ttl,
    lease_names: domain.leaseNames,
    transfer_to: domain.transferTo === undefined ? undefined : [...domain.transferTo],
    transfer_key_id: domain.transferKeyId,
    authoritative: domain.authoritative,
    forward_to: domain.forwardTo === undefined ? undefined : [...domain.forwardTo],
  };
}

export function updateDomain(tx: Tx, target: VersionedKey, change: Partial<NewDomain>): Promise<DomainRow | Rejected> {
  return updateRow(tx, DOMAINS, target, columnsOf(change));
}

/** Refused while it has records or machines; `isCascade` takes its records along. */
export async function deleteDomain(
  tx: Tx,
  target: VersionedKey & { isCascade?: boolean },
): Promise<DomainRow | Rejected> {
  if (target.isCascade) {
    const refusal = await lockRow(tx, DOMAINS, target);
    if (refusal) return refusal;
    await tx.run(sql`delete from records where domain_id = ${target.key}`);
  }
  return deleteRow(tx, DOMAINS, target);
}

/** Sorts: id, name. `name`: part of the name; `is`, `isNot`: exactly this one, all but this one. */
export function listDomains(
  tx: Tx,
  query: PageQuery & { name?: string | undefined; is?: string | undefined; isNot?: string | undefined } = {},
): Promise<ListPage<DomainRow>> {
  const filters = [
    query.name === undefined ? undefined : sql`t.name like ${containing(query.name)}`,
    query.is === undefined ? undefined : sql`t.name = ${query.is}`,
    query.isNot === undefined ? undefined : sql`t.name <> ${query.isNot}`,
  ];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"` };
  return listPage(tx, { ...DOMAINS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}
