import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { notOwnerBecause } from './owner.ts';
import { knownReason, must, TaskError } from './tool.ts';

/** This program's part of the rendered configuration. */
export interface BackupConf {
  readonly name: string;
  readonly kind: 'folder' | 'sftp' | 's3';
  /** Of a folder: where it is; else the path in the store. */
  readonly path: string;
  /** Written into the store, so that all nodes prove that they have the same one. */
  readonly storeId: string;
  readonly queueSegments: number;
  /** How much the backups may be together, MB; 0: no limit. */
  readonly quotaMb?: number;
  /** The newest recoveries of the cluster, apart by spaces; left out: it never was recovered. */
  readonly epochs?: string;
}

const PLACE = '/etc/regent/backup/backup.json';
const INFO_MS = 60_000;
const MARKER = 'regent-store';

/** Reads it; it is there whenever this program runs. */
export function readConf(): BackupConf {
  return JSON.parse(readFileSync(PLACE, 'utf8')) as BackupConf;
}

/** A backup as the region shows it. Times in seconds since 1970. */
export interface ListedBackup {
  readonly label: string;
  readonly type: string;
  readonly startedAt: number;
  readonly stoppedAt: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly walStart: string;
  readonly walStop: string;
  readonly isDamaged: boolean;
  readonly notes: Readonly<Record<string, string>>;
}

/** What is in the store. */
export interface StoreList {
  readonly backups: readonly ListedBackup[];
  readonly archiveFrom: string | null;
  readonly archiveTo: string | null;
  /** pgBackRest's name of the newest part of the archive; null: there is none. */
  readonly archiveId: string | null;
  readonly isMade: boolean;
}

interface Info {
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly repo?: readonly { readonly status?: { readonly message?: string } }[];
  readonly archive?: readonly { readonly id?: string; readonly min?: string | null; readonly max?: string | null }[];
  readonly backup?: readonly {
    readonly label: string;
    readonly type: string;
    readonly error?: boolean | null;
    readonly timestamp: { readonly start: number; readonly stop: number };
    readonly archive?: { readonly start?: string; readonly stop?: string };
    readonly info?: {
      readonly size?: number;
      readonly repository?: { readonly delta?: number; readonly size?: number };
    };
    readonly annotation?: Readonly<Record<string, string>>;
  }[];
}

/** Code of `info` for a store that answers and has no stanza yet. */
const NO_STANZA = 1;
/** … that has a stanza and no backup, which is well. */
const NO_BACKUP = 2;

/** Reads `pgbackrest info`. Throws a TaskError if the store does not answer or the key does not open it. */
export async function listStore(): Promise<StoreList> {
  // By a wrong key the first file is noise, and pgBackRest puts control characters of it into its JSON as they are.
  const text = (await must(['info', '--output=json'], INFO_MS)).replaceAll(/\p{Cc}/gu, ' ');
  const [info] = JSON.parse(text) as readonly Info[];
  const code = info?.status?.code ?? NO_STANZA;
  if (code !== 0 && code !== NO_STANZA && code !== NO_BACKUP)
    throw new TaskError(reasonFor(info?.repo?.[0]?.status?.message ?? info?.status?.message ?? 'no reason'));
  const spans = info?.archive ?? [];
  return {
    isMade: code !== NO_STANZA,
    archiveFrom: spans[0]?.min ?? null,
    archiveTo: spans.at(-1)?.max ?? null,
    archiveId: spans.at(-1)?.id ?? null,
    backups: (info?.backup ?? []).map((one) => ({
      label: one.label,
      type: one.type,
      startedAt: one.timestamp.start,
      stoppedAt: one.timestamp.stop,
      bytes: one.info?.size ?? 0,
      storedBytes: one.info?.repository?.delta ?? one.info?.repository?.size ?? 0,
      walStart: one.archive?.start ?? '',
      walStop: one.archive?.stop ?? '',
      isDamaged: one.error === true,
      notes: one.annotation ?? {},
    })),
  };
}

/** A file that is deciphered by another key is noise: pgBackRest reports that as a wrong format. A certificate that nobody trusts is a CryptoError, too. */
function reasonFor(message: string): string {
  const known = knownReason(message);
  if (known !== null) return known;
  if (/FormatError|CryptoError|cipher/.test(message))
    return 'the key of the store does not open it: another recovery key encrypted it, or its first file is damaged';
  return `the store does not answer as it should: ${message.replaceAll(/[^ -~]+/g, ' ').slice(0, 400)}`;
}

/**
 * Does this node see the store that the cluster means? A folder has a marker in it: an empty folder at the same path is one whose disk is not mounted.
 * Stores that are reached by name are the same for all. Null: it does; else why not.
 */
export async function misplacedBecause({ kind, path, storeId }: BackupConf): Promise<string | null> {
  if (kind !== 'folder') return null;
  try {
    const found = (await readFile(`${path}/${MARKER}`, 'utf8')).trim();
    return found === storeId ? null : `${path} holds the backups of another target (${found.slice(0, 40)})`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? `${path} is not there or is another folder than on the other nodes: the file ${MARKER} is missing`
      : `${path} cannot be read: ${(error as Error).message}`;
  }
}

/** The recoveries of the cluster, the first one first. */
export const epochsOf = ({ epochs = '' }: Pick<BackupConf, 'epochs'>): readonly string[] =>
  epochs.split(' ').filter((id) => id !== '');

/** May this node write into the store: is it the one that the cluster means, and the cluster's own? Null: it may; else why not. */
export async function unwritableBecause(
  conf: BackupConf,
  options?: { readonly isFresh: boolean },
): Promise<string | null> {
  return (await misplacedBecause(conf)) ?? (await notOwnerBecause(epochsOf(conf), options));
}

/** Marks a new folder. One that holds the backups of another target is refused. */
export async function claimFolder(conf: BackupConf): Promise<void> {
  if (conf.kind !== 'folder') return;
  const file = `${conf.path}/${MARKER}`;
  const found = await readFile(file, 'utf8').catch(() => null);
  if (found !== null && found.trim() !== conf.storeId)
    throw new TaskError(`${conf.path} holds the backups of another target; give this cluster a folder of its own`);
  try {
    if (found === null) await writeFile(file, `${conf.storeId}\n`, { flag: 'wx' });
  } catch (error) {
    throw new TaskError(`${conf.path} cannot be written on ${conf.name}: ${(error as Error).message}`);
  }
}
