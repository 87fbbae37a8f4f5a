import type { ServiceHealth } from '../services/kit/contract.ts';
import { isSame } from './files.ts';
import type { Configuration, FileStates } from './values.ts';

/** The files that the service must have now, and the reason. */
export type Aim =
  /** What the region wants. */
  | { readonly kind: 'wanted'; readonly files: FileStates }
  /** The last healthy configuration: the wanted one was refused by the daemon. */
  | { readonly kind: 'previous'; readonly files: FileStates }
  /** The installed files: the wanted configuration cannot be installed now. */
  | { readonly kind: 'keep' };

/** The whole input of the next step, at one moment. */
export interface Situation {
  readonly aim: Aim;
  readonly disk: FileStates;
  readonly loaded: Configuration | null;
  readonly good: Configuration | null;
  /** The last known answer; true before the first one. */
  readonly isUnitUp: boolean;
  /** Is the daemon there, so that it hangs if it does not answer? */
  readonly isUnitActive: boolean;
  /** May the unit be started now? Not after this run acted on it, and with back-off. */
  readonly mayStart: boolean;
  /** The operator's restart is not done yet. */
  readonly isRestartRequested: boolean;
  /** The service was not yet notified of a role of the node, or of its renewed certificate. */
  readonly hasNotification: boolean;
  /** The daemon's answer since the last action on it; null: not probed yet. */
  readonly health: ServiceHealth | null;
  /** This change has restarted the daemon because it did not become healthy. */
  readonly isForced: boolean;
  /** This change has already had its time, without a rollback. */
  readonly isGivenUp: boolean;
}

/**
 * `install`: keep, stage, check, move. `restore`: bring the previous files back. `activate`: make the daemon take the files on disk. `start`: the
 * unit is down. `operator_restart`, `notify`: see Situation. `probe`: ask; in a change until the deadline. `force`: restart a daemon that is silent
 * after a change. `confirm`: it is healthy, so a rollback leads here from now on. `roll_back`: refuse the wanted files from now on. `settle`: nothing
 * is left to do.
 */
export type ReconcileStep =
  | 'install'
  | 'restore'
  | 'activate'
  | 'start'
  | 'operator_restart'
  | 'notify'
  | 'probe'
  | 'force'
  | 'confirm'
  | 'roll_back'
  | 'settle';

/**
 * The next step of a service. Pure. It depends on the present state, never on earlier steps, so the next run continues a run that was killed
 * anywhere.
 */
export function planStep(now: Situation): ReconcileStep {
  const { aim } = now;
  if (aim.kind !== 'keep') {
    if (!isSame(now.disk, aim.files)) return aim.kind === 'wanted' ? 'install' : 'restore';
    if (!now.loaded || !isSame(now.loaded.files, aim.files)) return 'activate';
  }
  if (now.isRestartRequested) return 'operator_restart';
  if (now.hasNotification) return 'notify';
  if (!now.isUnitUp && now.mayStart) return 'start';
  if (now.health === null) return 'probe';
  return now.health.isHealthy ? planHealthy(now) : planUnhealthy(now);
}

/** Is the wanted configuration in force, but not yet known to be good? */
export function isOnProbation(now: Pick<Situation, 'aim' | 'good' | 'loaded' | 'isGivenUp'>): boolean {
  if (now.aim.kind !== 'wanted' || now.isGivenUp) return false;
  return !now.good || !isSame(now.good.files, now.aim.files);
}

function planHealthy(now: Situation): ReconcileStep {
  const isConfirmed = now.aim.kind !== 'wanted' || (now.good && isSame(now.good.files, now.aim.files));
  return isConfirmed ? 'settle' : 'confirm';
}

function planUnhealthy(now: Situation): ReconcileStep {
  // Its files are not the cause of its trouble.
  if (!isOnProbation(now) || now.health?.isOutOfReach === true) return 'settle';
  // A daemon that ended by itself has judged its files. A silent one may just hang.
  if (!now.isForced && now.isUnitActive) return 'force';
  return now.good ? 'roll_back' : 'settle';
}
