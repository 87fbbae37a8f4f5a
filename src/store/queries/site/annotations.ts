import { sql } from 'kysely';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** What may be annotated; its column is `<kind>_id`, but the site has a table of its own. */
type AnnotatedNoun = 'fabric' | 'vlan' | 'subnet' | 'space' | 'domain' | 'site';
/** What the site has for an id. */
export const SITE_ID = 1;

/** The texts of an object. */
export interface AnnotationRow {
  readonly kind: AnnotatedNoun;
  readonly object: number;
  readonly texts: Readonly<Record<string, string>>;
}

const COLUMNS = sql`case when t.fabric_id is not null then 'fabric' when t.vlan_id is not null then 'vlan'
    when t.subnet_id is not null then 'subnet' when t.space_id is not null then 'space'
    when t.domain_id is not null then 'domain' else 'site' end as kind,
  coalesce(t.fabric_id, t.vlan_id, t.subnet_id, t.space_id, t.domain_id, ${SITE_ID}) as object, t.texts`;
/** Those of objects, and the site's before them. */
const ALL = sql`(select id, fabric_id, vlan_id, subnet_id, space_id, domain_id, texts from annotations
  union all select 0, null, null, null, null, null, texts from site_annotations) t`;

/** Annotations of all objects, in the order in which they were made. */
export function listAnnotations(tx: Tx, query: PageQuery): Promise<ListPage<AnnotationRow>> {
  const id = sql`t.id`;
  return listPage(tx, { columns: COLUMNS, from: ALL, id, sorts: { id }, defaultSort: 'id' }, [], query);
}

/** Adds texts to those of an object; empty ones are taken away. Gives what it has then. */
export async function annotate(
  tx: Tx,
  { kind, object }: Pick<AnnotationRow, 'kind' | 'object'>,
  texts: Readonly<Record<string, string>>,
): Promise<AnnotationRow['texts']> {
  const given = JSON.stringify(texts);
  if (kind === 'site') {
    const row = await tx.one(sql<Pick<AnnotationRow, 'texts'>>`insert into site_annotations as t (id, texts)
      values (${SITE_ID}, without_empty(${given}::jsonb))
      on conflict (id) do update set texts = without_empty(t.texts || ${given}::jsonb), updated_at = now()
      returning t.texts`);
    return row?.texts ?? {};
  }
  const column = sql.id(`${kind}_id`);
  const row = await tx.one(sql<Pick<AnnotationRow, 'texts'>>`insert into annotations as t (${column}, texts)
    values (${object}, without_empty(${given}::jsonb))
    on conflict (${column}) do update set texts = without_empty(t.texts || ${given}::jsonb), updated_at = now()
    returning t.texts`);
  return row?.texts ?? {};
}
