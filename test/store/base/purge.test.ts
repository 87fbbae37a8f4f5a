import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { purge } from '../../../src/store/purge.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
let database: string;

beforeEach(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  db = postgres.get().open(connection);
  await postgres.get().admin(
    `insert into users (name, role) values ('ada', 'admin');
     insert into api_keys (token, consumer, user_name, secret_sha256, expires_at, revoked_at) values
       ('fresh', 'c', 'ada', repeat('0', 64), null, null),
       ('valid', 'c', 'ada', repeat('0', 64), now() + interval '1 day', null),
       ('expired', 'c', 'ada', repeat('0', 64), now() - interval '8 days', null),
       ('revoked', 'c', 'ada', repeat('0', 64), null, now() - interval '8 days');
     insert into sessions (id, token_sha256, user_name, is_wall, address, seen_at, expires_at) values
       ('ended', repeat('1', 64), 'ada', false, 'x', now(), now() - interval '1 s'),
       ('idle', repeat('2', 64), 'ada', false, 'x', now() - interval '13 h', now() + interval '1 day'),
       ('wall', repeat('3', 64), 'ada', true, 'x', now() - interval '13 h', now() + interval '1 day');
     insert into idempotency (actor, key, digest, operation, created_at)
       select 'ada', n::text, 'd', n::text, now() - n * interval '1 hour' from generate_series(1, 100) n;
     insert into events (id, kind, subject, data, actor, revision, at)
       select n, 'k', 's', '{}', 'ada', 0, now() - (40 - n) * interval '1 day' from generate_series(1, 40) n;
     insert into audit (actor, origin, action, outcome, at) values ('ada', 'x', 'old', 'done', now() - interval '500 days'),
       ('ada', 'x', 'new', 'done', now());
     insert into changes (revision, operation, actor, origin, summary, at) values
       (1, 'o1', 'ada', 'x', 'old', now() - interval '500 days'), (2, 'o2', 'ada', 'x', 'new', now());
     insert into history (operation, table_name, op, row_key) values ('o1', 'domains', 'insert', '{}'), ('o2', 'domains', 'insert', '{}');
     insert into heartbeats (process, node, version, started_at, at) values ('gone', 'r1', '1', now(), now() - interval '8 days');
     set regent.operation = 'test';
     insert into nodes (id, name) values ('n1', 'r1');
     insert into publications (node_id, generation, digest, revision, after_revision, body, compiler, process)
       select 'n1', n, 'd', n, n - 1, '{}', '1', 'p' from generate_series(1, 60) n;
     insert into leases (node_id, address, subnet_id, state, starts_at, expires_at)
       select 'n1', '10.0.0.0'::inet + n, 1, case when n % 2 = 0 then 'expired' else 'active' end, now() - interval '9 days',
         now() - n * interval '1 day' from generate_series(1, 10) n;
     insert into join_tokens (id, secret_sha256, is_region, is_rack, created_by, created_at, expires_at)
       select 'token0000' || n, repeat('0', 64), false, true, 'ada', now() - n * interval '4 days', now() - n * interval '4 days'
       from generate_series(100, 102) n union all select 'token0000001', repeat('0', 64), false, true, 'ada', now(), now();
     insert into certificates (serial, node_id, not_before, not_after)
       select to_char(n, 'FM00'), 'n1', now() - interval '60 days', now() - n * interval '3 days' from generate_series(1, 4) n;
     insert into service_actions (node_id, service, at, kind, why, trigger)
       select 'n1', 'dns', now() - n * interval '12 days', 'reload', 'w', 'role' from generate_series(1, 4) n;
     -- Secrets: in force, of before with history, of a key that is gone with history, and without.
     set regent.operation = 'o2';
     insert into tsig_keys (id, name) values (1, 'a'), (2, 'b');
     insert into bmc_pins (bmc_id, place, fingerprint) values (4711, 'redfish 192.0.2.1', repeat('a', 64));
     insert into tsig_secrets (key_id, number, secret) select n, 2, repeat('A', 24) from generate_series(1, 4) n;
     insert into tsig_secrets (key_id, number, secret) values (0, 2, repeat('A', 24));
     update tsig_keys set secret_number = 2 where id = 1;
     delete from tsig_keys where id = 2;
     insert into bmcs (id, name) values (1, 'a'), (2, 'b');
     insert into power_secrets (bmc_id, number, sealed)
       select n, 2, 'v1.00000000.' || repeat('A', 16) || '.' || repeat('A', 22) from generate_series(1, 4) n;
     delete from bmcs where id = 2;
     insert into domains (id, name) values (900, 'runs.test');
     insert into machines (id, hostname, domain_id) values ('aaaaaa', 'm1', 900);
     insert into machine_tokens (machine_id, purpose, ended_at)
       select 'aaaaaa', 'testing', case when n > 1 then now() - n * interval '11 days' end from generate_series(1, 4) n;
     insert into machine_script_results (machine_id, run, purpose, script, state, at)
       select 'aaaaaa', n, 'testing', 'cpu', 'passed', now() - n * interval '100 days' from generate_series(1, 2) n;
     insert into drill_ledger (run, number, written_at)
       select '018f3c1e-0000-7000-8000-000000000001', n, now() - n * interval '10 hours' from generate_series(1, 4) n;
     insert into drill_rounds (run, hazard, round, seed, started_at, passed, version, verdict, timeline)
       select '018f3c1e-0000-7000-8000-000000000001', 'a-hazard', n, n, now(), true, '1', '{}', '{}' from generate_series(1, 2003) n;
     -- The first is unfinished, the last but one ended long ago.
     insert into jobs (kind, target, payload, is_exclusive, caller, deadline, state, result, ended_at)
       select 'walk', n::text, '{}', false, 'ada', now(), case n when 1 then 'waiting' else 'done' end, case n when 1 then null else 'All.' end,
         case n when 1 then null when 5003 then now() - interval '31 days' else now() end from generate_series(1, 5004) n;
     -- The first is unfinished, the second ended long ago.
     insert into commands (node_id, kind, args, is_repeatable, claim_seconds, caller, deadline, state, sentence, ended_at)
       select 'n1', 'walk', '{}', false, 1, 'ada', now(), case n when 1 then 'waiting' else 'failed' end, case n when 1 then null else 'No.' end,
         case n when 1 then null when 2 then now() - interval '8 days' else now() end from generate_series(1, 4) n;
     -- Of an upload in pieces the first came long ago.
     insert into images (digest, name, kind, architecture, kernel, manifest, created_by)
       values (repeat('a', 64), 'trial', 'deployable', 'amd64', '', '{}', 'ada');
     insert into image_files (image, name, size, sha256) values (repeat('a', 64), 'root.tar', 9, repeat('b', 64));
     insert into image_pieces (image, file, first_byte, content, at) select repeat('a', 64), 'root.tar', n, 'x', now() - (1 - n) * interval '31 days'
       from generate_series(0, 1) n;
     -- The first stands, the second ended long ago.
     insert into doctor_findings (finding, state, detail, since, ended_at, end_reason)
       select 'f' || n, 'broken', 'd', now() - interval '500 days', case when n > 1 then now() - (500 - n * 40) * interval '1 day' end,
         case when n > 1 then 'holds' end from generate_series(1, 4) n;
     insert into finding_mutes (finding, until, reason, muted_by) select 'f' || n, now() - n * interval '20 days', 'r', 'ada'
       from generate_series(0, 2) n;
     delete from history where operation = 'test'`,
    database,
  );
});

