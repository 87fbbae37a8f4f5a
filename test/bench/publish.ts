import { sql } from 'kysely';
import { isRejected } from '../../src/core/errors.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { createAgentPort } from '../../src/region/agents.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { SERVICES } from '../../src/services/registry.ts';
import type { Database } from '../../src/store/database.ts';
import { readHeads } from '../../src/store/publication/heads.ts';
import type { KnownParts } from '../../src/store/publication/parts.ts';
import { publishSite } from '../../src/store/publication/publish.ts';
import { claimCompiler } from '../../src/store/queries/cluster/compiler-gate.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { TestPostgres } from '../kit/postgres.ts';
import { aCluster, aCopyKey, aDomain, clusterSnapshot } from '../kit/snapshots.ts';
import { change, value } from '../kit/store.ts';
import { type Figure, median, most } from './report.ts';
import { siteOf } from './site.ts';

const SECONDS = 1_790_000_000;
const CHANGES = 15;
/** Steps that do not count: the first publication, and plans that the server makes. */
const WARM = 3;

/** So small that one more statement, a millisecond, is a tenth of the time. */
const LAB = 'a lab of 3 + 2';

/** The lab's cluster, and a site of the size that numbers.md speaks of with a cluster's services on it. */
const SITES: Readonly<Record<string, () => Snapshot>> = {
  [LAB]: () => clusterSnapshot({ domains: [aDomain(1, 'regent.internal'), aDomain(2, 'site.example')] }),
  '1,000 machines, 200 VLANs, 202 zones, 10 racks': () => ({
    ...siteOf(1000),
    cluster: aCluster(),
    copyKey: aCopyKey(),
  }),
};

/** What publishing one changed record takes: time, bytes kept for one more generation, bytes sent. Bodies whole and by parts in turn. */
export async function benchPublish(): Promise<Figure[]> {
  const postgres = await TestPostgres.start();
  try {
    const figures: Figure[] = [];
    for (const [name, site] of Object.entries(SITES)) {
      const whole = await openSide(postgres, site(), false);
      const parts = await openSide(postgres, site(), true);
      for (let turn = 0; turn < WARM + CHANGES; turn += 1) for (const side of [whole, parts]) await side.step(turn);
      const [before, after] = [whole.medians(), parts.medians()];
      const times = before.times.map((ms, at) => (after.times[at] ?? Number.NaN) / ms);
      const note = `${after.ms.toFixed(0)} ms; whole bodies ${before.ms.toFixed(0)} ms; median of ${CHANGES} pairs`;
      figures.push(
        most(`publish one record, ${name}: time beside whole bodies`, median(times), {
          unit: 'x',
          target: name === LAB ? null : 1.1,
          note,
        }),
        shown(`${name}: kept`, after.kept, before.kept),
        shown(`${name}: written ahead (WAL)`, after.wal, before.wal),
        shown(`${name}: sent`, after.sent, before.sent),
      );
    }
    return figures;
  } finally {
    await postgres.stop();
  }
}

function shown(name: string, bytes: number, before: number): Figure {
  const kb = (count: number) => `${(count / 1000).toFixed(1)} kB`;
  return most(`${name}, beside whole bodies`, bytes / before, {
    unit: 'x',
    target: 1,
    note: `${kb(bytes)}; whole ${kb(before)}`,
  });
}

interface Step {
  readonly ms: number;
  readonly kept: number;
  readonly wal: number;
  readonly sent: number;
}

/** A database with the site's nodes; `step` changes one record, publishes and lets every agent pull. */
async function openSide(postgres: TestPostgres, site: Snapshot, isByParts: boolean) {
  const db = postgres.open(await postgres.createDatabase());
  value(await claimCompiler(db, '1'));
  for (const { id, name, isRegion, isRack } of site.nodes)
    value(await change(db, (tx) => createNode(tx, { id, name, isRegion, isRack, addresses: [] })));
  if (isByParts) value(await change(db, (tx) => tx.run(sql`insert into features (name) values ('parts')`)));
  const agents = createAgentPort(db, () => {});
  const steps: Step[] = [];
  const known: KnownParts = new Map();
  let versions = site.versions;
  let revision = 0;
  const publish = async (turn: number) => {
    revision += 1;
    const record = { id: 100_000, domainId: 2, name: 'changed', type: 'TXT' as const, data: `turn ${turn}`, ttl: null };
    const snapshot = { ...site, revision, versions, records: [...site.records, record] };
    const started = performance.now();
    const heads = value(await db.read(async (tx) => ({ list: await readHeads(tx, undefined, known) }))).list;
    const readMs = performance.now() - started;
    const bodies = new Map(heads.map(({ nodeId, body }) => [nodeId, body]));
    const compiled = compileSite(snapshot, SERVICES, bodies, SECONDS + turn);
    const again = performance.now();
    const numbers = { revision, observed: 0, versionsBefore: versions, versions: compiled.versions };
    const result = await publishSite(db, { compiler: '1', process: 'p', ...numbers, nodes: compiled.nodes, known });
    if (isRejected(result) || result.kind !== 'published') throw new Error(`turn ${turn}: ${result.kind}`);
    versions = compiled.versions;
    return { ms: readMs + performance.now() - again, before: heads };
  };
  return {
    step: async (turn: number) => {
      const [keptBefore, walBefore] = await sizes(db);
      const { ms, before } = await publish(turn);
      const [kept, wal] = await sizes(db);
      let sent = 0;
      for (const { id } of site.nodes) {
        const held = before.find(({ nodeId }) => nodeId === id) ?? { generation: 0, digest: '' };
        const { generation, digest } = held;
        const answer = await agents.pull(id, { generation, digest, parts: isByParts });
        sent += answer === null ? 0 : Buffer.byteLength(JSON.stringify(answer));
      }
      if (turn >= WARM) steps.push({ ms, kept: kept - keptBefore, wal: wal - walBefore, sent });
    },
    medians: () => {
      const of = (key: keyof Step) => median(steps.map((step) => step[key]));
      return { ms: of('ms'), kept: of('kept'), wal: of('wal'), sent: of('sent'), times: steps.map(({ ms }) => ms) };
    },
  };
}

/** Bytes that bodies take as they are kept (compressed), with their rows' heads; and how far the write-ahead log has come. */
async function sizes(db: Database): Promise<readonly [number, number]> {
  const row = value(
    await db.read((tx) =>
      tx.one(sql<{ kept: number; wal: number }>`
        select (
          (select coalesce(sum(24 + coalesce(pg_column_size(body), 0) + coalesce(pg_column_size(root), 0)), 0)
            from (select body, root from desired union all select body, root from publications) as bodies) +
          (select coalesce(sum(24 + pg_column_size(digest) + pg_column_size(content) + pg_column_size(names)), 0) from body_parts)
        )::int8 as kept, (pg_current_wal_insert_lsn() - '0/0')::int8 as wal`),
    ),
  );
  return [Number(row?.kept), Number(row?.wal)];
}
