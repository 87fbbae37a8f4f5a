import { type RawBuilder, sql } from 'kysely';
import type { Rejected } from '../core/errors.ts';
import type { Database } from './database.ts';
import { STEP_DAYS } from '../model/cluster/series.ts';
import { PUBLICATIONS_RETAINED } from './publication/held.ts';
import { lockPublishers, noteNamedParts, unnamedSince } from './publication/parts.ts';
import { SLOT, SLOTS_OF_DAY, SLOTS_OF_HOUR } from './queries/cluster/series.ts';
import { SESSION_IDLE_HOURS } from './queries/people/sessions.ts';
import { isOlder } from './elapsed.ts';
import type { Tx } from './tx.ts';

/** Removed rows per table. */
export type Purged = Readonly<Record<string, number>>;

/** How long rows stay, and how many at most. `perNode`: the newest of each node stay whatever their age. */
const RETENTION = {
  apiKeys: '7 days',
  idempotency: '48 hours',
  events: { age: '30 days', rows: 1_000_000 },
  audit: { age: '400 days', rows: 1_000_000 },
  changes: { age: '400 days', rows: 200_000 },
  /** `findings`: of all of them, of those that have ended. */
  compiles: { age: '400 days', rows: 200_000, findings: 200_000 },
  /** After their end. */
  doctorFindings: { age: '400 days', rows: 100_000 },
  /** After their end, so that it can be read who muted what. */
  mutes: '30 days',
  /** After the end of their finding. */
  alarms: '30 days',
  heartbeats: '7 days',
  serviceActions: '30 days',
  leases: '7 days',
  /** Longer than the longest lease. */
  leaseReleases: '8 days',
  /** With 1,000 machines and 13 nodes a change takes 13 rows and 34 kB in all: 7,700 changes, 260 MB. */
  publications: { age: '400 days', rows: 100_000, perNode: PUBLICATIONS_RETAINED },
  /** Longer than the slowest bucket needs to refill; a flood of names goes sooner. */
  loginFailures: { age: '1 hour', rows: 50_000 },
  /** Twice as long as a signature is valid, before and after its time. */
  rackNonces: '20 minutes',
  /** A waiting rack that no longer asks. */
  waitingRacks: '7 days',
  /** After their end. The row that says who admitted a node stays as long as the node exists. */
  joinTokens: '7 days',
  certificates: '7 days',
  /** A drill compares its numbers minutes after it wrote them. */
  drillLedger: '1 day',
  /** The newest. */
  drillRounds: 2000,
  /** After their end. */
  commands: { age: '7 days', rows: 10_000 },
  /** After their end. */
  jobs: { age: '30 days', rows: 5000 },
  /** After their end. */
  machineRuns: '30 days',
  scriptResults: '180 days',
  /** Of an image that a newer one of its name has replaced, and of one that never came whole. */
  images: '1 day',
  /** What racks saw of machines; nobody's go sooner, by their number. */
  machineSteps: '30 days',
} as const;

/** Rows per table and round: a round holds no lock for long, the next one goes on. */
const BATCH = 5000;

const OLD_CHANGE = isOld('revision', RETENTION.changes, sql`(select revision from counters)`);

/** Publications that are older go, but for the newest of each node. */
const OLDEST_PUBLICATION = sql<{ oldest: string }>`select greatest(now() - ${RETENTION.publications.age}::interval,
  (select published_at from publications order by published_at desc offset ${RETENTION.publications.rows} limit 1)) as oldest`;

/** All at once: parts go by the same moment. */
const oldPublications = (oldest: string) => sql`delete from publications p using (
    select node_id, generation, row_number() over (partition by node_id order by generation desc) as place from publications
  ) as old where old.node_id = p.node_id and old.generation = p.generation and old.place > ${RETENTION.publications.perNode}
    and (p.published_at < ${oldest}::timestamptz or p.body is not null)`;

