import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import { digestOf } from '../../../src/core/stable-json.ts';
import { createAgentPort } from '../../../src/region/agents.ts';
import type { Database } from '../../../src/store/database.ts';
import { readDesired } from '../../../src/store/publication/heads.ts';
import { recordHeld } from '../../../src/store/publication/held.ts';
import { publishSite } from '../../../src/store/publication/publish.ts';
import { claimCompiler } from '../../../src/store/queries/cluster/compiler-gate.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

const RACKS = 100;
const CHANGES = 5;
const names = Array.from({ length: RACKS }, (_, index) => `k${index + 1}`);
const bodyOf = (text: string): Desired['body'] => ({ services: { dns: { desired: { text }, restart: null } } });

/** A hundred racks wait for their next desired state, and each wake lets all of them look. */
describe('what the looks of waiting pulls cost', () => {
  const postgres = usePostgres();
  let db: Database;
  let due = 0;
  let agents: ReturnType<typeof createAgentPort>;

  beforeAll(async () => {
    db = postgres.get().open(await postgres.get().createDatabase());
    value(await claimCompiler(db, '1.0.0'));
    for (const name of names)
      value(await change(db, (tx) => createNode(tx, { id: name, name, isRegion: false, isRack: true, addresses: [] })));
    await publish(1, 'first');
    agents = createAgentPort(db, () => (due += 1));
    for (const name of names) await agents.pull(name, await headOf(name));
  }, 120_000);

  const publish = async (revision: number, text: string, some: readonly string[] = names) => {
    const nodes = new Map(
      names.map((name) => [name, { body: bodyOf(some.includes(name) ? text : 'first'), findings: [] }]),
    );
    const numbers = { revision, observed: 0, versionsBefore: [], versions: [] };
    value(await publishSite(db, { compiler: '1.0.0', process: 'p1', ...numbers, nodes }));
  };
  const headOf = async (name: string) => {
    const desired = value(await db.read(async (tx) => ({ found: await readDesired(tx, name) }))).found;
    return { generation: desired?.generation ?? 0, digest: desired?.digest ?? '' };
  };
  /** Transactions that wrote: each has taken a number, and its COMMIT waits for the standbys of a cluster. */
  const writesOf = async (work: () => Promise<unknown>) => {
    const next = async () => {
      const row = value(
        await db.read((tx) =>
          tx.one(sql<{ next: number }>`select pg_snapshot_xmax(pg_current_snapshot())::text::int8 as next`),
        ),
      );
      return Number(row?.next);
    };
    const [before, start] = [await next(), performance.now()];
    await work();
    return { writes: (await next()) - before, ms: Math.round(performance.now() - start) };
  };
  const looks = (look: (name: string) => Promise<unknown>) => async () => {
    for (let turn = 0; turn < CHANGES; turn += 1) await Promise.all(names.map(look));
  };

  it('is no write where nothing is new', async () => {
    const heads = new Map(await Promise.all(names.map(async (name) => [name, await headOf(name)] as const)));
    const held = (name: string) => heads.get(name) ?? { generation: 0, digest: '' };
    const upserts = await writesOf(
      looks((name) => db.repeatable(async (tx) => ({ isDue: await recordHeld(tx, name, held(name)) }))),
    );
    const now = await writesOf(looks(async (name) => expect(await agents.pull(name, held(name))).toBeNull()));
    console.log(
      `${RACKS} pulls × ${CHANGES} changes of others → ${now.writes} writes, ${now.ms} ms (an upsert at each look: ${upserts.writes}, ${upserts.ms} ms)`,
    );
    expect(upserts.writes).toBe(RACKS * CHANGES);
    expect(now.writes).toBe(0);
    expect(due).toBe(0);
  });

  it('is one write for each agent that holds something new, and a body for each that gets one', async () => {
    await publish(2, 'second', ['k7']);
    const before = await headOf('k7');
    const sent = await agents.pull('k7', { generation: before.generation - 1, digest: digestOf(bodyOf('first')) });
    expect(sent).toMatchObject({ generation: before.generation, body: bodyOf('second') });
    const { writes } = await writesOf(async () => {
      expect(await agents.pull('k7', before)).toBeNull();
      expect(await agents.pull('k7', before)).toBeNull();
    });
    expect(writes).toBe(1);
  });

  it('wakes the publisher for an agent that holds what was never published, at each look', async () => {
    const { generation } = await headOf('k8');
    expect(await agents.pull('k8', { generation: generation + 3, digest: 'of before a restore' })).toBeNull();
    expect(due).toBe(1);
    expect(await agents.pull('k8', { generation: generation + 3, digest: 'of before a restore' })).toBeNull();
    expect(due).toBe(2);
    // What nobody believes is answered with what is true.
    expect(await agents.pull('k8', { generation: generation + 1_000_000_000, digest: 'absurd' })).toMatchObject({
      generation,
    });
  });

  it('refuses a node that is not there', async () => {
    await expect(agents.pull('k999', { generation: 0, digest: '' })).rejects.toThrow(/k999|held_node/);
  });
});
