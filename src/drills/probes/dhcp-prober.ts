import type { DhcpProberConfig } from './config.ts';
import { openMachines } from './dhcp/machines.ts';
import { newMachineProbe, renewalProbe } from './lanes/dhcp.ts';
import { serveProber } from './lanes/serve.ts';

/* Machines on a VLAN that want addresses, as a program, to be run in a network namespace there (`startDhcpProber`). */
serveProber<DhcpProberConfig>(
  (config) =>
    new Promise((resolve) => {
      openMachines((machines) => resolve([newMachineProbe(config, machines), renewalProbe(config, machines)]));
    }),
);
