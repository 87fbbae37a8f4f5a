import type { DhcpProberConfig } from '../config.ts';
import { macOf } from '../dhcp/packet.ts';
import type { Machines, LeaseResult } from '../dhcp/machines.ts';
import type { Probe } from './lane.ts';

const FAMILY = { renewing: 0x0d, passing: 0x0e } as const;

/** A new machine each time. It gives its address back at once: a pool is smaller than a drill is long. */
export function newMachineProbe(config: DhcpProberConfig, machines: Machines): Probe {
  const { vlan, everyMs, timeoutMs, firstMachine } = config;
  return {
    name: `dhcp ${vlan} new`,
    everyMs,
    ask: (turn, done) => {
      const mac = macOf(FAMILY.passing, firstMachine + turn);
      machines.grant({ kind: 'new', mac, timeoutMs }, (result) => {
        giveBack(machines, mac, result);
        done({ why: result.why });
      });
    },
  };
}

/**
 * One machine that asks for its address again and again. Its first question, and the one after a refusal, is a new machine's; getting
 * another address than before is a failure.
 */
export function renewalProbe(config: DhcpProberConfig, machines: Machines): Probe {
  const { vlan, everyMs, timeoutMs, firstMachine } = config;
  const mac = macOf(FAMILY.renewing, firstMachine);
  let held: LeaseResult | null = null;
  let isAsking = true;
  return {
    name: `dhcp ${vlan} renew`,
    everyMs,
    ask: (_, done) => {
      const address = held?.address ?? null;
      const request = isAsking || address === null ? { kind: 'new' as const } : { kind: 'again' as const, address };
      machines.grant({ ...request, mac, timeoutMs }, (result) => {
        if (result.address === null) {
          isAsking = isAsking || result.why === 'refused';
          done({ why: result.why });
          return;
        }
        held = result;
        isAsking = false;
        done({ why: address === null || address === result.address ? '' : 'another address' });
      });
    },
    close: () => {
      if (held) giveBack(machines, mac, held);
    },
  };
}

function giveBack(machines: Machines, mac: string, { address, server }: LeaseResult): void {
  if (address === null || server === null) return;
  machines.grant({ kind: 'release', mac, address, server, timeoutMs: 0 }, () => undefined);
}
