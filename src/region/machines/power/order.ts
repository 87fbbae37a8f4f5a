import type { MachinePower } from '../../../contract/machines/machine-power.ts';
import type { PowerOrder as Order, PowerProgress as Progress } from '../../../contract/machines/power-order.ts';
import { readPowerOrder, readPowerProgress } from '../../../contract/machines/power-order.ts';
import { AppError } from '../../../core/errors.ts';
import type { Clock, Random } from '../../../core/ports.ts';
import type { Database } from '../../../store/database.ts';
import type { CertificateAuthority } from '../../cluster/trust/port.ts';
import type { CommandWaiter } from '../../base/commands/wait.ts';
import type { JobEnd } from '../../base/jobs/kind.ts';

/** Kind of the jobs that switch machines. */
export const POWER_JOB = 'machine-power';

export type { Order, Progress };

/** What the job needs. */
export interface PowerPorts {
  readonly db: Database;
  readonly waiter: CommandWaiter;
  readonly ca: Pick<CertificateAuthority, 'inheritance'>;
  readonly random: Pick<Random, 'hex'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** One turn of a job. `end` null: it goes on. */
export type Turn = { readonly at: Progress; readonly end: JobEnd | null };

/** Nothing has been done. */
export const BEGINNING: Progress = {
  step: 0,
  tried: [],
  hasProbed: false,
  hasChanged: false,
  asked: null,
  failures: [],
};

/** Reads a job's payload. Throws AppError `job` for another's. */
export function parseOrder(payload: unknown): Order {
  const order = readPowerOrder(payload);
  if (order !== null) return order;
  throw new AppError('job', 'another release wrote the order of the job, and this release cannot read it');
}

/** Reads what an earlier run saved. Throws AppError `job` for another's. */
export function parseProgress(checkpoint: unknown): Progress {
  if (checkpoint === null || checkpoint === undefined) return BEGINNING;
  const progress = readPowerProgress(checkpoint);
  if (progress !== null) return progress;
  throw new AppError('job', 'another release wrote the checkpoint of the job, and this release cannot read it');
}

/** One state that the machine is to have. */
export interface PowerStep {
  readonly verb: 'on' | 'off' | 'query';
  readonly boot?: 'pxe' | 'disk';
  readonly stopMode?: 'hard' | 'soft';
}

/**
 * The states that an order goes through. A cycle is two: what is off is not switched off again when another node goes on, so nothing is powered twice. A
 * cycle must end: it does not ask the operating system unless the order says so. Pure.
 */
export function stepsOf({ verb, boot, stopMode }: MachinePower): readonly PowerStep[] {
  const on: PowerStep = { verb: 'on', ...(boot === undefined ? {} : { boot }) };
  if (verb === 'cycle') return [{ verb: 'off', stopMode: stopMode ?? 'hard' }, on];
  if (verb === 'off') return [{ verb, ...(stopMode === undefined ? {} : { stopMode }) }];
  return [verb === 'on' ? on : { verb }];
}
