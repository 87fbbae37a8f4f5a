import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LeaseReport, ReportedLease } from '../../../src/contract/cluster/agent.ts';
import { forecastOf } from '../../../src/model/networks/pool.ts';
import type { Database } from '../../../src/store/database.ts';
import { storeLeaseReport } from '../../../src/store/queries/networks/lease-reports.ts';
import { readPools } from '../../../src/store/queries/networks/pool-use.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

/** What pools say by rows and events alone: each case is an hour of a pool of twenty addresses. */

const postgres = usePostgres();
let db: Database;
let database: string;
let sequence = 0;
const HOUR = 3_600_000;
const NODES = [
  { id: 'n1', name: 'k1' },
  { id: 'n2', name: 'k2' },
] as const;
const [K1, K2] = NODES;

beforeAll(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  db = postgres.get().open(connection);
  for (const node of NODES)
    value(await change(db, (tx) => createNode(tx, { ...node, isRegion: true, isRack: true, addresses: [] })));
  await admin(`insert into subnets (vlan_id, name, cidr) values (1, 'a', '10.10.10.0/24'), (1, 'b', '10.10.11.0/24');
    insert into ip_ranges (subnet_id, kind, first, last) values (1, 'dynamic', '10.10.10.100', '10.10.10.119'),
      (1, 'dynamic', '10.10.10.10', '10.10.10.19'), (2, 'reserved', '10.10.11.1', '10.10.11.9')`);
});
beforeEach(() => admin('delete from leases; delete from lease_series; delete from events'));

const admin = (text: string) => postgres.get().admin(`set regent.operation = 'test'; ${text}`, database);

function lease(last: number, start = Date.now()): ReportedLease {
  const [startsAt, expiresAt] = [start, Date.now() + 2 * HOUR].map((ms) => new Date(ms).toISOString()) as [
    string,
    string,
  ];
  const mac = `52:54:00:00:00:${last.toString(16).padStart(2, '0')}`;
  const address = `10.10.10.${last}`;
  return { address, subnetId: 1, mac, clientId: null, hostname: '', state: 'active', startsAt, expiresAt };
}

/** What a rack's agent says: who has come, and who has gone. */
async function told(
  node: (typeof NODES)[number],
  come: readonly number[],
  gone: readonly number[] = [],
  start?: number,
) {
  sequence += 1;
  const report: LeaseReport = {
    epoch: `e${sequence}`,
    sequence: 1,
    at: new Date().toISOString(),
    leases: come.map((last) => lease(last, start)),
    gone: gone.map((last) => `10.10.10.${last}`),
    whole: null,
  };
  expect(value(await db.repeatable((tx) => storeLeaseReport(tx, node, report)))).toBe('stored');
}

/** Lets time go by: all that is stored is so much older. */
const later = (minutes: number) =>
  admin(`update leases set named_since = named_since - interval '${minutes} min', starts_at = starts_at - interval '${minutes} min',
      expires_at = case state when 'expired' then expires_at - interval '${minutes} min' else expires_at end;
    update events set at = at - interval '${minutes} min'`);

async function pool() {
  const rows = value(await db.read((tx) => readPools(tx, { subnetId: 1 })));
  const found = rows.find((row) => row.first === '10.10.10.100');
  if (!found) throw new Error('the pool is away');
  return { ...found, perHour: forecastOf(found, Date.now()).perHour };
}
const span = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe('a pool', () => {
  test('without leases knows nothing of its rate, and all its addresses are free', async () => {
    expect(await pool()).toMatchObject({ size: 20, used: 0, before: 0, seconds: 0, sides: [], perHour: null });
    const all = value(await db.read((tx) => readPools(tx, { vlanId: 1 })));
    expect(all.map(({ first, size, cidr }) => `${cidr} ${first} ${size}`)).toEqual([
      '10.10.10.0/24 10.10.10.10 10',
      '10.10.10.0/24 10.10.10.100 20',
    ]);
    // Nobody serves it.
    expect(value(await db.read((tx) => readPools(tx, 'served')))).toEqual([]);
  });

  test('fills by those that came within the hour', async () => {
    await told(K1, span(100, 4));
    await later(90);
    await told(K1, span(104, 6));
    expect(await pool()).toMatchObject({ used: 10, before: 4, seconds: 3600, perHour: 6 });
    await later(61);
    expect(await pool()).toMatchObject({ used: 10, before: 10, perHour: 0 });
  });

  test('says no rate of less than ten minutes, and of twenty what they tell', async () => {
    await told(K1, [100]);
    await later(9);
    expect(await pool()).toMatchObject({ used: 1, perHour: null });
    await later(11);
    await told(K1, [101, 102]);
    expect((await pool()).perHour).toBeCloseTo(6, 1);
  });

  test('shrinks by those that ended, by themselves or by their clients', async () => {
    await told(K1, span(100, 8));
    await later(90);
    await told(K1, [], [100, 101, 102]);
    expect(await pool()).toMatchObject({ used: 5, before: 8, perHour: -3 });
    await later(61);
    expect(await pool()).toMatchObject({ used: 5, before: 5, perHour: 0 });
  });

  test('stands still where clients come and go', async () => {
    await told(K1, span(100, 10));
    await later(90);
    for (const last of span(100, 10)) {
      await told(K1, [], [last]);
      await later(2);
      await told(K1, [last]);
    }
    expect(await pool()).toMatchObject({ used: 10, before: 10, perHour: 0 });
    // One that came and left within the hour.
    await told(K1, [115]);
    await told(K1, [], [115]);
    expect(await pool()).toMatchObject({ used: 10, before: 10, perHour: 0 });
  });

  test('counts a lease of a pair once; a rack that becomes a partner brings no new ones', async () => {
    const start = Math.floor(Date.now() / 1000) * 1000;
    await told(K1, span(100, 10), [], start);
    await later(90);
    // The client spoke when it spoke: both say the same time.
    await told(K2, span(100, 10), [], start - 1.5 * HOUR);
    await told(K2, [110]);
    const sides = [
      { node: 'k1', used: 10 },
      { node: 'k2', used: 11 },
    ];
    expect(await pool()).toMatchObject({ used: 11, before: 10, sides, perHour: 1 });
    // It was installed anew, and knows nothing: its partner has them all.
    await told(K2, [], span(100, 11));
    expect(await pool()).toMatchObject({ used: 10, before: 10, perHour: 0 });
  });

  test('takes no other client’s address for free: who is newest counts', async () => {
    await told(K1, [100]);
    await later(90);
    const other = { ...lease(100), mac: '52:54:00:00:00:ff' };
    sequence += 1;
    const report = {
      epoch: `e${sequence}`,
      sequence: 1,
      at: new Date().toISOString(),
      leases: [other],
      gone: [],
      whole: null,
    };
    value(await db.repeatable((tx) => storeLeaseReport(tx, K2, report)));
    await told(K1, [], [100]);
    expect(await pool()).toMatchObject({
      used: 1,
      sides: [
        { node: 'k1', used: 0 },
        { node: 'k2', used: 1 },
      ],
    });
  });
});
