import { expect, it } from 'vitest';
import { readLedgerCopies } from '../../../src/store/ledger-copies.ts';
import { writeDrillNumber } from '../../../src/store/queries/cluster/drills.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';

const postgres = usePostgres();
const LEDGER = '018f3c1e-0000-4000-8000-000000000002';

it('reads the numbers of one ledger on every node, each past all balancers; a database that is silent is left out', async () => {
  const connection = await postgres.get().createDatabase();
  const db = postgres.get().open(connection);
  const write = (run: string, number: number) => db.repeatable((tx) => writeDrillNumber(tx, run, number));
  for (const number of [2, 1]) value(await write(LEDGER, number));
  value(await write('018f3c1e-0000-4000-8000-000000000003', 9));
  const other = await postgres.get().createDatabase();
  const hosts = { r1: connection, r2: other, r3: { ...connection, host: '/nowhere' } };
  expect(await readLedgerCopies(connection, hosts, LEDGER, 500)).toEqual({ r1: [1, 2], r2: [] });
});
