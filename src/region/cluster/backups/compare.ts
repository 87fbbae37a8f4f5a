import type { BackupDrill } from '../../../contract/cluster/backup.ts';
import type { RestoredFacts } from '../../../contract/cluster/backup-order.ts';
import { CONFIGURATION } from '../../../store/queries/cluster/backup-facts.ts';

/** The same of the living database; `escrowOpens`: the recovery key opens what a restore needs. */
export interface LivingFacts {
  readonly migrations: number;
  readonly lastEvent: number;
  /** Up to the restored database's last event. */
  readonly ledger: string;
  readonly ledgerRows: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly escrowOpens: boolean;
}

/** A drill without a target of its own begins at the newest backup, with all of the archive: so far behind the living database it may be, events. */
const BEHIND_MAX = 20_000;

export interface DrillReport {
  readonly checks: readonly { readonly what: string; readonly isHeld: boolean; readonly detail: string }[];
  readonly restoreSeconds: number;
  readonly recoverySeconds: number;
}

/** Compares a restored database with the living one. Pure. */
export function compareRestored(restored: RestoredFacts, living: LivingFacts): DrillReport {
  const behind = living.lastEvent - restored.lastEvent;
  const differing = CONFIGURATION.filter(
    (table) => (restored.counts[table] ?? 0) === 0 && (living.counts[table] ?? 0) > 0,
  );
  const rows = Object.values(restored.counts).reduce((sum, count) => sum + count, 0);
  const check = (what: string, isHeld: boolean, detail: string) => ({ what, isHeld, detail });
  return {
    restoreSeconds: restored.restoreSeconds,
    recoverySeconds: restored.recoverySeconds,
    checks: [
      check(
        'every table can be read',
        restored.damaged.length === 0,
        restored.damaged.length === 0
          ? `${rows} rows in ${Object.keys(restored.counts).length} tables`
          : `not: ${restored.damaged.join(', ')}`,
      ),
      check(
        'the schema is of this release',
        restored.migrations === living.migrations,
        `${restored.migrations} of ${living.migrations} migrations`,
      ),
      check(
        'the newest writes are the same',
        restored.ledger === living.ledger && restored.ledgerRows === living.ledgerRows,
        `${restored.ledgerRows} events up to ${restored.lastEvent}`,
      ),
      check('the archive is not far behind', behind >= 0 && behind <= BEHIND_MAX, `${behind} events are newer than it`),
      check(
        'the configuration is there',
        differing.length === 0,
        differing.length === 0
          ? CONFIGURATION.map((table) => `${table} ${restored.counts[table] ?? 0}`).join(', ')
          : `empty: ${differing.join(', ')}`,
      ),
      check(
        'the recovery key opens the seal',
        living.escrowOpens,
        living.escrowOpens ? 'the authority and the passwords' : 'the escrow of the target does not open',
      ),
    ],
  };
}

/** The checks of a drill that failed, each as a clause. */
export const brokenChecks = ({ checks }: Pick<DrillReport, 'checks'>): string[] =>
  checks.filter(({ isHeld }) => !isHeld).map(({ what, detail }) => `${what}: ${detail}`);

/** As the API shows it. */
export function shownDrill(
  row: {
    readonly id: number;
    readonly label: string;
    readonly node: string;
    readonly at: string;
    readonly isPassed: boolean;
  },
  { checks, restoreSeconds, recoverySeconds }: DrillReport,
): BackupDrill {
  return { ...row, checks: [...checks], restoreSeconds, recoverySeconds };
}
