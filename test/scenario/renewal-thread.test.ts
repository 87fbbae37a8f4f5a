import { afterEach, expect, it } from 'vitest';
import { openRenewalThread } from '../../src/main/region/renewal/thread.ts';
import { LEASE_MS, MARGIN_MS } from '../../src/region/base/jobs/limits.ts';
import type { LeaseNews, Renewer } from '../../src/region/base/jobs/renewal.ts';
import { addJob } from '../../src/store/queries/base/jobs/add.ts';
import { claimJob } from '../../src/store/queries/base/jobs/lease.ts';
import { realClock, silentLog, usePostgres } from '../kit/postgres.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

/** The thread that renews leases of jobs, on a real database. */

const pg = usePostgres();
let renewer: Renewer | undefined;
afterEach(() => renewer?.close());

const JOB = { kind: 'walk', target: 'x', payload: {}, deadlineSeconds: 600, targets: [], caller: 'ada' };
const CLAIM = { holder: 'a', kinds: ['walk'], leaseMs: LEASE_MS, attemptsMax: 9, windUpMs: 0, seen: [], except: [] };

async function claimed() {
  const connection = await pg.get().createDatabase();
  const db = pg.get().open(connection);
  value(await change(db, (tx) => addJob(tx, JOB)));
  const askedAt = realClock.monotonic();
  const job = value(await db.repeatable((tx) => claimJob(tx, CLAIM)));
  if (job === null) throw new Error('nobody got the job');
  const thread = openRenewalThread({ connection, name: 'leases', clock: realClock, log: silentLog, idleMs: 500 });
  renewer = thread;
  const threads = async () =>
    (
      await pg
        .get()
        .admin(
          `select 1 from pg_stat_activity where application_name = 'leases' and datname = '${connection.database}'`,
        )
    ).length;
  return { connection, job, askedAt, thread, threads };
}

it('renews, tells it by the asker’s clock, and ends while there is nothing to renew', async () => {
  const { job, askedAt, thread, threads } = await claimed();
  const news: LeaseNews[] = [];
  const kept = thread.keep(job, askedAt, (word) => news.push(word));
  expect(kept.holdsUntil()).toBeCloseTo(askedAt + LEASE_MS - MARGIN_MS, 0);
  await until('it was renewed', () => kept.holdsUntil() > askedAt + LEASE_MS, { deadlineMs: 8000 });
  expect(kept.holdsUntil()).toBeLessThan(realClock.monotonic() + LEASE_MS - MARGIN_MS);
  await until('it was told', () => news.length > 0);
  expect(news[0]).toMatchObject({ kind: 'renewed', isAbortWanted: false });
  expect(await threads()).toBe(1);
  kept.drop();
  await until('the thread has gone', async () => (await threads()) === 0, { deadlineMs: 5000 });
  const again = thread.keep(job, realClock.monotonic(), (word) => news.push(word));
  const first = again.holdsUntil();
  await until('another renews', () => again.holdsUntil() > first, { deadlineMs: 8000 });
});

it('tells a lease that is another’s, and it holds no more', async () => {
  const { connection, job, askedAt, thread } = await claimed();
  await pg.get().admin('update jobs set epoch = epoch + 1, attempts = 2', connection.database);
  const news: LeaseNews[] = [];
  const kept = thread.keep(job, askedAt, (word) => news.push(word));
  await until('it is lost', () => news.some(({ kind }) => kind === 'lost'), { deadlineMs: 8000 });
  expect(kept.holdsUntil()).toBeLessThan(realClock.monotonic());
});
