import Type, { type Static } from 'typebox';
import { Finding, nullable, oneOf, strict, Time } from '../base/common.ts';
import { TRACKED_STATES } from '../cluster/service.ts';

/** A service in the summary. */
const StatusService = strict({
  node: Type.String(),
  service: Type.String(),
  state: oneOf(TRACKED_STATES),
  since: nullable(Time),
  why: Type.String(),
});

const StatusNode = strict({
  name: Type.String(),
  isCurrent: Type.Boolean(),
  isStale: Type.Boolean(),
  isAway: Type.Boolean({
    description: 'others say that it is gone, or it has not reported for 20 s: nobody need wait for it',
  }),
  reportedAt: nullable(Time),
  since: nullable(Time),
  wanted: Type.Integer(),
  applied: nullable(Type.Integer()),
});

/** The site on one screen. `state` is ok when the database takes a real write, every node has what is published and all services are healthy. */
export const Status = strict({
  state: oneOf(['ok', 'degraded']),
  summary: Type.String({ description: 'one sentence: what is wrong first' }),
  version: Type.String(),
  time: Time,
  revision: Type.Integer(),
  published: Type.Integer({ description: 'revision that the last publication was compiled from' }),
  database: strict({ state: oneOf(['ok', 'down']), why: Type.String(), latencyMs: nullable(Type.Number()) }),
  nodes: Type.Array(StatusNode),
  services: Type.Array(StatusService),
  findings: Type.Array(Type.Object({ node: Type.String(), service: Type.String(), ...Finding.properties })),
  counts: strict({
    domains: Type.Integer(),
    records: Type.Integer(),
    machines: Type.Integer(),
    vlans: Type.Integer(),
    subnets: Type.Integer(),
    leases: Type.Integer({ description: 'in force' }),
    racksWaiting: Type.Integer({ description: 'racks that an admin has not decided about' }),
    withoutSecondary: Type.Optional(
      Type.Integer({ description: 'VLANs with DHCP that no second rack would take over' }),
    ),
  }),
});
export type Status = Static<typeof Status>;
