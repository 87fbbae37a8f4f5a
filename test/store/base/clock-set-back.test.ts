import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { purge } from '../../../src/store/purge.ts';
import { askDueSyncs, claimSync } from '../../../src/store/queries/images/image-syncs.ts';
import { expireCommands } from '../../../src/store/queries/base/jobs/command-claims.ts';
import { listOpenJobs } from '../../../src/store/queries/base/jobs/lease.ts';
import { hasDueChecks } from '../../../src/store/queries/machines/power-states.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';

/** Somebody set the clock of the database's host back by an hour: for the database, all that was stored just before lies an hour ahead. */

const postgres = usePostgres();
let db: Database;
let database: string;

beforeEach(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  db = postgres.get().open(connection);
});
const admin = (text: string) => postgres.get().admin(`set regent.operation = 'test'; ${text}`, database);
const run = async <T>(body: (tx: Tx) => Promise<T>) => value(await db.repeatable(body));

describe('what is done once in a while goes on', () => {
  it('the purge of old rows', async () => {
    await admin("update chores set last_ran = now() + interval '1 hour'");
    expect(value(await purge(db, 'p'))).not.toBeNull();
    expect(value(await purge(db, 'p')), 'and then waits as always').toBeNull();
  });

  it('syncs of boot sources, also those of a region that is gone', async () => {
    await admin(`insert into boot_sources (id, name, source_url) values (1, 's', 'https://images.example.test/');
      insert into boot_source_syncs (source_id, ended_at) values (1, now() + interval '1 hour')`);
    await run((tx) => askDueSyncs(tx, 24));
    expect(await run((tx) => claimSync(tx, 'r1'))).toMatchObject({ name: 's' });
    expect(await run((tx) => claimSync(tx, 'r2')), 'r1 works at it').toBeNull();
    await admin("update boot_source_syncs set until = now() + interval '1 hour'");
    expect(await run((tx) => claimSync(tx, 'r2'))).toMatchObject({ name: 's' });
  });

  it('a job that waits for its next try', async () => {
    await admin(`insert into jobs (kind, target, payload, is_exclusive, caller, deadline, not_before, updated_at)
      values ('a', 't', '{}', true, 'ada', now() + interval '2 hours', now() + interval '1 hour', now() + interval '59 minutes')`);
    expect(await run((tx) => listOpenJobs(tx, 8000))).toMatchObject([{ isReady: true }]);
    await admin("update jobs set updated_at = now(), not_before = now() + interval '20 s'");
    expect(await run((tx) => listOpenJobs(tx, 8000))).toMatchObject([{ isReady: false }]);
  });

  it('a command whose node is gone', async () => {
    await admin(`insert into nodes (id, name) values ('n1', 'r1');
      insert into commands (node_id, kind, args, is_repeatable, claim_seconds, caller, deadline, state, epoch, claim_key, claimed_at, claim_until)
      values ('n1', 'a', '{}', true, 10, 'ada', now() + interval '2 hours', 'claimed', 1, 'k', now() + interval '1 hour', now() + interval '61 minutes')`);
    expect(await run(expireCommands)).toBe(1);
    await admin(
      "update commands set state = 'claimed', claim_key = 'k', claimed_at = now(), claim_until = now() + interval '9 s'",
    );
    expect(await run(expireCommands)).toBe(0);
  });

  it('queries of power states', async () => {
    await admin(`insert into bmcs (id, name, power_type, parameters) values (1, 'b', 'webhook', '{}');
      insert into domains (id, name) values (77, 'a.test');
      insert into machines (id, hostname, domain_id, bmc_id) values ('abc123', 'm', 77, 1);
      insert into machine_power (machine_id, state, at, look_at) values ('abc123', 'on', now() + interval '58 minutes', now() + interval '1 hour')`);
    expect(await run(hasDueChecks)).toBe(true);
    await admin("update machine_power set at = now(), look_at = now() + interval '2 minutes'");
    expect(await run(hasDueChecks)).toBe(false);
  });
});
