import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { usePostgres } from '../../kit/postgres.ts';

const postgres = usePostgres();

it.each([
  ['a limit', sql`select n from generate_series(1, 3) n limit ${undefined}`],
  ['a filter', sql`select n from generate_series(1, 3) n where n = ${undefined}`],
  ['a value', sql`insert into notes (text) values (${undefined})`],
])('%s that nobody set does not widen a query: it is a fault', async (_, query) => {
  const db = postgres.get().open(await postgres.get().createDatabase());
  const reading = db.read((tx) => tx.all(query));
  const answer = await reading.catch((error: unknown) => error);
  expect(isRejected(answer) ? answer.message : String(answer)).toMatch(/parameter 1 of a query is undefined/);
});
