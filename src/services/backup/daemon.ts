import { jsonOrNull } from '../../core/json.ts';
import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { type BackupFacts, parseBackupFacts } from './facts.ts';
import { BACKUP_JSON, FOLDER, PGBACKREST_CONF } from './view.ts';

const USER = 'postgres';
const HA = '/opt/regent/current/ha/backup';
/** Where `regent-backup.service` takes questions and tasks. */
export const CONTROL_SOCKET = '/run/regent-backup/control.sock';
const CHECK_MS = 20_000;
const ASK_MS = 5_000;

/** Command lines and questions that the helper accepts for `backup`. */
export const BACKUP_COMMANDS: readonly CommandRule[] = [
  {
    argv: [
      `${HA}/check`,
      { pattern: `${FOLDER}/(?:\\.stage/)?pgbackrest\\.conf` },
      { pattern: `${FOLDER}/(?:\\.stage/)?backup\\.json` },
    ],
    isChecker: true,
  },
  { argv: ['/usr/bin/pgbackrest', 'version'] },
  { socket: CONTROL_SOCKET, requests: '\\{"ask":"(?:state|result|begin)"[A-Za-z0-9 _.:,"{}@/+=-]{0,4000}\\}' },
];

/** pgBackRest reads the file as it would for a backup, with an empty store in place of the real one. */
export function checkBackup(staged: readonly StagedFile[]): readonly Command[] {
  if (!staged.some(({ isChanged }) => isChanged)) return [];
  const placeOf = (target: string) => staged.find((file) => file.target === target)?.staged ?? target;
  return [{ argv: [`${HA}/check`, placeOf(PGBACKREST_CONF), placeOf(BACKUP_JSON)], user: USER, timeoutMs: CHECK_MS }];
}

/** Each run of pgBackRest reads its file; a reload makes its server read it, too. */
export function activateBackup(changes: readonly FileChange[]): Activation {
  if (changes.some(({ target, kind }) => target === PGBACKREST_CONF && kind === 'added'))
    return { kind: 'restart', why: 'pgbackrest.conf is new: regent-backup starts with it' };
  return changes.length === 0
    ? { kind: 'none', why: 'nothing has changed' }
    : { kind: 'reload', why: 'the backup target or a region node changed; a backup that runs goes on' };
}

/** The program's own state. */
export function probeBackup(): readonly Command[] {
  return [{ socket: CONTROL_SOCKET, request: '{"ask":"state"}', timeoutMs: ASK_MS }];
}

/** A store that is full or gone is no fault of the daemon: it goes on asking, and the doctor reports it. */
export function parseProbeBackup(answers: readonly ExecResult[]): ServiceHealth {
  const facts = factsOf(answers);
  if (facts === null) return { isHealthy: false, detail: 'regent-backup does not answer at its socket' };
  if (!facts.isServing)
    return {
      isHealthy: false,
      detail: "pgBackRest's server does not run, so no standby reaches this node for a backup",
      facts,
    };
  return { isHealthy: true, detail: detailOf(facts), facts, isSettling: facts.store === null };
}

/** The facts of an answer; null: there is none that can be read. */
export function factsOf(answers: readonly ExecResult[]): BackupFacts | null {
  return parseBackupFacts(jsonOrNull(answers[0]?.code === 0 ? answers[0].stdout : ''));
}

function detailOf({ store, archive }: BackupFacts): string {
  if (store === null) return 'the state of the store is not known yet';
  if (store.why !== null) return `the store does not answer: ${store.why}`;
  const late = archive.waiting > 1 ? `; ${archive.waiting} segments of the log wait` : '';
  return `the store has ${store.backups} backups${late}`;
}
