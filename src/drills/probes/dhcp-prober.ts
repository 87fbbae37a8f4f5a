import type { DhcpProberConfig } from './config.ts';
import { openMachines } from './dhcp/machines.ts';
import { newMachineProbe, renewalProbe } from './lanes/dhcp.ts';
import { openPopulation } from './lanes/population.ts';
import { type Probing, serveProber } from './lanes/serve.ts';

/* Machines on a VLAN that want addresses, as a program, to be run in a network namespace there (`startDhcpProber`). */
serveProber<DhcpProberConfig>(
  (config, onShared) =>
    new Promise<Probing>((resolve, reject) => {
      openMachines((machines) => {
        const probes = [newMachineProbe(config, machines), renewalProbe(config, machines)];
        const held = () => machines.held().map(([address]) => address);
        if (config.population === undefined) return resolve({ probes, held });
        openPopulation(config, config.population, machines).then(
          (more) => resolve({ probes: [...probes, ...more], held }),
          reject,
        );
      }, onShared);
    }),
);
