import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionSpec } from '../../../src/store/connection.ts';
import type { Database } from '../../../src/store/database.ts';
import { createDomain, findDomain } from '../../../src/store/queries/names/domains.ts';
import { dryRun, write } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { operation, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let spec: ConnectionSpec;
let db: Database;

beforeAll(async () => {
  spec = await postgres.get().createDatabase();
  db = postgres.get().open(spec);
});

const setTo = (mode: string) => sql`select set_config('synchronous_commit', ${mode}, true)`;
const make = (name: string, mode: string) =>
  write(db, operation({ key: `${name} ${mode}` }), async (tx) => {
    await tx.one(setTo(mode));
    return { status: 201, body: await createDomain(tx, { name, ttl: null }) };
  });

describe('a session that asks for less than a safe commit', () => {
  test.each(['off', 'local', 'remote_write'])('with %s gets no commit, and nothing is done', async (mode) => {
    expect(refusal(await make('weak.test', mode))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        `^The session commits with synchronous_commit ${mode}: what it is told could be lost. Rule: a COMMIT`,
      ),
    });
    expect(await db.read((tx) => findDomain(tx, { name: 'weak.test' }))).toBeNull();
  });

  test.each(['on', 'remote_apply'])('with %s gets it', async (mode) => {
    const name = `${mode.replace('_', '-')}.test`;
    expect(value(await make(name, mode))).toMatchObject({ status: 201 });
  });

  test('from the first statement on: by an option of its connection, its role or its database', async () => {
    await postgres.get().admin(`alter database ${spec.database} set synchronous_commit = off`);
    const weak = postgres.get().open(spec);
    const body = async () => ({ status: 200, body: null });
    expect(refusal(await write(weak, operation(), body)).message).toContain('synchronous_commit off');
    await postgres.get().admin(`alter database ${spec.database} reset synchronous_commit`);
  });

  test('is not told the answer of an earlier request either: that commit could be lost with its own', async () => {
    const request = operation({ key: 'replayed' });
    value(await write(db, request, async () => ({ status: 200, body: 1 })));
    await postgres.get().admin(`alter database ${spec.database} set synchronous_commit = local`);
    const weak = postgres.get().open(spec);
    expect(refusal(await write(weak, request, async () => ({ status: 200, body: 1 }))).message).toContain(
      'synchronous_commit local',
    );
    await postgres.get().admin(`alter database ${spec.database} reset synchronous_commit`);
  });

  test.each([
    ['a publication', sql`insert into held (node_id, generation, digest) values ('n', 1, 'd')`],
    ['a lease report', sql`insert into lease_series (node_id, service, epoch, sequence) values ('n', 'dhcp', 'e', 1)`],
  ])('gets no commit for %s', async (_what, statement) => {
    value(
      await write(db, operation(), async (tx) => {
        await tx.run(
          sql`insert into nodes (id, name, is_region, is_rack) values ('n', 'n', true, false) on conflict do nothing`,
        );
        return { status: 200, body: null };
      }),
    );
    const weak = db.repeatable(async (tx) => {
      await tx.one(setTo('off'));
      await tx.run(statement);
    });
    expect(refusal(await weak).message).toContain('synchronous_commit off');
    value(await db.repeatable(async (tx) => void (await tx.run(statement))));
  });

  test('reads the rule where the check is made at once', async () => {
    const early = write(db, operation(), async (tx) => {
      await tx.one(setTo('off'));
      await tx.run(sql`set constraints all immediate`);
      return { status: 200, body: null };
    });
    expect(await early).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Rule: a COMMIT is acknowledged/),
    });
  });

  test('may look what a change would do', async () => {
    const rehearsed = dryRun(db, async (tx) => {
      await tx.one(setTo('off'));
      return { status: 201, body: await createDomain(tx, { name: 'rehearsed.test', ttl: null }) };
    });
    expect(value(await rehearsed).outcome.status).toBe(201);
  });
});