const CHORES: Readonly<Record<string, RawBuilder<unknown>>> = {
  api_keys: expired('api_keys', sql`least(expires_at, revoked_at) < now() - ${RETENTION.apiKeys}::interval`),
  sessions: expired(
    'sessions',
    sql`expires_at < now() or (not is_wall and seen_at < now() - make_interval(hours => ${SESSION_IDLE_HOURS}::int))`,
  ),
  idempotency: expired('idempotency', sql`created_at < now() - ${RETENTION.idempotency}::interval`),
  events: expired('events', isOld('id', RETENTION.events, sql`(select event from counters)`)),
  audit: expired('audit', isOld('id', RETENTION.audit, sql`(select max(id) from audit)`)),
  history: expired('history', sql`operation in (select operation from changes where ${OLD_CHANGE})`),
  changes: expired(
    'changes',
    sql`${OLD_CHANGE}
      and not exists (select from history where history.operation = changes.operation)`,
  ),
  compiles: expired(
    'compiles',
    sql`${isOld('id', RETENTION.compiles, sql`(select max(id) from compiles)`)}
      or id <= (select until_compile from compile_findings where until_compile is not null
        order by until_compile desc offset ${RETENTION.compiles.findings} limit 1)`,
  ),
  // What a stored compile had, or was the first not to have, stays: its change's page would say otherwise.
  compile_findings: expired('compile_findings', sql`until_compile < (select min(id) from compiles)`),
  doctor_findings: expired(
    'doctor_findings',
    sql`ended_at is not null and (ended_at < now() - ${RETENTION.doctorFindings.age}::interval
      or id <= (select max(id) from doctor_findings) - ${RETENTION.doctorFindings.rows}::bigint)`,
  ),
  alert_deliveries: expired(
    'alert_deliveries',
    sql`ended_at < now() - ${RETENTION.alarms}::interval
      and not exists (select from doctor_findings f where f.id = alert_deliveries.life and f.ended_at is null)`,
  ),
  finding_mutes: expired('finding_mutes', sql`until < now() - ${RETENTION.mutes}::interval`),
  login_failures: expired(
    'login_failures',
    sql`${isOlder(sql`at`, sql`${RETENTION.loginFailures.age}::interval`)}
      or at <= (select at from login_failures order by at desc offset ${RETENTION.loginFailures.rows}::int limit 1)`,
  ),
  rack_nonces: expired('rack_nonces', sql`at < now() - ${RETENTION.rackNonces}::interval`),
  racks: expired(
    'racks',
    sql`state = 'waiting' and created_at < now() - ${RETENTION.waitingRacks}::interval
      and not exists (select from rack_calls c where c.uuid = racks.uuid and c.at > now() - ${RETENTION.waitingRacks}::interval)`,
  ),
  // The key of an existing node can still undo its join.
  join_tokens: expired(
    'join_tokens',
    sql`expires_at < now() - ${RETENTION.joinTokens}::interval
      and not exists (select from nodes n where n.id = join_tokens.used_by_node)`,
  ),
  certificates: expired(
    'certificates',
    sql`not_after < now() - ${RETENTION.certificates}::interval
      and not (shuts_out and exists (select from nodes n where n.id = certificates.node_id))`,
  ),
  leases: expired('leases', sql`state = 'expired' and expires_at < now() - ${RETENTION.leases}::interval`),
  lease_releases: expired('lease_releases', sql`at < now() - ${RETENTION.leaseReleases}::interval`),
  // Their key may come back as long as history has it.
  tsig_secrets: expired(
    'tsig_secrets',
    sql`case key_id
      when 0 then number < (select max(number) from tsig_secrets where key_id = 0)
      else not exists (select from tsig_keys k where k.id = key_id and k.secret_number = number)
        and not exists (select from history h where h.table_name = 'tsig_keys' and (h.row_key ->> 'id')::int = key_id) end`,
  ),
  power_secrets: expired('power_secrets', sql`not keeps_power_secret(bmc_id, number)`),
  bmc_pins: expired('bmc_pins', sql`not keeps_bmc_pin(bmc_id)`),
  // Region nodes remove the files. What machines commission by, or have, stays whatever its age.
  images: expired(
    'images',
    sql`not is_default and digest not in (select image from machine_deployments where image is not null) and (
      exists (select from images n where n.name = images.name and n.architecture = images.architecture and n.kind = images.kind
        and n.created_at > images.created_at and n.whole_at < now() - ${RETENTION.images}::interval)
      or (whole_at is null and created_at < now() - ${RETENTION.images}::interval
        and exists (select from image_files f where f.image = images.digest
          and not exists (select from image_places p where p.image = f.image and p.file = f.name and p.state = 'there'))
        and not exists (select from image_places p where p.image = images.digest and p.since > now() - ${RETENTION.images}::interval)))`,
  ),
  image_pieces: expired('image_pieces', sql`at < now() - ${RETENTION.images}::interval`),
  service_actions: expired('service_actions', sql`at < now() - ${RETENTION.serviceActions}::interval`),
  heartbeats: expired('heartbeats', sql`at < now() - ${RETENTION.heartbeats}::interval`),
  drill_ledger: expired('drill_ledger', sql`written_at < now() - ${RETENTION.drillLedger}::interval`),
  drill_rounds: expired(
    'drill_rounds',
    sql`id <= (select id from drill_rounds order by id desc offset ${RETENTION.drillRounds} limit 1)`,
  ),
  commands: expired(
    'commands',
    sql`ended_at < now() - ${RETENTION.commands.age}::interval
      or ended_at is not null and id <= (select max(id) from commands) - ${RETENTION.commands.rows}::int`,
  ),
  jobs: expired(
    'jobs',
    sql`ended_at < now() - ${RETENTION.jobs.age}::interval
      or ended_at is not null and id <= (select max(id) from jobs) - ${RETENTION.jobs.rows}::int`,
  ),
  machine_tokens: expired('machine_tokens', sql`ended_at < now() - ${RETENTION.machineRuns}::interval`),
  machine_script_results: expired('machine_script_results', sql`at < now() - ${RETENTION.scriptResults}::interval`),
  // Values of a clock that was ahead go, too: they would stay for as long as it was ahead.
  series_samples: expired(
    'series_samples',
    sql`slot < ${SLOT} - ${STEP_DAYS['5m'] * SLOTS_OF_DAY}::int or slot > ${SLOT} + ${SLOTS_OF_HOUR}::int`,
  ),
  series_days: expired(
    'series_days',
    sql`day < ${SLOT} / ${SLOTS_OF_DAY}::int - ${STEP_DAYS['1h']}::int or day > ${SLOT} / ${SLOTS_OF_DAY}::int`,
  ),
  series: expired(
    'series',
    sql`not exists (select from series_samples v where v.series = series.id)
      and not exists (select from series_days d where d.series = series.id)`,
  ),
  machine_steps: expired('machine_steps', sql`at < now() - ${RETENTION.machineSteps}::interval`),
};

