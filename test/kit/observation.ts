import type { Observation, ServiceObservation } from '../../src/contract/cluster/agent.ts';

/** A report of a node without services. */
export function anObservation(nodeId: string, changes: Partial<Observation> = {}): Observation {
  return {
    nodeId,
    generation: 0,
    digest: '',
    agentVersion: '1.0.0',
    agentSince: '2026-01-01T00:00:00.000Z',
    staleSince: null,
    facts: { hostname: 'k1', os: { id: 'debian', version: '13' }, isContainer: true, interfaces: [], versions: {} },
    services: [],
    ...changes,
  };
}

/** A report of a service that is healthy with what it was given. */
export function aServiceReport(service: string, changes: Partial<ServiceObservation> = {}): ServiceObservation {
  return {
    service,
    wanted: 1,
    wantedDigest: 'w',
    applied: 1,
    appliedDigest: 'w',
    state: 'healthy',
    since: '2026-01-02T03:04:05.678Z',
    why: 'It answers.',
    lastAction: null,
    restartDone: null,
    ...changes,
  };
}
