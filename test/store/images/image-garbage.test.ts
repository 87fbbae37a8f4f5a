import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { purge } from '../../../src/store/purge.ts';
import { createImage, setDefaultImage, storePlaces } from '../../../src/store/queries/images/images.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

/** Images that go by themselves. */

const postgres = usePostgres();
let db: Database;
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  value(
    await change(db, (tx) => createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: false, addresses: [] })),
  );
});

const DIGESTS = { old: 'a', newer: 'b', other: 'c', cut: 'd', used: 'e', default: 'f' } as const;
type Which = keyof typeof DIGESTS;
const digestOf = (which: Which) => DIGESTS[which].repeat(64);
const say = (text: ReturnType<typeof sql>) => change(db, (tx) => tx.run(text));

/** An image of so many days; its only file is there unless it was cut. */
async function anImage(which: Which, name: string, days: number, { isThere = true } = {}) {
  const digest = digestOf(which);
  const file = { name: 'root.tar', size: 5, sha256: 'a'.repeat(64) };
  value(
    await change(db, async (tx) => {
      const of = { digest, name, kind: 'deployable', architecture: 'amd64', kernel: '', content: null } as const;
      await createImage(tx, { ...of, manifest: '{}', createdBy: 'ada', files: [file] });
      if (isThere) await storePlaces(tx, 'n1', [{ image: digest, file: file.name, state: 'there' }]);
      await tx.run(sql`update images set created_at = created_at - ${`${days} days`}::interval,
        whole_at = whole_at - ${`${days} days`}::interval where digest = ${digest}`);
      await tx.run(sql`update image_places set since = since - ${`${days} days`}::interval where image = ${digest}`);
      return {};
    }),
  );
}
async function left(): Promise<string[]> {
  value(await say(sql`update chores set last_ran = '-infinity' where name = 'purge'`));
  value(await purge(db, 'p'));
  const rows = value(
    await db.read(async (tx) => ({ all: await tx.all(sql<{ digest: string }>`select digest from images`) })),
  );
  return rows.all
    .map(({ digest }) => Object.entries(DIGESTS).find(([, letter]) => digest[0] === letter)?.[0] ?? '')
    .sort();
}

it('an older image of a name goes a day after a newer one is whole, but not one that machines have', async () => {
  await anImage('old', 'debian-13', 5);
  await anImage('other', 'debian-12', 9);
  await anImage('used', 'debian-13', 6);
  await anImage('default', 'debian-13', 7);
  await anImage('newer', 'debian-13', 0);
  value(
    await change(db, async (tx) => {
      await setDefaultImage(tx, { digest: digestOf('default'), architecture: 'amd64' });
      const { id } = await createDomain(tx, { name: 'a.test', ttl: null });
      await tx.run(sql`insert into machines (id, hostname, domain_id) values ('abcdef', 'm1', ${id})`);
      await tx.run(sql`insert into machine_deployments (machine_id, image) values ('abcdef', ${digestOf('used')})`);
      return {};
    }),
  );
  expect(await left()).toEqual(['default', 'newer', 'old', 'other', 'used']);
  value(
    await say(sql`update images set whole_at = whole_at - interval '25 hours' where digest = ${digestOf('newer')}`),
  );
  expect(await left()).toEqual(['default', 'newer', 'other', 'used']);
});

it('one that never came whole goes after a day, one that was whole and is lost stays to be told of', async () => {
  await anImage('cut', 'debian-13', 2, { isThere: false });
  await anImage('other', 'debian-12', 2);
  value(await say(sql`update image_places set state = 'missing' where image = ${digestOf('other')}`));
  expect(await left()).toEqual(['other']);
  // A newer one that is not whole replaces nothing.
  await anImage('newer', 'debian-12', 0, { isThere: false });
  expect(await left()).toEqual(['newer', 'other']);
});
