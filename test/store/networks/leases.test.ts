import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LeaseReport, ReportedLease } from '../../../src/contract/cluster/agent.ts';
import type { Database } from '../../../src/store/database.ts';
import { lastEventId, readEvents, readRevision } from '../../../src/store/queries/base/events.ts';
import { expireLeases, hasDueLeases, storeLeaseReport } from '../../../src/store/queries/networks/lease-reports.ts';
import {
  findLease,
  listLeases,
  liveLeaseAt,
  liveLeases,
  readLeaseNames,
} from '../../../src/store/queries/networks/leases.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
let database: string;
const NODE = { id: 'n1', name: 'r1' };
const HOUR = 3_600_000;

beforeAll(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  db = postgres.get().open(connection);
  for (const [id, name] of [
    ['n1', 'r1'],
    ['n2', 'r2'],
  ] as const) {
    value(await change(db, (tx) => createNode(tx, { id, name, isRegion: true, isRack: true, addresses: [] })));
  }
  await admin(`insert into subnets (vlan_id, name, cidr) values (1, 'a', '10.10.10.0/24'), (1, 'b', '10.10.11.0/24');
    insert into domains (name, lease_names) values ('regent.internal', true), ('lab.test', true), ('other.test', false);
    insert into machines (id, hostname, domain_id) values ('abcdef', 'web1', 2);
    insert into interfaces (machine_id, name, mac, vlan_id) values ('abcdef', 'eno1', '52:54:00:00:00:07', 1);
    insert into interface_addresses (interface_id, subnet_id, address) values (1, 1, '10.10.10.7')`);
});

beforeEach(() => admin(`delete from leases; delete from lease_series`));

const admin = (text: string) => postgres.get().admin(`set regent.operation = 'test'; ${text}`, database);

function lease(last: number | string, changes: Partial<ReportedLease> = {}): ReportedLease {
  const address = typeof last === 'number' ? `10.10.10.${last}` : last;
  const octet = (Number(address.split('.')[3]) % 256).toString(16).padStart(2, '0');
  return {
    address,
    subnetId: 1,
    mac: `52:54:00:00:00:${octet}`,
    clientId: null,
    hostname: '',
    state: 'active',
    startsAt: new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(),
    expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + HOUR).toISOString(),
    ...changes,
  };
}

function report(sequence: number, changes: Partial<LeaseReport> = {}): LeaseReport {
  return { epoch: 'e', sequence, at: new Date().toISOString(), leases: [], gone: [], whole: null, ...changes };
}

const store = async (body: LeaseReport, node = NODE) =>
  value(await db.repeatable((tx) => storeLeaseReport(tx, node, body)));
const addresses = async (query: Parameters<typeof listLeases>[1] = {}) =>
  value(await db.read((tx) => listLeases(tx, query))).items.map((row) => row.address);
const EVERYTHING = { first: '0.0.0.0', last: '255.255.255.255' };
const DOMAINS = [
  { id: 1, name: 'regent.internal', ttl: null, leaseNames: true },
  { id: 2, name: 'lab.test', ttl: null, leaseNames: true },
];
const names = async () => value(await db.read((tx) => readLeaseNames(tx, DOMAINS, 'regent.internal')));
const observed = async () =>
  value(await db.read((tx) => tx.one(sql<{ observed: number }>`select observed from counters`)))?.observed ?? -1;

