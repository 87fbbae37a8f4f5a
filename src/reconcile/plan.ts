import type { ServiceHealth } from '../services/kit/contract.ts';
import { isSame } from './files.ts';
import type { Configuration, FileStates } from './values.ts';

/** The files that the service must have now, and why these. */
export type Aim =
  /** What the region wants. */
  | { readonly kind: 'wanted'; readonly files: FileStates }
  /** The last healthy configuration: the wanted one was refused by the daemon. */
  | { readonly kind: 'previous'; readonly files: FileStates }
  /** Whatever is installed: the wanted configuration cannot be installed now. */
  | { readonly kind: 'keep' };

/** Everything that the next step depends on, at one moment. */
export interface Situation {
  readonly aim: Aim;
  readonly disk: FileStates;
  readonly loaded: Configuration | null;
  readonly good: Configuration | null;
  /** As far as is known: true until it was asked. */
  readonly isUnitUp: boolean;
  /** Is the daemon there, so that it hangs if it does not answer? */
  readonly isUnitActive: boolean;
  /** May the unit be started now? Not after something was done to it in this run, and with back-off. */
  readonly mayStart: boolean;
  /** The operator's restart is not done yet. */
  readonly isRestartAsked: boolean;
  /** The service has not been told a role of the node, or that its certificate was renewed. */
  readonly isUntold: boolean;
  /** Answer of the daemon since the last thing that was done to it; null when it was not asked yet. */
  readonly health: ServiceHealth | null;
  /** In this change the daemon was restarted because it did not become healthy. */
  readonly isForced: boolean;
  /** This change has had its time before, without a way back. */
  readonly isGivenUp: boolean;
}

/**
 * `install`: keep, stage, check, move. `restore`: bring the previous files back. `activate`: make the daemon take what is on disk.
 * `start`: the unit is down. `operator_restart`, `tell`: see Situation. `probe`: ask, in a change until the deadline.
 * `force`: restart a daemon that is silent after a change. `confirm`: healthy, so it is the new way back.
 * `roll_back`: refuse the wanted files from now on. `settle`: nothing is left to do.
 */
export type Step =
  | 'install'
  | 'restore'
  | 'activate'
  | 'start'
  | 'operator_restart'
  | 'tell'
  | 'probe'
  | 'force'
  | 'confirm'
  | 'roll_back'
  | 'settle';

/**
 * The next step of a service. Pure, and made from what is there, never from what was done before: a run that was killed
 * anywhere is taken up by the next one.
 */
export function planStep(now: Situation): Step {
  const { aim } = now;
  if (aim.kind !== 'keep') {
    if (!isSame(now.disk, aim.files)) return aim.kind === 'wanted' ? 'install' : 'restore';
    if (!now.loaded || !isSame(now.loaded.files, aim.files)) return 'activate';
  }
  if (now.isRestartAsked) return 'operator_restart';
  if (now.isUntold) return 'tell';
  if (!now.isUnitUp && now.mayStart) return 'start';
  if (now.health === null) return 'probe';
  return now.health.isHealthy ? planHealthy(now) : planUnhealthy(now);
}

/** Is the wanted configuration in force but not yet known to be good? */
export function isOnProbation(now: Pick<Situation, 'aim' | 'good' | 'loaded' | 'isGivenUp'>): boolean {
  if (now.aim.kind !== 'wanted' || now.isGivenUp) return false;
  return !now.good || !isSame(now.good.files, now.aim.files);
}

function planHealthy(now: Situation): Step {
  const isConfirmed = now.aim.kind !== 'wanted' || (now.good && isSame(now.good.files, now.aim.files));
  return isConfirmed ? 'settle' : 'confirm';
}

function planUnhealthy(now: Situation): Step {
  // What keeps it from its work is not in its files.
  if (!isOnProbation(now) || now.health?.isOutOfReach === true) return 'settle';
  // A daemon that ended by itself says what it thinks of its files; one that is there and silent may just hang.
  if (!now.isForced && now.isUnitActive) return 'force';
  return now.good ? 'roll_back' : 'settle';
}
