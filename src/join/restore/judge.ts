import { type Epoch, parseEpoch } from '../../core/epoch.ts';
import { isRejected } from '../../core/errors.ts';
import type { HostFindings } from '../checks.ts';
import { type Claim, rivalSentence } from './claim.ts';
import type { FoundBackup, StoreContent } from './store.ts';

/** A segment is made after a minute at most, so the last write may be this much younger than the archive says, s. */
const SEGMENT_S = 60;
/** Clocks of hosts differ by less, s. */
const CLOCK_S = 120;
/** A segment's name begins with its timeline. */
const TIMELINE_DIGITS = 8;

/** What the judgement rests on. Times in ms. */
export interface RestoreInputs {
  readonly now: number;
  /** By NTP, as systemd knows it. */
  readonly isClockSynchronized: boolean;
  readonly content: StoreContent;
  readonly at: number | null;
  readonly label: string | null;
  /** Of the given recovery key. */
  readonly fingerprint: string;
  readonly migrations: number;
  readonly release: string;
  readonly freeMegabytes: number | null;
  /** Addresses of the old site that answer at a port of Regent, with that port. */
  readonly answering: readonly { readonly address: string; readonly port: number }[];
  /** An unfinished restore of another host; null: none. */
  readonly rival: Claim | null;
}

/** What will be restored, and what a person must know of it. */
export interface RestorePlan {
  readonly backup: FoundBackup;
  readonly site: string;
  /** The old epoch, as the backup knew it. */
  readonly epoch: Epoch;
  readonly lossSeconds: number;
  readonly sentences: readonly string[];
}

/** Region nodes and floating address of the old site, as a backup notes them. */
export function oldAddressesOf({ notes }: FoundBackup): readonly string[] {
  const regions = (notes['regions'] ?? '').split('/').flatMap((one) => one.split('=')[1] ?? []);
  const vip = notes['vip'] ?? '';
  return [...new Set([...regions, ...(vip === '' ? [] : [vip])])];
}

/** The backup to begin with; null: none fits. Pure. */
export function chooseBackup({
  content,
  at,
  label,
}: Pick<RestoreInputs, 'content' | 'at' | 'label'>): FoundBackup | null {
  const fit = content.backups.filter(
    (one) => (label === null || one.label === label) && (at === null || one.stoppedAt <= at),
  );
  return fit.toSorted((a, b) => b.stoppedAt - a.stoppedAt)[0] ?? null;
}

/** May the site be restored here, and what will be there? Pure. */
export function judgeRestore(seen: RestoreInputs, { error, warn }: HostFindings): RestorePlan | null {
  const { now, content, at } = seen;
  const backup = chooseBackup(seen);
  if (backup === null) {
    const first = content.backups.toSorted((a, b) => a.stoppedAt - b.stoppedAt)[0];
    if (first === undefined) error('The store has no backup yet, only an archive: nothing can be restored.');
    else if (seen.label !== null)
      error(
        `The store has no backup ${seen.label}${at === null ? '' : ' from before that moment'}. It has: ${content.backups.map(({ label }) => label).join(', ')}.`,
      );
    else error(`No backup is from before ${iso(at ?? now)}. The first one ended at ${iso(first.stoppedAt)}.`);
    return null;
  }
  const { notes } = backup;
  const site = notes['site'] ?? '';
  if (site === '') error(`The backup ${backup.label} was not made by Regent: it does not name its site.`);
  if (notes['key'] !== undefined && notes['key'] !== seen.fingerprint)
    error(
      `The backup ${backup.label} names the recovery key ${notes['key']}, and the given one is ${seen.fingerprint}.`,
    );
  const migrations = Number(notes['migrations'] ?? 0);
  if (migrations > seen.migrations)
    error(
      `The backup is of a newer release (${notes['release'] ?? 'unknown'}: ${migrations} migrations) than this one (${seen.release}: ${seen.migrations}). Install that release or a later one first.`,
    );
  for (const { address, port } of seen.answering)
    error(
      `The old site is alive: ${address} answers at port ${port}. Two sites must not use one store and one epoch. Switch the old nodes off first.`,
    );
  if (seen.rival !== null) error(rivalSentence(seen.rival));
  const needed = Math.ceil((backup.bytes * 1.2) / 1_000_000) + 500;
  if (seen.freeMegabytes !== null && seen.freeMegabytes < needed)
    error(`The database needs ${needed} MB below /var/lib/postgresql, and ${seen.freeMegabytes} MB are free.`);
  const storedAt = Math.max(content.archivedAt ?? 0, ...content.backups.map(({ stoppedAt }) => stoppedAt));
  // What the backup itself needs was there when it was made.
  const gap = content.gaps.find(({ missing }) => missing > backup.walStop.slice(TIMELINE_DIGITS));
  const newestAt = gap === undefined ? storedAt : Math.max(backup.stoppedAt, gap.reachedAt ?? 0);
  if (storedAt > now + CLOCK_S * 1000)
    (seen.isClockSynchronized ? warn : error)(
      `The store has files of ${iso(storedAt)}, and this host's clock says ${iso(now)}. ${
        seen.isClockSynchronized
          ? "This host's clock is synchronized, so the store's clock is wrong, and so is the loss in seconds."
          : 'It is not synchronized. Rule: at most 120 s behind the store, because certificates and the loss in seconds depend on it. Set it: timedatectl set-time, or chrony.'
      }`,
    );
  if (gap !== undefined)
    warn(
      `The archive has a gap: segment ${gap.missing} is missing. It cannot be replayed beyond about ${iso(newestAt)}; it goes on at ${iso(gap.resumedAt)}.`,
    );
  if (at !== null && at > newestAt)
    error(
      `The archive ${gap === undefined ? 'ends' : 'can be replayed to its gap'} at about ${iso(newestAt)}, before ${iso(at)}. Leave --at out to restore as far as it goes.`,
    );
  const upTo = at ?? newestAt;
  const lossSeconds = Math.max(0, Math.round((now - upTo) / 1000));
  const parsed = parseEpoch(notes['epoch'] ?? '');
  return {
    backup,
    site,
    epoch: isRejected(parsed) ? [] : parsed,
    lossSeconds,
    sentences: [
      `Backup ${backup.label} of ${iso(backup.stoppedAt)}, made by release ${notes['release'] ?? 'unknown'}, recovery key ${seen.fingerprint}.`,
      at === null
        ? `The newest file of the archive ${gap === undefined ? '' : 'before its gap '}was stored at ${iso(newestAt)}. What was written in the ${lossSeconds} s since then is lost. A lost write may be up to ${SEGMENT_S} s older.`
        : `Everything after ${iso(at)} is lost: ${lossSeconds} s until now.`,
      `Region nodes of the old site count as lost: ${lostNames(notes)}.`,
    ],
  };
}

function lostNames(notes: FoundBackup['notes']): string {
  const names = (notes['regions'] ?? '').split('/').flatMap((one) => one.split('=')[0] || []);
  return names.length === 0 ? 'all that the database knows' : names.join(', ');
}

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
