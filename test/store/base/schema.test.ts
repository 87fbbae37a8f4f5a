import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SENTENCES } from '../../../src/store/constraints.ts';
import { usePostgres } from '../../kit/postgres.ts';

const postgres = usePostgres();

/** The schema as text, in an order that does not depend on when a thing was made. */
const DUMP = `
  select 'table ' || c.relname as place, 1 as part, a.attnum::text as n,
    format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' else '' end,
      case when a.attidentity <> '' then ' identity'
        when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  union all
  select 'table ' || k.conrelid::regclass, 2, k.conname, format('  constraint %s %s', k.conname, pg_get_constraintdef(k.oid))
  from pg_constraint k where k.connamespace = 'public'::regnamespace and k.conrelid <> 0 and k.contype <> 'n'
  union all
  select 'table ' || i.indrelid::regclass, 3, c.relname, '  ' || pg_get_indexdef(i.indexrelid)
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where c.relnamespace = 'public'::regnamespace
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  union all
  select 'table ' || t.tgrelid::regclass, 4, t.tgname, '  ' || pg_get_triggerdef(t.oid)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
  union all
  select 'function ' || p.oid::regprocedure, 1, '', pg_get_functiondef(p.oid)
  from pg_proc p where p.pronamespace = 'public'::regnamespace`;

test('the schema is the one in the golden file', async () => {
  const connection = await postgres.get().createDatabase();
  const rows = await postgres.get().admin<{ place: string; part: number; n: string; line: string }>(
    `select * from (${DUMP}) as dump
     order by place collate "C" desc, part, case when part = 1 then lpad(n, 4, '0') else n end collate "C"`,
    connection.database,
  );
  let place = '';
  const lines = rows.flatMap((row) => {
    const head = row.place === place ? [] : ['', row.place];
    place = row.place;
    return [...head, row.line];
  });
  await expect(`${lines.join('\n').trim()}\n`).toMatchFileSnapshot('../../golden/schema.sql');
});

test('every constraint that a request can break has its sentence', async () => {
  const connection = await postgres.get().createDatabase();
  const rows = await postgres.get().admin<{ name: string }>(
    `select conname as name from pg_constraint
       where connamespace = 'public'::regnamespace and conrelid <> 0 and contype in ('c', 'f', 'u', 'x')
     union select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = 'public'::regnamespace and i.indisunique and c.relname not like '%_pkey'`,
    connection.database,
  );
  // Rows that only Regent itself writes: breaking one of these is a fault, not a refusal.
  const internal = [
    'changes_operation_key',
    'counters_single',
    'desired_generation_range',
    'versions_range',
    'tsig_secrets_one',
  ];
  const isInternal = (name: string) =>
    internal.includes(name) ||
    /^(?:lease(?:s|_reports|_series|_releases)|cluster_roles|cluster_pause|alert_deliveries|doctor_findings|jobs|job_targets|bmc_pins|commands|command_secrets|features|body_parts|subnet_releases|boot_step_series|images|image_(?:files|pieces|places)|node_places|recoveries|series|site_certificate|inner_trust|pair_authorities|login_failures|boot_source_syncs|ignored_machines|password_hashes|sessions|run_scripts|deployed_addresses|machine_(?:deployments|enlistments|states|steps|tokens|inventories|script_results|script_outputs))_/.test(
      name,
    ) ||
    /^(?:desired|publications)_(?:has_body|root)$/.test(name);
  const missing = rows.map(({ name }) => name).filter((name) => !(name in SENTENCES) && !isInternal(name));
  expect(missing).toEqual([]);
});

test('no sentence is for a constraint that does not exist', () => {
  const schema = readFileSync(new URL('../../golden/schema.sql', import.meta.url), 'utf8');
  expect(Object.keys(SENTENCES).filter((name) => !new RegExp(`\\b${name}\\b`).test(schema))).toEqual([]);
});
