import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { machineEvent } from '../../../src/region/machines/lifecycle/event.ts';
import type { Database } from '../../../src/store/database.ts';
import { createImage, setDefaultImage } from '../../../src/store/queries/images/images.ts';
import { createMachine, deleteMachine } from '../../../src/store/queries/machines/machines.ts';
import { storeInventory } from '../../../src/store/queries/machines/machine-inventories.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import type { WriteTx } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { seed } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** What the snapshot says of machines that boot, and that whoever compiles hears of it. */

const postgres = usePostgres();
const M = 'aaaaaa';
const UUID = '564d1a2b-0000-4000-8000-525400aa0001';
const DIGEST = 'ab'.repeat(32);
let db: Database;
const say = async <T>(body: (tx: WriteTx) => Promise<T>) => value(await change(db, body));
const snapshot = async () => value(await db.read(readSnapshot));
const commission = () => say((tx) => machineEvent(tx, { machineId: M, event: 'commission', by: 'operator' }));

/** By how much `observed` grew, and whether the revision stayed. */
async function grown(body: () => Promise<unknown>) {
  const before = await snapshot();
  await body();
  const after = await snapshot();
  return { observed: after.observed - before.observed, isSameRevision: after.revision === before.revision };
}

beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  await seed(db);
  await say(async (tx) => {
    const { id: domainId = 0 } = (await tx.one(sql<{ id: number }>`select id from domains order by id limit 1`)) ?? {};
    await createMachine(tx, { id: M, hostname: 'm1', domainId, interfaces: [] });
  });
});

describe('the snapshot of what machines boot', () => {
  it('says nothing of a machine that is new', async () => {
    expect(await snapshot()).not.toHaveProperty('machineStages');
  });

  it('has a machine that is on its way with its deadline, and grows by it without a revision', async () => {
    const asked = Date.now() / 1000;
    expect(await grown(commission)).toEqual({ observed: 1, isSameRevision: true });
    const [stage] = (await snapshot()).machineStages ?? [];
    expect(stage).toMatchObject({ machineId: M, state: 'commissioning', before: null, uuid: null });
    // The setting node_timeout, 30 minutes.
    expect(Math.abs((stage?.until ?? 0) - asked - 1800)).toBeLessThan(30);
  });

  it('does not grow by what says nothing of boots', async () => {
    await commission();
    const seen = () => say((tx) => machineEvent(tx, { machineId: M, event: 'boot-seen', by: 'rack' }));
    expect(await grown(seen)).toEqual({ observed: 0, isSameRevision: true });
  });

  it('remembers where a machine goes back to, and what it told of itself', async () => {
    const tell = () =>
      say((tx) =>
        storeInventory(tx, M, { source: '', inventory: { system: { uuid: UUID } }, problems: [], bmc: null }),
      );
    expect(await grown(tell)).toEqual({ observed: 1, isSameRevision: true });
    await say((tx) => machineEvent(tx, { machineId: M, event: 'mark-broken', by: 'operator' }));
    expect((await snapshot()).machineStages).toEqual([
      {
        machineId: M,
        state: 'broken',
        before: 'new',
        until: null,
        uuid: UUID,
        staysOn: false,
        isEnlisting: false,
        isInstalled: false,
        isEphemeral: false,
        bootMedia: 'http',
        kernelOptions: '',
      },
    ]);
  });

  it('has the default image with its files', async () => {
    const file = (name: string) => ({ name, size: 1, sha256: DIGEST });
    const image = { digest: DIGEST, name: 'micro/6.12', kind: 'micro', architecture: 'amd64', kernel: '6.12' } as const;
    const files = [file('vmlinuz'), file('initrd.img')];
    await say((tx) => createImage(tx, { ...image, manifest: '{}', content: null, createdBy: 'operator', files }));
    expect(await snapshot()).not.toHaveProperty('defaultImages');
    expect(await grown(() => say((tx) => setDefaultImage(tx, image)))).toEqual({ observed: 1, isSameRevision: true });
    const { digest, name, architecture } = image;
    const names = ['initrd.img', 'vmlinuz'].map((one) => ({ name: one, sha256: DIGEST }));
    expect((await snapshot()).defaultImages).toEqual([{ digest, name, architecture, files: names }]);
  });

  it('forgets a machine that is deleted', async () => {
    await commission();
    await say((tx) => deleteMachine(tx, { key: M }));
    expect(await snapshot()).not.toHaveProperty('machineStages');
  });
});
