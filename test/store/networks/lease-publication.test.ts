import { beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { claimCompiler } from '../../../src/store/queries/cluster/compiler-gate.ts';
import { type StoredFinding } from '../../../src/store/publication/findings.ts';
import { readPublication } from '../../../src/store/publication/heads.ts';
import { publishSite } from '../../../src/store/publication/publish.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { readWatermark } from '../../../src/store/queries/base/watermark.ts';
import { expireLeases, storeLeaseReport } from '../../../src/store/queries/networks/lease-reports.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;

beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  value(await claimCompiler(db, '1.0.0'));
  value(
    await change(db, async (tx) => {
      await createDomain(tx, { name: 'regent.internal', ttl: null, leaseNames: true });
      return createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: true, addresses: [] });
    }),
  );
});

const named = (sequence: number, hostname: string, lifetimeMs = 3_600_000) =>
  db.repeatable((tx) =>
    storeLeaseReport(
      tx,
      { id: 'n1', name: 'r1' },
      {
        epoch: 'e',
        sequence,
        at: new Date().toISOString(),
        leases: [
          {
            address: '10.10.10.100',
            subnetId: 1,
            mac: '52:54:00:00:00:01',
            clientId: null,
            hostname,
            state: 'active',
            startsAt: new Date().toISOString(),
            expiresAt: new Date(Date.now() + lifetimeMs).toISOString(),
          },
        ],
        gone: [],
        whole: null,
      },
    ),
  );

/** One round of a publisher: read, compile (the names are the body), publish. */
async function publishOnce(process: string) {
  const snapshot = value(await db.read(readSnapshot));
  const names = snapshot.leaseNames.map((name) => name.hostname);
  const body = { services: { dns: { desired: { names }, restart: null } } };
  return value(
    await publishSite(db, {
      compiler: '1.0.0',
      process,
      revision: snapshot.revision,
      observed: snapshot.observed,
      versionsBefore: snapshot.versions,
      versions: snapshot.versions,
      nodes: new Map([['n1', { body, findings: [] as StoredFinding[] }]]),
    }),
  );
}

const publishedAt = async (generation: number) => {
  const head = value(await db.read((tx) => readPublication(tx, 'n1', { generation })));
  const desired = head?.body.services['dns']?.desired as { names: string[] } | undefined;
  return desired?.names ?? null;
};

test('a name comes and goes while the revision stays', async () => {
  await publishOnce('p1');
  const { revision } = value(await db.read(readWatermark));
  value(await named(1, 'pc', 50));
  expect(await publishOnce('p1')).toMatchObject({ kind: 'published', nodes: [{ generation: 2, revision }] });
  await expect.poll(async () => value(await db.repeatable(expireLeases)), { timeout: 5000 }).toBe(1);
  expect(await publishOnce('p2')).toMatchObject({ kind: 'published', nodes: [{ generation: 3, revision }] });
  expect([await publishedAt(2), await publishedAt(3)]).toEqual([['pc'], []]);
  expect(value(await db.read(readWatermark)).revision).toBe(revision);
});

test('a snapshot with older names never publishes, though the revision is the same', async () => {
  const old = value(await db.read(readSnapshot));
  value(await named(1, 'pc'));
  await publishOnce('p1');
  const body = { services: { dns: { desired: { names: ['stale'] }, restart: null } } };
  const site = {
    compiler: '1.0.0',
    process: 'p2',
    versionsBefore: [],
    versions: [],
    nodes: new Map([['n1', { body, findings: [] }]]),
  };
  const late = await publishSite(db, { ...site, revision: old.revision, observed: old.observed });
  expect(value(late)).toMatchObject({ kind: 'lost', why: expect.stringContaining('observed') });
});

test('rival publishers under a stream of names: never backwards, never flapping, the last name wins', async () => {
  const last = 40;
  let isWriting = true;
  const publisher = async (process: string) => {
    for (;;) {
      const isLast = !isWriting;
      const { kind } = await publishOnce(process);
      if (isLast && kind !== 'lost') return;
    }
  };
  const running = Promise.all(['p1', 'p2', 'p3'].map(publisher));
  for (let n = 1; n <= last; n += 1) value(await named(n, `pc-${n}`));
  isWriting = false;
  await running;
  const seen: number[] = [];
  for (let generation = 1; ; generation += 1) {
    const names = await publishedAt(generation);
    if (names === null) break;
    seen.push(Number(names[0]?.slice(3) ?? 0));
  }
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(last);
});

test('another set of interfaces is observed, equal ones are not', async () => {
  const report = (addresses: string[]) => ({
    nodeId: 'n1',
    generation: 0,
    digest: '',
    agentVersion: '1',
    agentSince: new Date().toISOString(),
    staleSince: null,
    facts: {
      hostname: 'r1',
      os: { id: 'debian', version: '13' },
      isContainer: false,
      interfaces: [{ name: 'eth1', mac: '52:54:00:00:00:01', addresses }],
      versions: {},
    },
    services: [],
  });
  const store = async (addresses: string[]) =>
    value(await db.repeatable((tx) => storeObservation(tx, { id: 'n1', name: 'r1' }, report(addresses))));
  const observed = async () => value(await db.read(readWatermark)).observed;
  const start = await observed();
  await store(['10.10.10.1/24']);
  await store(['10.10.10.1/24']);
  expect(await observed()).toBe(start + 1);
  await store([]);
  expect(await observed()).toBe(start + 2);
});
