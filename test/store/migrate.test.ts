import { expect, test } from 'vitest';
import { isRejected } from '../../src/core/errors.ts';
import { readSnapshot } from '../../src/store/snapshot.ts';
import { usePostgres } from '../kit/postgres.ts';

const postgres = usePostgres();

test('snapshot', async () => {
  const db = postgres.get().open(await postgres.get().createDatabase());
  const snapshot = await db.read(readSnapshot);
  if (isRejected(snapshot)) throw new Error(snapshot.message);
  expect(snapshot.vlans).toEqual([{ id: 1, name: 'untagged', vid: 0 }]);
});
