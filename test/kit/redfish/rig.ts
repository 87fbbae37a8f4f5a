import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { freeTcpPort } from '../power/ports.ts';
import { FAULTS, type PowerRig } from '../power/rig.ts';
import { REDFISH_PASSWORD, REDFISH_USER, RedfishEmulator } from './emulator.ts';

/** The driver's own client against the emulator, over real TLS. */
export async function redfishRig(): Promise<PowerRig & { readonly emulator: RedfishEmulator }> {
  const emulator = await RedfishEmulator.open();
  const parameters = {
    power_address: `127.0.0.1:${emulator.port}`,
    power_user: REDFISH_USER,
    power_pass: REDFISH_PASSWORD,
  };
  return {
    emulator,
    type: 'redfish',
    parameters,
    secret: 'power_pass',
    elsewhere: { ...parameters, power_address: `127.0.0.1:${await freeTcpPort()}` },
    reach: realBmcAccess(),
    isOn: () => emulator.isOn,
    put: (state) => {
      emulator.isOn = state === 'on';
    },
    bootDevice: () => emulator.boot.BootSourceOverrideTarget.toLowerCase(),
    setFault: (fault) => {
      for (const item of FAULTS) emulator.faults.delete(item);
      if (fault !== null) emulator.faults.add(fault);
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}
