import { accept, isRejected } from '../../../core/errors.ts';
import { secretDigest } from '../../../core/secret.ts';
import type { Database } from '../../../store/database.ts';
import { countLoginFailure, readLoginFailures } from '../../../store/queries/people/login-failures.ts';
import type { LoginCounts } from './port.ts';

/** Nobody waits for long so that a wrong login counts. */
const COUNT = { deadlineMs: 2000 } as const;

/** Wrong logins of all regions. The rows have digests of names: somebody may have typed a password in place of a name. */
export function createWrongLogins(db: Database): LoginCounts {
  return {
    async used(names) {
      const digests = new Map(names.map((name) => [secretDigest(name), name]));
      const read = db.autocommitRead(async (tx) => ({ rows: await readLoginFailures(tx, [...digests.keys()]) }));
      const { rows } = accept(await read);
      return new Map([...rows].map(([digest, count]) => [digests.get(digest) ?? '', count]));
    },
    async add(counts) {
      const digests = new Map(counts.map(({ name }) => [secretDigest(name), name]));
      const buckets = counts.map(({ name, ...bucket }) => ({ name: secretDigest(name), ...bucket }));
      const counted = await db.repeatable((tx) => countLoginFailure(tx, buckets), COUNT);
      return isRejected(counted) ? counted : new Set([...counted].map((digest) => digests.get(digest) ?? ''));
    },
  };
}