/**
 * Removes expired rows, if the row in `chores` says that it is due and no other process does it; null otherwise. However often it is woken, it runs
 * once per period. A full batch leaves the chore due.
 */
export function purge(db: Database, process: string): Promise<Purged | null | Rejected> {
  return db.repeatable(
    async (tx) => {
      const due = await tx.one(sql`select name from chores
        where name = 'purge' and ${isOlder(sql`last_ran`, sql`every`)} for update skip locked`);
      if (!due) return null;
      const purged: Record<string, number> = {};
      for (const [table, statement] of Object.entries(CHORES)) purged[table] = await tx.run(statement);
      const oldest = (await tx.one(OLDEST_PUBLICATION))?.oldest ?? '-infinity';
      purged['publications'] = await tx.run(oldPublications(oldest));
      await noteNamedParts(tx);
      // Last, because a publisher waits from here on, and this must see what it has just named.
      await lockPublishers(tx);
      await noteNamedParts(tx);
      purged['body_parts'] = await tx.run(expired('body_parts', unnamedSince(sql`${oldest}::timestamptz`)));
      await record(tx, process, purged);
      return purged;
    },
    { deadlineMs: 60_000, queryMs: 30_000 },
  );
}

async function record(tx: Tx, process: string, purged: Purged): Promise<void> {
  const isDone = Object.values(purged).every((rows) => rows < BATCH);
  await tx.run(sql`update chores set last_ran = case when ${isDone} then now() else last_ran end,
    last_process = ${process}, last_result = ${JSON.stringify(purged)}::jsonb where name = 'purge'`);
}

/** Older than the limit, or too far below the newest number. */
function isOld(id: string, limit: { age: string; rows: number }, newest: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(at < now() - ${limit.age}::interval or ${sql.ref(id)} <= ${newest} - ${limit.rows}::bigint)`;
}

function expired(table: string, condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`delete from ${sql.table(table)} where ctid = any(array(
    select ctid from ${sql.table(table)} where ${condition} limit ${BATCH}))`;
}
