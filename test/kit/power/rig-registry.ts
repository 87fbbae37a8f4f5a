import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import type { PowerType } from '../../../src/model/machines/power.ts';
import type { DebianHost } from '../debian-root.ts';
import { redfishRig } from '../redfish/rig.ts';
import { ipmiRig } from './ipmi-sim.ts';
import type { PowerRig } from './rig.ts';
import { virshRig } from './virsh-shell.ts';
import { webhookRig } from './webhook-service.ts';

/** The rig of each driver: the conformance suite runs whatever is here, and each type must be. */
export const RIGS: Readonly<Record<PowerType, (host: DebianHost) => Promise<PowerRig>>> = {
  ipmi: ipmiRig,
  redfish: redfishRig,
  virsh: virshRig,
  webhook: webhookRig,
  manual: manualRig,
};

/** A person at the machine. */
export async function manualRig(): Promise<PowerRig> {
  let isOn = false;
  return {
    type: 'manual',
    parameters: {},
    secret: null,
    elsewhere: {},
    reach: realBmcAccess(),
    isOn: () => isOn,
    put: (state) => {
      isOn = state === 'on';
    },
    bootDevice: () => null,
    setFault: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
