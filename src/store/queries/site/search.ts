import { type RawBuilder, sql } from 'kysely';
import { columnOf, type Declaration, tableOf } from '../../../contract/base/declare.ts';
import { SEARCHED_NOUNS } from '../../../contract/search.ts';
import { containing } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** An object that was found. `ref`: how calls name it; `detail`: what distinguishes it, for people. */
export type Hit = { readonly kind: string; readonly ref: string; readonly name: string; readonly detail: string };

/**
 * Objects of these kinds with a part of the text in a name, an address or a MAC; at most `limit` of each kind, exact ones first, then shorter names.
 * Lower-case text: all that is searched is.
 */
export async function searchObjects(
  tx: Tx,
  text: string,
  { kinds, limit }: { readonly kinds: readonly string[]; readonly limit: number },
): Promise<Hit[]> {
  const like = containing(text);
  const hits: Hit[] = [];
  for (const kind of kinds) {
    const found = SEARCHES[kind]?.(like);
    if (found === undefined) continue;
    const rows = await tx.all(sql<Hit>`select ${kind} as kind, ref, name, detail from (${found}) as hits
      order by (lower(name) = ${text}) desc, length(name), name collate "C", ref limit ${limit}`);
    hits.push(...rows);
  }
  return hits;
}

const SEARCHES: Readonly<Record<string, (like: string) => RawBuilder<unknown>>> = {
  machine: (like) => sql`
    select m.id as ref, m.hostname || '.' || d.name as name, coalesce((select string_agg(i.mac, ' ' order by i.id) from interfaces i where i.machine_id = m.id), '') as detail
    from machines m join domains d on d.id = m.domain_id
    where m.hostname || '.' || d.name like ${like} or m.id like ${like}
      or exists (select from interfaces i where i.machine_id = m.id and i.mac like ${like})
      or exists (select from interfaces i join interface_addresses a on a.interface_id = i.id where i.machine_id = m.id and host(a.address) like ${like})`,
  record: (like) => sql`
    select r.id::text as ref, case r.name when '@' then d.name else r.name || '.' || d.name end as name, r.type || ' ' || left(r.data, 100) as detail
    from records r join domains d on d.id = r.domain_id
    where case r.name when '@' then d.name else r.name || '.' || d.name end like ${like} or lower(r.data) like ${like}`,
  domain: (like) => sql`select name as ref, name, '' as detail from domains where name like ${like}`,
  reservation: (like) => sql`
    select host(address) as ref, host(address) as name, concat_ws(' ', hostname, mac, nullif(left(comment, 100), '')) as detail from reservations
    where host(address) like ${like} or hostname like ${like} or mac like ${like} or lower(comment) like ${like}`,
  lease: (like) => sql`
    select distinct host(address) as ref, host(address) as name, concat_ws(' ', nullif(hostname, ''), mac) as detail from leases
    where state <> 'expired' and expires_at > now() and (host(address) like ${like} or lower(hostname) like ${like} or mac like ${like})`,
  subnet: (like) => sql`
    select s.id::text as ref, text(s.cidr) as name, s.name || ' on ' || f.name || '/' || v.name as detail
    from subnets s join vlans v on v.id = s.vlan_id join fabrics f on f.id = v.fabric_id
    where text(s.cidr) like ${like} or lower(s.name) like ${like}`,
  vlan: (like) => sql`
    select v.id::text as ref, f.name || '/' || v.name as name, 'VID ' || v.vid as detail from vlans v join fabrics f on f.id = v.fabric_id
    where lower(f.name || '/' || v.name) like ${like} or 'vid ' || v.vid like ${like}`,
  node: (like) => sql`
    select name as ref, name, array_to_string(array(select host(a) from unnest(addresses) a), ' ') as detail from nodes
    where name like ${like} or exists (select from unnest(addresses) a where host(a) like ${like})`,
  rack: (like) =>
    sql`select uuid as ref, name, state as detail from racks where lower(name) like ${like} or uuid like ${like}`,
  user: (like) => sql`select name as ref, name, role as detail from users where name like ${like}`,
  ...Object.fromEntries(SEARCHED_NOUNS.map((declaration) => [declaration.noun, searchOf(declaration)])),
};

/** The search of a declared noun: its fields that the search reads, with the others than the name as the detail. */
function searchOf(declaration: Declaration): (like: string) => RawBuilder<unknown> {
  const columns = (declaration.searched ?? []).map((member) => sql.ref(columnOf(member)));
  const details = columns.slice(1).map((column) => sql`nullif(${column}, '')`);
  return (like) => sql`
    select id::text as ref, name, concat_ws(' ', ${sql.join(details)}) as detail from ${sql.table(tableOf(declaration))}
    where ${sql.join(
      columns.map((column) => sql`lower(${column}) like ${like}`),
      sql` or `,
    )}`;
}
