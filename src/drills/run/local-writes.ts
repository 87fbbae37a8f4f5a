import { AppError } from '../../core/errors.ts';
import { findPrimary, regionsOf, sqlOn, type Environment } from './environment.ts';

/**
 * SQL only of the drills. It does not use our own store on purpose: the drills judge the store. The local writes have a
 * schema of their own in the product's database, which is dropped at the end of a run.
 */
const SCHEMA = 'drill';

/** How an acknowledged local write answers. */
export const WRITTEN = 'written ';

/** A write on a host itself. */
export interface LocalWrite {
  /** A UUID. */
  readonly round: string;
  readonly host: string;
  readonly number: number;
}

/** One statement, one line. */
export function insertLocal({ round, host, number }: LocalWrite): string {
  return `insert into ${SCHEMA}.local (round, host, number) values ('${round}', '${host}', ${number}) returning '${WRITTEN}' || number;`;
}

/** Makes the table of the local writes, once. */
export async function makeTables(environment: Environment): Promise<void> {
  await onPrimary(
    environment,
    `create schema if not exists ${SCHEMA}; create table if not exists ${SCHEMA}.local
      (round uuid, host text, number int, at timestamptz default clock_timestamp(), primary key (round, host, number))`,
  );
}

/** Removes the tables of the local writes. */
export async function dropTables(environment: Environment): Promise<void> {
  await onPrimary(environment, `set client_min_messages = warning; drop schema if exists ${SCHEMA} cascade`);
}

async function onPrimary(environment: Environment, statement: string): Promise<void> {
  const primary = await findPrimary(environment);
  if (primary === null || (await sqlOn(environment, primary, statement)) === null)
    throw new AppError(
      'drill',
      'The table of the local writes cannot be made or dropped: no primary takes it. What to do: bin/regent doctor',
    );
}

/** What every region node's own PostgreSQL has of a round. */
export interface WritesByHost {
  readonly ledger: Record<string, number[]>;
  /** `HOST NUMBER`. */
  readonly local: Record<string, string[]>;
}

/**
 * Asks all of them, when the standbys have replayed what the primary had written: a commit waits until they have it, not until they show it.
 * Patiently: one that has just come back may still be starting. Throws AppError `drill` when one does not answer within a minute.
 */
export async function readWritesByHost(environment: Environment, ledger: string, round: string): Promise<WritesByHost> {
  const listed = (host: string, statement: string) => patiently(environment, host, statement);
  const hosts = regionsOf(environment.topology);
  const primary = await findPrimary(environment);
  const end = primary === null ? null : await sqlOn(environment, primary, 'select pg_current_wal_lsn()');
  // A host that does not get there shows its present state, which is then judged.
  if (end !== null) await Promise.all(hosts.map((host) => waitForReplay(environment, host, end)));
  const each = await Promise.all(
    hosts.map(async (host) => {
      const numbers = await listed(
        host,
        `select string_agg(number::text, ',') from drill_ledger where run = '${ledger}'`,
      );
      const local = await listed(
        host,
        `select string_agg(host || ' ' || number, ',') from ${SCHEMA}.local where round = '${round}'`,
      );
      return { host, numbers: numbers.map(Number), local };
    }),
  );
  return {
    ledger: Object.fromEntries(each.map(({ host, numbers }) => [host, numbers])),
    local: Object.fromEntries(each.map(({ host, local }) => [host, local])),
  };
}

const PATIENCE_MS = 60_000;

async function waitForReplay(environment: Environment, host: string, lsn: string): Promise<void> {
  const end = environment.now() + PATIENCE_MS;
  const statement = `select not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn`;
  while (environment.now() < end && (await sqlOn(environment, host, statement)) !== 't') await environment.wait(200);
}

async function patiently(environment: Environment, host: string, statement: string): Promise<string[]> {
  const end = environment.now() + PATIENCE_MS;
  while (environment.now() < end) {
    const answer = await sqlOn(environment, host, statement);
    if (answer !== null) return answer === '' ? [] : answer.split(',');
    await environment.wait(500);
  }
  throw new AppError('drill', `The database of ${host} does not answer, so its content is unknown`);
}
