import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { rejected } from '../../../src/core/errors.ts';
import type { Database } from '../../../src/store/database.ts';
import { listAudit } from '../../../src/store/queries/people/audit.ts';
import { createDomain, findDomain, updateDomain } from '../../../src/store/queries/names/domains.ts';
import { lastEventId, readEvents, readRevision } from '../../../src/store/queries/base/events.ts';
import { findChange } from '../../../src/store/queries/site/changes.ts';
import { createUser } from '../../../src/store/queries/people/users.ts';
import { dryRun, type OperationOutcome, type WriteTx, write } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, operation, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});

const makeDomain =
  (name: string) =>
  async (tx: WriteTx): Promise<OperationOutcome<{ id: number }>> => {
    const domain = await createDomain(tx, { name, ttl: null });
    tx.emit({ kind: 'domain.created', subject: name, data: { id: domain.id } });
    return { status: 201, body: domain };
  };

test('a write is one transaction: effect, history, event, audit, answer and revision', async () => {
  const before = value(await db.read(readRevision));
  const done = value(
    await write(db, operation({ actor: 'ada', summary: 'domain create one.test' }), makeDomain('one.test')),
  );
  expect(done).toMatchObject({ status: 201, isReplay: false, revision: before + 1 });
  const found = value(await db.read((tx) => findChange(tx, done.revision)));
  expect(found).toMatchObject({
    who: 'ada',
    origin: 'test',
    summary: 'domain create one.test',
    reverts: null,
    rows: [{ table: 'domains', op: 'insert', before: null, after: { name: 'one.test' } }],
  });
  const last = value(await db.read(lastEventId));
  const events = value(await db.read((tx) => readEvents(tx, last - 1, 10)));
  expect(events).toMatchObject([
    { id: last, kind: 'domain.created', subject: 'one.test', who: 'ada', revision: done.revision },
  ]);
  const audit = value(await db.read((tx) => listAudit(tx, { who: 'ada', limit: 1 })));
  expect(audit.items).toMatchObject([{ action: 'domain create one.test', outcome: 'done' }]);
});

test('the same key and request again: the stored answer, no second effect', async () => {
  const request = operation({ key: 'again' });
  const first = value(await write(db, request, makeDomain('again.test')));
  const second = value(await write(db, request, makeDomain('again.test')));
  expect(second).toEqual({ ...first, isReplay: true });
});

test('the same key with another request is refused; another user may use the same key', async () => {
  const request = operation({ key: 'shared' });
  value(await write(db, request, makeDomain('shared.test')));
  expect(refusal(await write(db, { ...request, requestDigest: 'other' }, makeDomain('x.test')))).toMatchObject({
    code: 'key_reused',
  });
  expect(value(await write(db, { ...request, actor: 'bob' }, makeDomain('bob.test'))).isReplay).toBe(false);
});

test('twenty equal requests at once: one effect, one answer for all', async () => {
  const request = operation({ key: 'parallel' });
  const results = await Promise.all(Array.from({ length: 20 }, () => write(db, request, makeDomain('parallel.test'))));
  const answers = results.map(value);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
});

test('a replay gets `storedBody` where there is one, and the secret is nowhere in the database', async () => {
  const request = operation({ key: 'secret' });
  const body = async (): Promise<OperationOutcome> => ({
    status: 201,
    body: { key: 'c:t:s3cr3t' },
    storedBody: { key: null },
  });
  expect(value(await write(db, request, body)).body).toEqual({ key: 'c:t:s3cr3t' });
  expect(value(await write(db, request, body)).body).toEqual({ key: null });
  const rows = value(
    await db.read((tx) => tx.all(sql`select i::text from idempotency i where i::text like '%s3cr3t%'`)),
  );
  expect(rows).toEqual([]);
});

test('a refusal undoes everything, is not stored, and is in the audit', async () => {
  const request = operation({ key: 'refused', summary: 'domain create refused.test' });
  const answer = refusal(
    await write(db, request, async (tx) => {
      await makeDomain('refused.test')(tx);
      return rejected('forbidden', 'No.');
    }),
  );
  expect(answer).toMatchObject({ code: 'forbidden', message: 'No.' });
  expect(value(await db.read((tx) => findDomain(tx, { name: 'refused.test' })))).toBeNull();
  const audit = value(await db.read((tx) => listAudit(tx, { limit: 1 })));
  expect(audit.items).toMatchObject([{ action: 'domain create refused.test', outcome: 'refused: forbidden' }]);
  expect(value(await write(db, request, makeDomain('refused.test'))).isReplay).toBe(false);
});

