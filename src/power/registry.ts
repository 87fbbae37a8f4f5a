import { AppError } from '../core/errors.ts';
import type { PowerType } from '../model/machines/power.ts';
import type { PowerDriver } from './driver.ts';
import { ipmi } from './ipmi/index.ts';
import { manual } from './manual/index.ts';
import { redfish } from './redfish/index.ts';
import { virsh } from './virsh/index.ts';
import { webhook } from './webhook/index.ts';

/** Every power driver. Adding one is one line here. */
export const DRIVERS: readonly PowerDriver[] = [ipmi, redfish, virsh, webhook, manual];

/** The driver of a type. Throws AppError `power` for a type that has none: the architecture's test proves that each has one. */
export function driverOf(type: PowerType): PowerDriver {
  const driver = DRIVERS.find((item) => item.type === type);
  if (driver === undefined) throw new AppError('power', `There is no power driver for ${type}.`);
  return driver;
}
