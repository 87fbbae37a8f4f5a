import { type Rejected, RejectedError } from '../core/errors.ts';
import type { MetadataPort } from './machines/metadata/port.ts';
import type { Region } from './port.ts';

/** The region behind a gate: while `closed()` gives a refusal (the database is not migrated yet), every call gets it. */
export function gateRegion(region: Region, closed: () => Rejected | null): Region {
  const open = () => {
    const refusal = closed();
    if (refusal) throw new RejectedError(refusal);
  };
  return {
    version: region.version,
    node: region.node,
    wake: region.wake,
    noteRequest: (request) => region.noteRequest(request),
    mayCall: (id, caller) => region.mayCall(id, caller),
    call: async (...args) => closed() ?? region.call(...args),
    callTogether: async (...args) => closed() ?? region.callTogether(...args),
    authenticate: async (...args) => {
      open();
      return region.authenticate(...args);
    },
    sessions: gateSessions(region, closed, open),
    agents: {
      authenticate: async (...args) => {
        open();
        return region.agents.authenticate(...args);
      },
      pull: (...args) => region.agents.pull(...args),
      parts: (...args) => region.agents.parts(...args),
      enlist: (...args) => region.agents.enlist(...args),
      observe: (...args) => region.agents.observe(...args),
      leases: (...args) => region.agents.leases(...args),
      bootSteps: (...args) => region.agents.bootSteps(...args),
      register: async (...args) => closed() ?? region.agents.register(...args),
      rack: async (...args) => {
        open();
        return region.agents.rack(...args);
      },
      takeNonce: (...args) => region.agents.takeNonce(...args),
      // Whoever got so far was let in by the database.
      commands: region.agents.commands,
    },
    trust: {
      isToken: async (...args) => {
        open();
        return region.trust.isToken(...args);
      },
      join: async (...args) => closed() ?? region.trust.join(...args),
      renew: async (...args) => closed() ?? region.trust.renew(...args),
      // Without it the database would never come: its servers know each other by certificates.
      renewOwn: (...args) => region.trust.renewOwn(...args),
      finish: async (...args) => closed() ?? region.trust.finish(...args),
      undo: async (...args) => closed() ?? region.trust.undo(...args),
      membership: async (...args) => closed() ?? region.trust.membership(...args),
      isServed: async (...args) => {
        open();
        return region.trust.isServed(...args);
      },
      siteCertificate: async (...args) => closed() ?? region.trust.siteCertificate(...args),
      pairCertificate: async (...args) => closed() ?? region.trust.pairCertificate(...args),
      siteHost: async (named) => (closed() ? null : region.trust.siteHost(named)),
      authority: () => region.trust.authority(),
      checkSerial: (serial) => region.trust.checkSerial(serial),
      onRevoked: (listener) => region.trust.onRevoked(listener),
    },
    metadata: gateMetadata(region.metadata, closed, open),
    images: {
      receive: async (...args) => closed() ?? region.images.receive(...args),
      received: async (file) => closed() ?? region.images.received(file),
      beginPieces: async (image) => closed() ?? region.images.beginPieces(image),
      addPiece: async (...args) => closed() ?? region.images.addPiece(...args),
      // Only from the disk.
      open: (file) => region.images.open(file),
      openPart: (file) => region.images.openPart(file),
    },
    // From memory if there is no database.
    host: region.host,
    events: region.events,
    health: async () => {
      const refusal = closed();
      return refusal ? { isUp: false, why: refusal.message, latencyMs: null } : region.health();
    },
    isHeld: () => closed() === null && region.isHeld(),
  };
}

function gateSessions(region: Region, closed: () => Rejected | null, open: () => void): Region['sessions'] {
  const { sessions } = region;
  return {
    open: async (...args) => closed() ?? sessions.open(...args),
    check: async (proof) => closed() ?? sessions.check(proof),
    wrongLogins: {
      used: async (names) => {
        open();
        return sessions.wrongLogins.used(names);
      },
      add: async (counts) => closed() ?? sessions.wrongLogins.add(counts),
    },
    isKnownAt: async (...args) => {
      open();
      return sessions.isKnownAt(...args);
    },
    find: async (token) => {
      open();
      return sessions.find(token);
    },
    end: async (session) => {
      open();
      return sessions.end(session);
    },
  };
}

/** Requests and reports of machines. */
function gateMetadata(metadata: MetadataPort, closed: () => Rejected | null, open: () => void): MetadataPort {
  return {
    identify: async (...args) => {
      open();
      return metadata.identify(...args);
    },
    isOver: async (...args) => {
      open();
      return metadata.isOver(...args);
    },
    admit: async (...args) => closed() ?? metadata.admit(...args),
    credentials: async (...args) => closed() ?? metadata.credentials(...args),
    describe: async (...args) => closed() ?? metadata.describe(...args),
    report: async (...args) => closed() ?? metadata.report(...args),
    signal: async (...args) => closed() ?? metadata.signal(...args),
    scripts: async (...args) => closed() ?? metadata.scripts(...args),
    netboot: async (...args) => closed() ?? metadata.netboot(...args),
    inventory: async (...args) => closed() ?? metadata.inventory(...args),
  };
}
