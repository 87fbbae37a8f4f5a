import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileSite } from '../../../src/services/compile-node.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import type { Database } from '../../../src/store/database.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

/** Stored by an earlier release, or by hand → what is told, and what is in force. */
const CASES: readonly (readonly [string, string, string | null])[] = [
  ['maas_proxy_port', '8008', 'maas_proxy_port is no longer allowed; 8000 is in force instead. Rule: '],
  ['maas_proxy_port', '2379', 'maas_proxy_port is no longer allowed; 8000 is in force instead. Rule: '],
  ['maas_proxy_port', '8001', null],
  ['dns_rate_limit', '"many"', 'dns_rate_limit is no longer allowed; '],
  ['upstream_dns', '["nobody"]', 'upstream_dns is no longer allowed; none is in force instead. Rule: '],
  ['http_proxy', '"http://user:geheim@ /"', 'http_proxy is no longer allowed; none is in force instead. Rule: '],
  ['from_the_future', '1', null],
];

describe('a stored value that today’s rules refuse', () => {
  const postgres = usePostgres();
  let db: Database;
  const table: string[] = [];
  beforeAll(async () => {
    db = postgres.get().open(await postgres.get().createDatabase());
    const node = { id: 'r1', name: 'r1', isRegion: true, isRack: false, addresses: ['10.77.0.11'] };
    value(await change(db, (tx) => createNode(tx, node)));
  });
  afterAll(() => console.log(['stored → told', ...table].join('\n')));

  it.each(CASES)('%s %s', async (name, stored, told) => {
    value(
      await change(db, async (tx) => {
        await tx.run(sql`delete from settings`);
        await tx.run(sql`insert into settings (name, value) values (${name}, ${stored}::jsonb)`);
        return null;
      }),
    );
    const snapshot = value(await db.read(readSnapshot));
    const { nodes } = compileSite(snapshot, SERVICES, new Map(), 1);
    const found = [...nodes.values()].flatMap(({ findings }) =>
      findings.filter(({ code }) => code === 'setting_refused'),
    );
    table.push(`  ${name} ${stored.includes('geheim') ? '(a secret)' : stored} → ${found[0]?.sentence ?? 'nothing'}`);
    expect(found.map(({ subject, severity }) => `${severity} ${subject}`)).toEqual(
      told === null ? [] : [`warning setting ${name}`],
    );
    expect(found[0]?.sentence ?? '').toContain(told ?? '');
    // A value may be a secret.
    expect(JSON.stringify(found)).not.toContain('geheim');
  });
});