describe('reports', () => {
  test('are taken in order, each once, and anew after a gap', async () => {
    expect(await store(report(2, { leases: [lease(100)] }))).toBe('restart');
    expect(await store(report(1, { leases: [lease(100)] }))).toBe('stored');
    expect(await store(report(1, { leases: [lease(101)] }))).toBe('known');
    expect(await store(report(3, { leases: [lease(101)] }))).toBe('restart');
    expect(await store(report(2, { leases: [lease(102)], gone: ['10.10.10.100'] }))).toBe('stored');
    expect(await addresses()).toEqual(['10.10.10.102']);
    expect(await store(report(1, { epoch: 'f', leases: [lease(103)], whole: EVERYTHING }))).toBe('stored');
    expect(await store(report(3, { leases: [lease(100)] }))).toBe('restart');
    expect(await addresses()).toEqual(['10.10.10.103']);
    expect(await addresses({ state: 'expired' })).toEqual(['10.10.10.100', '10.10.10.102']);
  });

  test('a whole stretch ends what it does not name, of its node and between its ends only', async () => {
    await store(report(1, { leases: [lease(100), lease(101), lease(102), lease(110)] }));
    await store(report(1, { leases: [lease(105)] }), { id: 'n2', name: 'r2' });
    await store(report(2, { leases: [lease(101)], whole: { first: '10.10.10.100', last: '10.10.10.109' } }));
    expect(await addresses()).toEqual(['10.10.10.101', '10.10.10.105', '10.10.10.110']);
  });

  test('tell of what came, went or changed its name; not of renewals', async () => {
    const start = value(await db.read(lastEventId));
    const revision = value(await db.read(readRevision));
    await store(report(1, { leases: [lease(100, { hostname: 'pc' }), lease(101)] }));
    const later = new Date(Date.now() + 2 * HOUR).toISOString();
    await store(report(2, { leases: [lease(100, { hostname: 'pc', expiresAt: later })] }));
    await store(report(3, { leases: [lease(100, { hostname: 'laptop' })], gone: ['10.10.10.101', '10.10.10.101'] }));
    await store(report(4, { leases: [lease(100, { hostname: 'laptop', mac: '52:54:00:00:00:ff' })] }));
    const events = value(await db.read((tx) => readEvents(tx, start, 100)));
    expect(events.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      'lease.added 10.10.10.100',
      'lease.added 10.10.10.101',
      'lease.removed 10.10.10.101',
      'lease.changed 10.10.10.100',
      'lease.added 10.10.10.100',
    ]);
    expect(events[3]).toMatchObject({ who: 'node:n1', data: { node: 'r1', hostname: 'laptop' } });
    expect(value(await db.read(readRevision))).toBe(revision);
  });

  test('a thousand at once are one event', async () => {
    const start = value(await db.read(lastEventId));
    const leases = Array.from({ length: 500 }, (_, index) => lease(`10.10.11.${index % 250}`, { subnetId: 2 }));
    await store(report(1, { leases }));
    expect(value(await db.read((tx) => readEvents(tx, start, 100)))).toMatchObject([
      { kind: 'lease.changed', subject: 'r1', data: { added: 250, changed: 0, removed: 0 } },
    ]);
  });

  test('a node with a wrong clock says when by that clock', async () => {
    const off = 90 * 60_000;
    const at = new Date(Date.now() - off).toISOString();
    const times = {
      startsAt: new Date(Date.now() - off).toISOString(),
      expiresAt: new Date(Date.now() - off + 60_000).toISOString(),
    };
    await store(report(1, { at, leases: [lease(100, times)] }));
    const row = value(await db.read((tx) => findLease(tx, '10.10.10.100')));
    expect(row?.state).toBe('active');
    expect(Math.abs(Date.parse(row?.expiresAt ?? '') - Date.now() - 60_000)).toBeLessThan(10_000);
  });

  test('ten thousand leases take less than a second', async () => {
    const many = (page: number) =>
      Array.from({ length: 500 }, (_, index) => {
        const n = page * 500 + index;
        const mac = `52:54:00:01:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
        return lease(`10.20.${n >> 8}.${n & 255}`, { mac, hostname: `host-${n}`, clientId: `01:${mac}` });
      });
    const span = async (first: number) => {
      const started = performance.now();
      for (let page = 0; page < 20; page += 1) {
        const leases = many(page);
        const whole = { first: leases[0]?.address ?? '', last: leases.at(-1)?.address ?? '' };
        expect(await store(report(first + page, { leases, whole }))).toBe('stored');
      }
      return performance.now() - started;
    };
    const took = [await span(1), await span(21)];
    console.info(`10,000 leases: new ${took[0]?.toFixed(0)} ms, again ${took[1]?.toFixed(0)} ms`);
    // Wide room: machines are shared.
    expect(Math.max(...took)).toBeLessThan(8000);
  });
});

describe('reading', () => {
  test('a lease is shown with what the configuration says of it', async () => {
    await store(report(1, { leases: [lease(7), lease(100), lease('192.0.2.9', { subnetId: 77 })] }));
    expect(value(await db.read((tx) => findLease(tx, '10.10.10.7')))).toMatchObject({
      address: '10.10.10.7',
      subnet: '10.10.10.0/24',
      vlan: 'fabric-1/untagged',
      node: 'r1',
      machine: 'web1.lab.test',
      isStatic: true,
      state: 'active',
    });
    expect(value(await db.read((tx) => findLease(tx, '10.10.10.100')))).toMatchObject({
      machine: null,
      isStatic: false,
    });
    expect(value(await db.read((tx) => findLease(tx, '192.0.2.9')))).toMatchObject({
      subnet: null,
      subnetId: null,
      vlan: null,
    });
    expect(value(await db.read((tx) => findLease(tx, '10.10.10.8')))).toBeNull();
  });

  test('filters, orders and pages', async () => {
    await store(
      report(1, {
        leases: [
          lease(9, { hostname: 'b' }),
          lease(100, { hostname: 'a_x' }),
          lease('10.10.11.3', { state: 'declined', mac: null }),
        ],
      }),
    );
    expect(await addresses({ subnetId: 1 })).toEqual(['10.10.10.9', '10.10.10.100']);
    expect(await addresses({ subnetId: 1, sort: 'hostname' })).toEqual(['10.10.10.100', '10.10.10.9']);
    expect(await addresses({ vlanId: 1, state: 'declined' })).toEqual(['10.10.11.3']);
    expect(await addresses({ mac: '52:54:00:00:00:09' })).toEqual(['10.10.10.9']);
    expect(await addresses({ hostname: 'A_' })).toEqual(['10.10.10.100']);
    expect(await addresses({ node: 'r2' })).toEqual([]);
    const first = value(await db.read((tx) => listLeases(tx, { limit: 2, sort: '-address' })));
    expect(first.items.map((row) => row.address)).toEqual(['10.10.11.3', '10.10.10.100']);
    expect(await addresses({ limit: 2, sort: '-address', cursor: first.next ?? '' })).toEqual(['10.10.10.9']);
  });

  test('live ones are found by subnet and address', async () => {
    const past = { expiresAt: new Date(Date.now() - 60_000).toISOString() };
    await store(
      report(1, { leases: [lease(0), lease(100), lease(101, past), lease(255), lease('10.10.11.1')], gone: [] }),
    );
    const live = value(await db.read((tx) => liveLeases(tx, 1)));
    expect(live.map((row) => row.address)).toEqual(['10.10.10.0', '10.10.10.100', '10.10.10.255']);
    expect(value(await db.read((tx) => liveLeaseAt(tx, '10.10.10.100')))).toMatchObject({ mac: '52:54:00:00:00:64' });
    expect(value(await db.read((tx) => liveLeaseAt(tx, '10.10.10.101')))).toBeNull();
  });

  test('of two nodes that know a lease the newer word counts', async () => {
    await store(report(1, { leases: [lease(100, { hostname: 'old', startsAt: '2026-01-01T00:00:00Z' })] }));
    await store(report(1, { leases: [lease(100, { hostname: 'new' })] }), { id: 'n2', name: 'r2' });
    expect(value(await db.read((tx) => listLeases(tx))).items).toMatchObject([{ node: 'r2', hostname: 'new' }]);
    expect(await names()).toMatchObject([{ hostname: 'new' }]);
  });
});

describe('names', () => {
  test('first come keeps the name, also over renewals; a break gives it away', async () => {
    await store(report(1, { leases: [lease(200, { hostname: 'pc' })] }));
    await store(report(2, { leases: [lease(100, { hostname: 'PC.regent.internal.' })] }));
    await store(report(3, { leases: [lease(200, { hostname: 'pc', startsAt: new Date().toISOString() })] }));
    expect(await names()).toEqual([{ hostname: 'pc', address: '10.10.10.200', domainId: 1 }]);
    await store(report(4, { gone: ['10.10.10.200'] }));
    expect(await names()).toEqual([{ hostname: 'pc', address: '10.10.10.100', domainId: 1 }]);
    await store(report(5, { leases: [lease(200, { hostname: 'pc' })] }));
    expect(await names()).toEqual([{ hostname: 'pc', address: '10.10.10.100', domainId: 1 }]);
  });

  test('the number of what was observed grows with names only, and only where a domain wants them', async () => {
    const start = await observed();
    await store(report(1, { leases: [lease(100)] }));
    expect(await observed()).toBe(start);
    await store(report(2, { leases: [lease(100, { hostname: 'pc' })] }));
    await store(
      report(3, { leases: [lease(100, { hostname: 'pc', expiresAt: new Date(Date.now() + 9 * HOUR).toISOString() })] }),
    );
    expect(await observed()).toBe(start + 1);
    await admin(`update domains set lease_names = false`);
    await store(report(4, { gone: ['10.10.10.100'] }));
    expect(await observed()).toBe(start + 1);
    await admin(`update domains set lease_names = name <> 'other.test'`);
  });

  test('a lease that ran out is shown as such at once, and swept with its name', async () => {
    await store(report(1, { leases: [lease(100, { hostname: 'pc' }), lease(101)] }));
    expect(value(await db.read(hasDueLeases))).toBe(false);
    await admin(`update leases set expires_at = now() - interval '1 s' where address = '10.10.10.100'`);
    expect(await addresses()).toEqual(['10.10.10.101']);
    expect(await names()).toHaveLength(1);
    expect(value(await db.read(hasDueLeases))).toBe(true);
    const [start, count] = [value(await db.read(lastEventId)), await observed()];
    expect(value(await db.repeatable(expireLeases))).toBe(1);
    expect(value(await db.repeatable(expireLeases))).toBe(0);
    expect(await names()).toEqual([]);
    expect(await observed()).toBe(count + 1);
    expect(value(await db.read((tx) => readEvents(tx, start, 10)))).toMatchObject([
      { kind: 'lease.removed', subject: '10.10.10.100', data: { hostname: 'pc' } },
    ]);
  });
});

test('what clients call themselves is stored as a text that harms nobody', async () => {
  const hostile = ['a\u0000b', '\u001b[2J', '\ud800', 'x'.repeat(300), "'; drop table leases; --", '*.evil', '\u202e'];
  await store(report(1, { leases: hostile.map((hostname, index) => lease(100 + index, { hostname })) }));
  const rows = value(await db.read((tx) => listLeases(tx))).items;
  expect(rows).toHaveLength(hostile.length);
  for (const row of rows) expect(row.hostname).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]{0,255}$/u);
  expect(await names()).toEqual([]);
});
