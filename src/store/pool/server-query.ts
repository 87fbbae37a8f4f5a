import pg from 'pg';
import { failureSentence } from '../failure.ts';

/**
 * What a server reports of itself. `silent`: it gave no answer, with the reason. `system` and `timeline` null: this role may not read them.
 * `isSynchronous`: a commit there waits for a standby. `version`: as `server_version_num`.
 */
export type ServerAnswer =
  | {
      readonly kind: 'primary';
      readonly isReadOnly: boolean;
      readonly isSynchronous: boolean;
      readonly version: number;
      readonly system: string | null;
      readonly timeline: number | null;
    }
  | { readonly kind: 'standby' }
  | { readonly kind: 'silent'; readonly why: string };

interface ServerModeRow {
  readonly standby: boolean;
  readonly isReadOnly: boolean;
  readonly isSynchronous: boolean;
  readonly version: number;
}

const ASK = `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "isReadOnly",
  current_setting('synchronous_standby_names') <> '' and current_setting('synchronous_commit') not in ('off', 'local') as "isSynchronous",
  current_setting('server_version_num')::int as version`;
/** A service that calls itself PostgreSQL may not have these functions. */
const ASK_TIMELINE = `select (select system_identifier::text from pg_control_system()) as system,
  ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int as timeline`;

/** Asks one server, on a connection of its own; never throws. It takes at most about `timeoutMs`. */
export async function queryServer(config: pg.ClientConfig, timeoutMs: number): Promise<ServerAnswer> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  // What breaks off rejects the query.
  client.on('error', () => {});
  try {
    await client.connect();
    const answer = (await client.query<ServerModeRow>(ASK)).rows[0];
    if (answer === undefined || answer.standby) return { kind: 'standby' };
    const { isReadOnly, isSynchronous, version } = answer;
    const known = await client
      .query<{ system: string; timeline: number }>(ASK_TIMELINE)
      .then(({ rows }) => rows[0] ?? null)
      .catch(() => null);
    const { system, timeline } = known ?? { system: null, timeline: null };
    return { kind: 'primary', isReadOnly, isSynchronous, version, system, timeline };
  } catch (error) {
    return { kind: 'silent', why: failureSentence(error) };
  } finally {
    // Not awaited: a dead peer never says goodbye.
    void client.end().catch(() => {});
  }
}
