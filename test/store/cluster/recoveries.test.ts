import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RecoveryRows } from '../../../src/join/recover/ports.ts';
import { recoveryDatabase } from '../../../src/main/region/recovery-database.ts';
import type { Database } from '../../../src/store/database.ts';
import { recordCertificate } from '../../../src/store/queries/cluster/certificates.ts';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { readPlaces } from '../../../src/store/queries/cluster/places.ts';
import { readRecoveries } from '../../../src/store/queries/cluster/recoveries.ts';
import { createNode, listNodes, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
const [A, B] = [
  { id: '4f2e90ab', at: 1_790_000_000_123 },
  { id: '00000001', at: 1_790_000_100_456 },
];
const SIGNATURE = 'c2lnbmVkIGJ5IHRoZSBhdXRob3JpdHk=';
const ROWS: RecoveryRows = {
  nodeId: 'n2',
  epoch: [A],
  signature: SIGNATURE,
  // As the ledger had it: r4 was removed from the database since, r3 joined since.
  lost: [
    { name: 'r1', address: '10.77.0.11' },
    { name: 'r4', address: '10.77.0.14' },
  ],
  sentences: ['No majority.'],
};
let db: Database;
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  const now = Date.now();
  value(
    await change(db, async (tx) => {
      await writeCluster(tx, { id: 'regent-c1', vip: '10.77.0.10/24', virtualRouter: 51 });
      for (const n of [1, 2, 3]) {
        await createNode(tx, {
          id: `n${n}`,
          name: `r${n}`,
          isRegion: true,
          isRack: false,
          addresses: [`10.77.0.1${n}`],
          ...(n === 3 ? { state: 'joining' as const } : {}),
        });
        await recordCertificate(tx, {
          serial: `0${n}`,
          nodeId: `n${n}`,
          notBefore: now - 1000,
          notAfter: now + 1_000_000,
        });
      }
      await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: ['10.77.0.21'] });
      // A region node that is a rack, too: its VLANs stay its own.
      await createNode(tx, { id: 'n5', name: 'r5', isRegion: true, isRack: true, addresses: ['10.77.0.15'] });
      await updateNode(tx, { key: 'n2' }, { isDrained: true });
      return null;
    }),
  );
});
const recover = (rows: Partial<RecoveryRows> = {}) => recoveryDatabase(db).write({ ...ROWS, ...rows });
const nodes = async () =>
  value(await db.read((tx) => listNodes(tx))).items.map(({ name, isRegion, isRack, isDrained }) => [
    name,
    isRegion,
    isRack,
    isDrained,
  ]);

describe('a recovery in the database', () => {
  test('takes out every other region node, revokes what they show, and keeps the rest', async () => {
    expect(await recover()).toBeNull();
    expect(await nodes()).toEqual([
      ['k1', false, true, false],
      ['r2', true, false, false],
      ['r5', false, true, false],
    ]);
    const revoked = value(
      await db.read((tx) =>
        tx.all(
          sql<{
            serial: string;
            why: string;
          }>`select serial, revoked_why as why from certificates where revoked_at is not null order by serial`,
        ),
      ),
    );
    expect(revoked).toEqual(
      ['01', '03'].map((serial) => ({ serial, why: 'the cluster was recovered on r2 without it' })),
    );
    expect(value(await db.read(readPlaces)).map(({ name, nodeId }) => [name, nodeId])).toEqual([['r5', 'n5']]);
    const events = value(
      await db.read((tx) => tx.all(sql<{ kind: string }>`select kind from events where kind like 'cluster.%'`)),
    );
    expect(events).toEqual([{ kind: 'cluster.recovered' }]);
  });

  test('is what all nodes hear of: the epoch, its signature, and who was ever lost', async () => {
    expect(await recover()).toBeNull();
    const lost = ['11', '13', '14', '15'].map((n) => ({ name: `r${n[1]}`, address: `10.77.0.${n}` }));
    expect(value(await db.read(readSnapshot)).cluster?.recovered).toEqual({
      epoch: '2/4f2e90ab@1790000000123',
      id: '4f2e90ab',
      signature: SIGNATURE,
      lost,
    });
    value(
      await change(db, (tx) =>
        createNode(tx, { id: 'n6', name: 'r6', isRegion: true, isRack: false, addresses: ['10.77.0.11'] }),
      ),
    );
    expect(await recover({ nodeId: 'n6', epoch: [A, B], lost: [] })).toBeNull();
    const { recovered } = value(await db.read(readSnapshot)).cluster ?? {};
    expect(recovered).toMatchObject({ epoch: '3/4f2e90ab@1790000000123/00000001@1790000100456', id: '00000001' });
    expect(recovered?.lost.map(({ address }) => address)).toEqual([
      '10.77.0.11',
      '10.77.0.12',
      '10.77.0.13',
      '10.77.0.14',
      '10.77.0.15',
    ]);
  });

  test('is written once, however often the command is run', async () => {
    for (const _ of ['first', 'again', 'and again']) expect(await recover()).toBeNull();
    expect(value(await db.read(readRecoveries)).length).toBe(1);
    value(
      await change(db, (tx) =>
        createNode(tx, { id: 'n7', name: 'r7', isRegion: true, isRack: false, addresses: ['10.77.0.17'] }),
      ),
    );
    // A host that has joined since is no lost one.
    expect(await recover()).toBeNull();
    expect((await nodes()).map(([name]) => name)).toContain('r7');
  });

  test('is refused for a host that the database does not know', async () => {
    expect(refusal(await recover({ nodeId: 'nobody' })).code).toBe('not_found');
    expect(value(await db.read(readRecoveries))).toEqual([]);
    expect((await nodes()).length).toBe(5);
  });

  test('is found by a look', async () => {
    expect(await recoveryDatabase(db).readSite('n2')).toMatchObject({
      node: { name: 'r2', isRegion: true },
      clusterId: 'regent-c1',
    });
    expect(await recoveryDatabase(db).readSite('nobody')).toMatchObject({ node: null, clusterId: 'regent-c1' });
    expect(await recoveryDatabase(db).migrate()).toEqual([]);
  });
});