test('removes what has expired and nothing else', async () => {
  const purged = value(await purge(db, 'p1'));
  expect(purged).toEqual({
    alert_deliveries: 0,
    api_keys: 2,
    sessions: 2,
    idempotency: 53,
    images: 0,
    image_pieces: 1,
    events: 10,
    audit: 1,
    bmc_pins: 1,
    body_parts: 0,
    history: 1,
    changes: 1,
    compiles: 0,
    doctor_findings: 1,
    finding_mutes: 1,
    compile_findings: 0,
    login_failures: 0,
    rack_nonces: 0,
    racks: 0,
    series: 0,
    series_days: 0,
    series_samples: 0,
    join_tokens: 3,
    certificates: 2,
    lease_releases: 0,
    leases: 2,
    service_actions: 2,
    tsig_secrets: 3,
    power_secrets: 2,
    heartbeats: 1,
    drill_ledger: 2,
    drill_rounds: 3,
    commands: 1,
    jobs: 4,
    machine_steps: 0,
    machine_tokens: 2,
    machine_script_results: 1,
    publications: 10,
  });
  const left = value(await db.read((tx) => tx.all(sql<{ token: string }>`select token from api_keys order by token`)));
  expect(left).toEqual([{ token: 'fresh' }, { token: 'valid' }]);
  const oldest = value(
    await db.read((tx) => tx.one(sql<{ n: number }>`select min(generation) as n from publications`)),
  );
  expect(oldest).toEqual({ n: 11 });
  const drills = await db.read((tx) =>
    tx.one(sql`select (select max(number) from drill_ledger) as number, min(round) as round from drill_rounds`),
  );
  expect(drills).toEqual({ number: 2, round: 4 });
  const commands = await db.read((tx) => tx.all(sql`select id from commands order by id`));
  expect(commands).toEqual([1, 3, 4].map((id) => ({ id })));
  const jobs = await db.read((tx) => tx.all(sql`select id from jobs where id <= 5 or id >= 5002 order by id`));
  expect(jobs).toEqual([1, 5, 5002, 5004].map((id) => ({ id })));
});

test('of eight processes that wake at once one does it; nobody does it again before it is due', async () => {
  const results = (await Promise.all(Array.from({ length: 8 }, (_, index) => purge(db, `p${index}`)))).map(value);
  expect(results.filter((purged) => purged !== null)).toHaveLength(1);
  expect(value(await purge(db, 'late'))).toBeNull();
  await postgres.get().admin(`update chores set last_ran = last_ran - interval '61 minutes'`, database);
  expect(value(await purge(db, 'later'))).not.toBeNull();
});

test('a large heap is removed in bounded rounds, and stays due until it is gone', async () => {
  await postgres.get().admin(
    `insert into idempotency (actor, key, digest, operation, created_at)
     select 'bob', n::text, 'd', n::text, now() - interval '9 days' from generate_series(1, 9000) n`,
    database,
  );
  expect(value(await purge(db, 'p1'))?.['idempotency']).toBe(5000);
  expect(value(await purge(db, 'p1'))?.['idempotency']).toBe(4053);
  expect(value(await purge(db, 'p1'))).toBeNull();
});

test('whatever their age, there are never too many rows', async () => {
  await postgres.get().admin(`update counters set event = 1000035, revision = 200002`, database);
  expect(value(await purge(db, 'p1'))).toMatchObject({ events: 35, changes: 2, history: 11 });
});
