import Type, { type Static } from 'typebox';
import { IDENTITY_MAX } from '../../core/node-identity.ts';
import { SERVICE_STATES, ServiceAction, ServiceMetric } from './agent.ts';
import { Finding, listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';

/** States that an operator sees: those of the agent, and two that only the region can know. */
export const TRACKED_STATES = [...SERVICE_STATES, 'pending', 'stale'] as const;
export type TrackedState = (typeof TRACKED_STATES)[number];

/** An operator's request to restart the service, and whether it was done. */
export const RestartState = strict({ nonce: Type.String(), isDone: Type.Boolean() });

/** One managed service on one node: what it is to be, what it is, why and since when. */
export const Service = strict({
  node: Type.String(),
  service: Type.String(),
  state: oneOf(
    TRACKED_STATES,
    'pending: published and not yet reported; stale: the node has not reported for more than 30 s',
  ),
  since: nullable(Time),
  why: Type.String(),
  /** Must it run on this node? */
  isWanted: Type.Boolean(),
  wanted: Type.Integer({ description: 'generation that is published for the node' }),
  applied: nullable(Type.Integer({ description: 'generation in force on the node' })),
  isCurrent: Type.Boolean({ description: 'what is in force is what is published' }),
  reportedAt: nullable(Time),
  lastState: nullable(oneOf(SERVICE_STATES, 'what the node reported last, also when it is stale')),
  version: nullable(Type.String({ description: 'of the daemon' })),
  lastAction: nullable(ServiceAction),
  restart: nullable(RestartState),
  findings: Type.Array(Finding),
});
export type Service = Static<typeof Service>;

/** A service with the numbers of its daemon's last probe. */
export const ServiceDetail = strict({ ...Service.properties, metrics: Type.Array(ServiceMetric) });
export type ServiceDetail = Static<typeof ServiceDetail>;

/** Numbers of one name, as Prometheus groups them. */
export const MetricFamily = strict({
  name: Type.String({ description: 'such as regent_dhcp_leases' }),
  help: Type.String(),
  type: oneOf(['gauge', 'counter', 'histogram']),
  samples: Type.Array(
    strict({
      suffix: Type.Optional(oneOf(['_bucket', '_count', '_sum'], 'of a histogram')),
      labels: Type.Record(Type.String(), Type.String()),
      value: Type.Number(),
    }),
  ),
});
export type MetricFamily = Static<typeof MetricFamily>;
export const Metrics = strict({ families: Type.Array(MetricFamily) });

export const ServiceParams = strict({
  node: text(64, 'id or name of the node'),
  service: text(IDENTITY_MAX, 'its kind, or kind@key of an instance'),
});
export const ServiceListQuery = listQuery(
  {
    node: Type.Optional(text(64)),
    service: Type.Optional(text(IDENTITY_MAX)),
    state: Type.Optional(oneOf(TRACKED_STATES)),
  },
  ['node', 'service', 'state'],
);
export const ServicePage = page(Service);
