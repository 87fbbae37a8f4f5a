import { sql } from 'kysely';
import { listPage, type Page, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** What may be annotated; its column is `<kind>_id`. */
type Kind = 'fabric' | 'vlan' | 'subnet' | 'space' | 'domain';

/** The texts of an object. */
export interface AnnotationRow {
  readonly kind: Kind;
  readonly object: number;
  readonly texts: Readonly<Record<string, string>>;
}

const COLUMNS = sql`case when t.fabric_id is not null then 'fabric' when t.vlan_id is not null then 'vlan'
    when t.subnet_id is not null then 'subnet' when t.space_id is not null then 'space' else 'domain' end as kind,
  coalesce(t.fabric_id, t.vlan_id, t.subnet_id, t.space_id, t.domain_id) as object, t.texts`;

/** Annotations of all objects, in the order in which they were made. */
export function listAnnotations(tx: Tx, query: PageQuery): Promise<Page<AnnotationRow>> {
  const id = sql`t.id`;
  return listPage(tx, { columns: COLUMNS, from: sql`annotations t`, id, sorts: { id }, defaultSort: 'id' }, [], query);
}

/** Adds texts to those of an object; empty ones are taken away. Gives what it has then. */
export async function annotate(
  tx: Tx,
  { kind, object }: Pick<AnnotationRow, 'kind' | 'object'>,
  texts: Readonly<Record<string, string>>,
): Promise<AnnotationRow['texts']> {
  const column = sql.id(`${kind}_id`);
  const given = JSON.stringify(texts);
  const row = await tx.one(sql<Pick<AnnotationRow, 'texts'>>`insert into annotations as t (${column}, texts)
    values (${object}, without_empty(${given}::jsonb))
    on conflict (${column}) do update set texts = without_empty(t.texts || ${given}::jsonb), updated_at = now()
    returning t.texts`);
  return row?.texts ?? {};
}
