import { sql } from 'kysely';
import { isOlder } from '../../elapsed.ts';
import type { Tx } from '../../tx.ts';

/** The last sync of a source. `endedAt` null: it waits or runs. */
export interface SyncRow {
  readonly source: string;
  readonly node: string;
  readonly askedAt: string;
  readonly endedAt: string | null;
  readonly images: number;
  readonly fetched: number;
  readonly file: string;
  readonly received: number;
  readonly size: number;
  readonly problem: string;
  readonly isWell: boolean;
}

/** A sync that this node works at. */
export interface ClaimedSync {
  readonly sourceId: number;
  readonly name: string;
  readonly type: 'simplestreams' | 'regent';
  readonly url: string;
  readonly keyring: string;
  readonly selections: string;
}

/** How far a sync is. */
export type SyncProgress = Pick<SyncRow, 'images' | 'fetched' | 'file' | 'received' | 'size'>;

const COLUMNS = sql`b.name as source, s.node, s.asked_at as "askedAt", s.ended_at as "endedAt", s.images, s.fetched, s.file,
  s.received, s.size, s.problem, s.is_well as "isWell"`;
/** A node that says nothing for so long works at it no more. */
const LEASE = sql.raw(`interval '30 seconds'`);

/** Of all sources that were ever fetched from, by name. */
export function listSyncs(tx: Tx): Promise<SyncRow[]> {
  return tx.all(
    sql<SyncRow>`select ${COLUMNS} from boot_source_syncs s join boot_sources b on b.id = s.source_id order by b.name collate "C"`,
  );
}

const RESTARTED = sql.raw(
  `asked_at = now(), ended_at = null, node = '', until = null, images = 0, fetched = 0, file = '', received = 0, size = 0, problem = ''`,
);

/** Requests one; one that runs goes on. */
export async function askSync(tx: Tx, sourceId: number): Promise<void> {
  await tx.run(sql`insert into boot_source_syncs (source_id) values (${sourceId}) on conflict (source_id) do update
    set ${RESTARTED} where boot_source_syncs.ended_at is not null`);
}

/** Asks for each whose last one ended so many hours ago, where the source still has what it is trusted by (as `notUsable` says). */
export async function askDueSyncs(tx: Tx, hours: number): Promise<void> {
  await tx.run(sql`update boot_source_syncs s set ${RESTARTED} from boot_sources b where b.id = s.source_id
    and ${isOlder(sql`s.ended_at`, sql`make_interval(hours => ${hours}::int)`)} and b.source_url <> '' and (b.keyring <> '' or b.source_url like 'https:%')`);
}

/** One that nobody works at, the oldest first; it is this node's then. */
export function claimSync(tx: Tx, node: string): Promise<ClaimedSync | null> {
  return tx.one(sql<ClaimedSync>`
    with due as (select source_id from boot_source_syncs where ended_at is null and (until is null or until < now() or until > now() + 2 * ${LEASE} or node = ${node})
      order by asked_at, source_id limit 1 for update skip locked),
    mine as (update boot_source_syncs s set node = ${node}, until = now() + ${LEASE} from due where s.source_id = due.source_id returning s.source_id)
    select b.id as "sourceId", b.name, b.type, b.source_url as url, b.keyring, b.selections from mine join boot_sources b on b.id = mine.source_id`);
}

/** Says how far it is; false: another node works at it, or the source is gone. */
export async function noteSync(
  tx: Tx,
  of: { readonly sourceId: number; readonly node: string },
  progress: SyncProgress,
) {
  const { images, fetched, file, received, size } = progress;
  const noted =
    await tx.run(sql`update boot_source_syncs set until = now() + ${LEASE}, images = ${images}, fetched = ${fetched},
    file = ${file}, received = ${received}, size = ${size}
    where source_id = ${of.sourceId} and node = ${of.node} and ended_at is null`);
  return noted === 1;
}

/** Ends a sync. `problem`: why the sync failed, or what a successful sync left out; else empty. */
export async function endSync(
  tx: Tx,
  of: { readonly sourceId: number; readonly node: string },
  { isWell, problem }: { readonly isWell: boolean; readonly problem: string },
): Promise<void> {
  await tx.run(sql`update boot_source_syncs set ended_at = now(), until = null, file = '', received = 0, size = 0, problem = ${problem},
    is_well = ${isWell} where source_id = ${of.sourceId} and node = ${of.node} and ended_at is null`);
}
