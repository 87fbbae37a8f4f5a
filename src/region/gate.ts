import { type Rejected, RejectedError } from '../core/errors.ts';
import type { Region } from './port.ts';

/** The region behind a gate: while `closed()` gives a refusal (the database is not migrated yet), every call gets it. */
export function gateRegion(region: Region, closed: () => Rejected | null): Region {
  const open = () => {
    const refusal = closed();
    if (refusal) throw new RejectedError(refusal);
  };
  return {
    version: region.version,
    wake: region.wake,
    mayCall: (id, caller) => region.mayCall(id, caller),
    call: async (...args) => closed() ?? region.call(...args),
    authenticate: async (key) => {
      open();
      return region.authenticate(key);
    },
    agents: {
      authenticate: async (...args) => {
        open();
        return region.agents.authenticate(...args);
      },
      pull: (...args) => region.agents.pull(...args),
      observe: (...args) => region.agents.observe(...args),
      leases: (...args) => region.agents.leases(...args),
      register: async (...args) => closed() ?? region.agents.register(...args),
      rack: async (...args) => {
        open();
        return region.agents.rack(...args);
      },
      takeNonce: (...args) => region.agents.takeNonce(...args),
    },
    events: region.events,
    health: async () => {
      const refusal = closed();
      return refusal ? { isUp: false, why: refusal.message, latencyMs: null } : region.health();
    },
  };
}