test('a fault in the body undoes everything and is thrown; the connection stays usable', async () => {
  const request = operation({ key: 'fault' });
  const broken = write(db, request, async (tx) => {
    await makeDomain('fault.test')(tx);
    throw new Error('a bug');
  });
  await expect(broken).rejects.toThrow('a bug');
  expect(value(await write(db, request, makeDomain('fault.test'))).isReplay).toBe(false);
});

test('an error that the body swallowed cannot be committed', async () => {
  const swallowed = write(db, operation(), async (tx) => {
    await tx.run(sql`select 1 / 0`).catch(() => {});
    return { status: 200, body: null };
  });
  await expect(swallowed).rejects.toThrow(/after an error in it/);
});

test('only configuration raises the revision; a change to equal values leaves no history', async () => {
  const before = value(await db.read(readRevision));
  value(await change(db, (tx) => createUser(tx, { name: 'carol', role: 'user' })));
  expect(value(await db.read(readRevision))).toBe(before);
  const domain = value(await db.read((tx) => findDomain(tx, { name: 'one.test' })));
  const same = value(await change(db, (tx) => updateDomain(tx, { key: domain?.id ?? 0 }, { ttl: null })));
  expect(same.version).toBe(domain?.version);
  expect(value(await db.read(readRevision))).toBe(before);
  const other = value(await change(db, (tx) => updateDomain(tx, { key: domain?.id ?? 0 }, { ttl: 77 })));
  expect(other.version).toBe((domain?.version ?? 0) + 1);
  expect(value(await db.read(readRevision))).toBe(before + 1);
});

test('an object that has changed since it was read is not overwritten', async () => {
  const domain = value(await db.read((tx) => findDomain(tx, { name: 'one.test' })));
  const key = domain?.id ?? 0;
  const results = await Promise.all(
    [11, 12, 13].map((ttl) => change(db, (tx) => updateDomain(tx, { key, ifVersion: domain?.version ?? 0 }, { ttl }))),
  );
  const codes = results.map((result) => ('code' in result ? result.code : 'done')).sort();
  expect(codes).toEqual(['done', 'precondition_failed', 'precondition_failed']);
  expect(refusal(await change(db, (tx) => updateDomain(tx, { key: 999_999 }, { ttl: 5 }))).code).toBe('not_found');
});

test('configuration cannot change behind the back of the history', async () => {
  const result = db.repeatable((tx) => tx.run(sql`insert into domains (name) values ('sneaky.test')`));
  await expect(result).rejects.toThrow(/changes only through the write helper/);
});

test('event ids are gapless and in commit order under concurrency, refusals included', async () => {
  const start = value(await db.read(lastEventId));
  const seen: number[] = [];
  let isWriting = true;
  const watcher = (async () => {
    let after = start;
    while (isWriting) {
      // A reader that always goes on above the last id must miss none: no id may appear below it later.
      const events = value(await db.read((tx) => readEvents(tx, after, 1000)));
      seen.push(...events.map(({ id }) => id));
      after = seen.at(-1) ?? after;
    }
  })();
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      write(db, operation(), async (tx) => {
        const outcome = await makeDomain(`order${index}.test`)(tx);
        if (index % 2 === 1) tx.emit({ kind: 'domain.touched', subject: 'x', data: {} });
        return index % 5 === 0 ? rejected('conflict', 'no') : outcome;
      }),
    ),
  );
  isWriting = false;
  await watcher;
  const events = value(await db.read((tx) => readEvents(tx, start, 1000)));
  const ids = events.map(({ id }) => id);
  expect(ids).toEqual(ids.map((_, index) => start + index + 1));
  expect(ids).toHaveLength(48 + 24);
  expect(seen).toEqual(ids.slice(0, seen.length));
  const revisions = results.flatMap((result) => ('revision' in result ? [result.revision] : [])).sort((a, b) => a - b);
  expect(new Set(revisions).size).toBe(48);
  expect(events.map(({ revision }) => revision)).toEqual(events.map(({ revision }) => revision).sort((a, b) => a - b));
});

test('a dry run shows before and after and keeps nothing', async () => {
  const revision = value(await db.read(readRevision));
  const rehearsed = value(await dryRun(db, makeDomain('dry.test')));
  const names = (snapshot: typeof rehearsed.before) => snapshot.domains.map(({ name }) => name);
  expect(names(rehearsed.before)).not.toContain('dry.test');
  expect(names(rehearsed.after)).toEqual([...names(rehearsed.before), 'dry.test']);
  expect(rehearsed.outcome).toMatchObject({ status: 201 });
  expect(value(await db.read(readRevision))).toBe(revision);
  expect(value(await db.read((tx) => findDomain(tx, { name: 'dry.test' })))).toBeNull();
  expect(refusal(await dryRun(db, makeDomain('one.test')))).toMatchObject({ code: 'conflict' });
});
