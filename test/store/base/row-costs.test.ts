import pg from 'pg';
import { expect, test } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';

/** What one new row reads of the others. */

const postgres = usePostgres();

test.each([
  ['machines', `insert into machines (id, hostname, domain_id) select lpad(n::text, 6, '0'), 'm' || n, 1`],
  ['records', `insert into records (domain_id, name, type, data) select 1, 'r' || n, 'TXT', 'x'`],
  ['nodes', `insert into nodes (id, name, is_region, is_rack) select 'n' || n, 'n' || n, false, true`],
  [
    'reservations',
    `insert into reservations (subnet_id, address, mac, hostname)
       select 1, '10.0.1.0'::inet + n, '52:54:01:00:00:' || lpad(to_hex(n), 2, '0'), 'v' || n`,
  ],
])('a new row of %s is found by its id: no other one is read', async (table, insert) => {
  const { database } = await postgres.get().createDatabase();
  const client = new pg.Client(postgres.get().spec(database));
  await client.connect();
  try {
    await client.query(
      `begin; set regent.operation = 'test';
       insert into domains (name) values ('a.test');
       insert into subnets (vlan_id, name, cidr) values (1, 'a', '10.0.0.0/8')`,
    );
    // A function's plan is kept after five calls.
    await client.query(`${insert} from generate_series(1, 100) n`);
    // Of this transaction alone.
    const { rows } = await client.query('select seq_scan from pg_stat_xact_user_tables where relname = $1', [table]);
    expect(rows).toEqual([{ seq_scan: '0' }]);
    const found = await client.query('select count(*)::int as n from name_claims where source = $1', [table]);
    expect(found.rows).toEqual([{ n: 100 }]);
  } finally {
    await client.end();
  }
});
