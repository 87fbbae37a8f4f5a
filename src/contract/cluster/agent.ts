import Type, { type Static } from 'typebox';
import { IDENTITY_MAX } from '../../core/node-identity.ts';
import { oneOf } from '../base/common.ts';

/** The agent protocol, version 1. It only grows: fields are added, never changed. */

/** How long the region holds an unanswered pull, seconds. */
export const PULL_WAIT_MAX = 30;

/** Where an agent reports what it sees of its node, and the leases of its Kea. */
export const OBSERVATION_PATH = '/agent/v1/observation';
export const LEASES_PATH = '/agent/v1/leases';

/** What one service is to be on one node. `desired` null: absent. `restart`: nonce of the last requested restart. */
export const ServiceDesired = Type.Object({
  desired: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  restart: Type.Union([Type.String(), Type.Null()]),
});
export type ServiceDesired = Static<typeof ServiceDesired>;

/** Desired state of a node. `digest` is `digestOf(body)`; `generation` grows by one with each change, per node. */
export const Desired = Type.Object({
  nodeId: Type.String(),
  generation: Type.Integer({ minimum: 1 }),
  digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  revision: Type.Integer({ minimum: 0 }),
  body: Type.Object({
    services: Type.Record(Type.String(), ServiceDesired),
    /** Every region node, for an agent that must find one when others are down. `state` is left out of a member: another one is joining or leaving. */
    regions: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          address: Type.String(),
          state: Type.Optional(Type.String()),
          isDrained: Type.Optional(Type.Boolean()),
        }),
      ),
    ),
    /** The agent restarts once for each new nonce. The nonce that it holds when it starts is done. */
    agentRestart: Type.Optional(Type.String({ maxLength: 64 })),
    /** Boot records (`boot/record.ts`). The agent reads each by itself: one that it cannot read affects only that machine. */
    boot: Type.Optional(Type.Array(Type.Unknown())),
  }),
});
export type Desired = Static<typeof Desired>;

/**
 * Query of a pull: what the agent holds (0 and '' for nothing) and how long it will wait, seconds. `commands`: the last digest of waiting commands that it
 * received, '' for none; an agent that leaves it out takes no commands.
 */
export const PullQuery = Type.Object({
  generation: Type.Integer({ minimum: 0 }),
  digest: Type.String({ maxLength: 64 }),
  wait: Type.Integer({ minimum: 0, maximum: PULL_WAIT_MAX }),
  commands: Type.Optional(Type.String({ maxLength: 64 })),
  /** The agent takes parts. A region of an earlier release does not read it and answers whole. */
  parts: Type.Optional(Type.Boolean()),
});
export type PullQuery = Static<typeof PullQuery>;

/** Outcome of a service on a node. */
export const SERVICE_STATES = [
  'healthy',
  'unhealthy',
  'render_failed',
  'rejected',
  'check_failed',
  'install_failed',
  'rolled_back',
  'absent',
  'unknown',
] as const;
export const ServiceState = oneOf(SERVICE_STATES);
export type ServiceState = (typeof SERVICE_STATES)[number];

/** What made the agent act: another configuration, a role of the node, an operator, the daemon's health, a renewed certificate. */
export const ACTION_TRIGGERS = ['change', 'role', 'restart', 'health', 'certificate'] as const;

/** Actions that are remembered of a service. */
export const ACTIONS_MAX = 20;

/** What the agent did to a service. */
export const ServiceAction = Type.Object({
  kind: Type.Union([
    Type.Literal('command'),
    Type.Literal('reload'),
    Type.Literal('restart'),
    Type.Literal('start'),
    Type.Literal('stop'),
    Type.Literal('rollback'),
  ]),
  why: Type.String({ maxLength: 2000 }),
  at: Type.String({ format: 'date-time' }),
  /** Missing in what an agent of an earlier release did. */
  trigger: Type.Optional(oneOf(ACTION_TRIGGERS)),
});
export type ServiceAction = Static<typeof ServiceAction>;

/** An optional part of a service that its daemon's checker refuses. `why`: the checker's message. The rest is in force. */
export const HeldPart = Type.Object({
  name: Type.String({ maxLength: 200 }),
  why: Type.String({ maxLength: 1000 }),
  remedy: Type.String({ maxLength: 400 }),
});

/** Metrics of one service in one report. */
export const METRICS_MAX = 256;
/** Characters of a label's value. */
export const LABEL_MAX = 128;

/** A number of a daemon at its last probe. `name`: without the service and the unit. `isTotal`: it only grows until the daemon restarts. */
export const ServiceMetric = Type.Object({
  name: Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' }),
  unit: oneOf(['count', 'bytes', 'seconds', 'ratio']),
  isTotal: Type.Optional(Type.Boolean()),
  value: Type.Number(),
  labels: Type.Optional(
    Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$' }), Type.String({ maxLength: LABEL_MAX }), {
      additionalProperties: false,
      maxProperties: 8,
    }),
  ),
});
export type ServiceMetric = Static<typeof ServiceMetric>;

/** State of one service on one node, always naming the generation that it reflects. */
export const ServiceObservation = Type.Object({
  service: Type.String({ maxLength: IDENTITY_MAX }),
  /** Generation and digest (of this service's part) that the agent wants to reach. */
  wanted: Type.Integer({ minimum: 0 }),
  wantedDigest: Type.String({ maxLength: 64 }),
  /** Generation and digest in force; null and '' when nothing of ours is. */
  applied: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  appliedDigest: Type.String({ maxLength: 64 }),
  state: ServiceState,
  /** When it entered `state`. */
  since: Type.String({ format: 'date-time' }),
  /** A sentence: why it is in this state, with the daemon's own message if there is one. */
  why: Type.String({ maxLength: 4000 }),
  lastAction: Type.Union([ServiceAction, Type.Null()]),
  /** Nonce of the last operator's restart that was done. */
  restartDone: Type.Union([Type.String(), Type.Null()]),
  /** What the daemon reported of itself at the last probe; the service's own shape (`src/services/<service>`). */
  facts: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  /** Numbers of its last probe; an agent of an earlier release does not say any. */
  metrics: Type.Optional(Type.Array(ServiceMetric, { maxItems: METRICS_MAX })),
  /** What was done to it lately, the latest last; it outlives restarts of the agent. */
  actions: Type.Optional(Type.Array(ServiceAction, { maxItems: ACTIONS_MAX })),
  /** Left out of what is in force; missing: nothing is. */
  held: Type.Optional(Type.Array(HeldPart, { maxItems: 32 })),
});
export type ServiceObservation = Static<typeof ServiceObservation>;

export const Facts = Type.Object({
  hostname: Type.String({ maxLength: 255 }),
  os: Type.Object({ id: Type.String({ maxLength: 64 }), version: Type.String({ maxLength: 64 }) }),
  isContainer: Type.Boolean(),
  interfaces: Type.Array(
    Type.Object({
      name: Type.String({ maxLength: 64 }),
      mac: Type.String({ maxLength: 64 }),
      addresses: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 256 }),
      index: Type.Optional(Type.Integer({ minimum: 0 })),
      isUp: Type.Optional(Type.Boolean()),
      hasCarrier: Type.Optional(Type.Boolean()),
    }),
    { maxItems: 4096 },
  ),
  versions: Type.Record(Type.String(), Type.String({ maxLength: 200 })),
});
export type Facts = Static<typeof Facts>;

/** Something about the agent itself that an operator should know, such as a ledger that could not be read. */
export const AgentFinding = Type.Object({
  code: Type.String({ maxLength: 200 }),
  sentence: Type.String({ maxLength: 1000 }),
  since: Type.String({ format: 'date-time' }),
});
export type AgentFinding = Static<typeof AgentFinding>;

/** What a node is in the cluster now, and since when as far as its agent knows. */
const RoleObservation = <const T extends readonly string[]>(states: T) =>
  Type.Union([Type.Object({ state: oneOf(states), since: Type.String({ format: 'date-time' }) }), Type.Null()]);

/** The host itself: its certificate, its disks, its roles. */
export const HostObservation = Type.Object({
  /** Certificate of the node; null: it has none. `serial`: hexadecimal. */
  certificate: Type.Union([
    Type.Object({
      serial: Type.String({ maxLength: 64 }),
      notBefore: Type.String({ format: 'date-time' }),
      notAfter: Type.String({ format: 'date-time' }),
    }),
    Type.Null(),
  ]),
  /** Certificate of the rack's DHCP servers for their partners; null: none. `issuer`: who signed it, by name. An earlier agent does not say it. */
  pairCertificate: Type.Optional(
    Type.Union([
      Type.Object({
        issuer: Type.String({ maxLength: 200 }),
        serial: Type.String({ maxLength: 64 }),
        notAfter: Type.String({ format: 'date-time' }),
      }),
      Type.Null(),
    ]),
  ),
  /** File systems that fill: the root, and each folder of data or logs that is a mount of its own. */
  disks: Type.Array(
    Type.Object({
      path: Type.String({ maxLength: 200 }),
      sizeBytes: Type.Integer({ minimum: 0 }),
      /** For users other than root. */
      freeBytes: Type.Integer({ minimum: 0 }),
    }),
    { maxItems: 16 },
  ),
  /** Null: the node has no such role, or it is not known. */
  roles: Type.Object({ vip: RoleObservation(['active', 'backup']), database: RoleObservation(['primary', 'standby']) }),
  /** How old each service's last answer was when this report was made, ms; an earlier agent does not say it. */
  ages: Type.Optional(Type.Record(Type.String({ maxLength: IDENTITY_MAX }), Type.Integer({ minimum: 0 }))),
  /**
   * Those outside of the site whom a service asks, each once it is known whether it answers from this node; `why`: ''
   * if it does. An earlier agent does not say it.
   */
  upstreams: Type.Optional(
    Type.Array(
      Type.Object({
        service: Type.String({ maxLength: IDENTITY_MAX }),
        place: Type.String({ maxLength: 300 }),
        isAnswering: Type.Boolean(),
        why: Type.String({ maxLength: 200 }),
        since: Type.String({ format: 'date-time' }),
      }),
      { maxItems: 16 },
    ),
  ),
  /** Files of images that a rack fetches before machines need them, each from its request on. An earlier agent does not report it. */
  copies: Type.Optional(
    Type.Array(
      Type.Object({
        path: Type.String({ maxLength: 200 }),
        isThere: Type.Boolean(),
        since: Type.String({ format: 'date-time' }),
      }),
      { maxItems: 64 },
    ),
  ),
  /** Folders of running daemons that must have a small file system of their own. `sizeBytes`: what it may hold, null: there is none. An earlier agent does not report it. */
  boundedFolders: Type.Optional(
    Type.Array(
      Type.Object({
        service: Type.String({ maxLength: IDENTITY_MAX }),
        path: Type.String({ maxLength: 200 }),
        sizeBytes: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
        mostBytes: Type.Integer({ minimum: 0 }),
      }),
      { maxItems: 16 },
    ),
  ),
});
export type HostObservation = Static<typeof HostObservation>;

/** A full report of a node; each one is complete, so a lost one costs nothing. */
export const Observation = Type.Object({
  nodeId: Type.String(),
  generation: Type.Integer({ minimum: 0 }),
  digest: Type.String({ maxLength: 64 }),
  agentVersion: Type.String({ maxLength: 64 }),
  /** Agent's start, so that a restart of it is seen. */
  agentSince: Type.String({ format: 'date-time' }),
  /** The agent could not reach a region since then; null when it can (this report). */
  staleSince: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  facts: Facts,
  services: Type.Array(ServiceObservation, { maxItems: 256 }),
  findings: Type.Optional(Type.Array(AgentFinding, { maxItems: 16 })),
  /** Missing in the report of an agent that has not checked yet, or is of an earlier release. */
  host: Type.Optional(HostObservation),
});
export type Observation = Static<typeof Observation>;

/** Leases of one report. */
export const LEASES_PER_REPORT = 500;

/**
 * A lease as the node's DHCP server has it. `hostname`: as the client gave it, '' for none; `mac`, `clientId`: octets in hexadecimal
 * joined by colons. Times by the node's clock.
 */
export const ReportedLease = Type.Object({
  address: Type.String({ format: 'ipv4' }),
  subnetId: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  mac: Type.Union([Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){0,19}$' }), Type.Null()]),
  clientId: Type.Union([Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){0,254}$' }), Type.Null()]),
  hostname: Type.String({ maxLength: 255 }),
  state: oneOf(['active', 'declined']),
  startsAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.String({ format: 'date-time' }),
});
export type ReportedLease = Static<typeof ReportedLease>;

/**
 * What changed in a node's leases. An agent numbers its reports from 1 within an epoch (a text of its own that never comes again) and
 * sends the next when the last was taken. A region that misses one answers `conflict`; the agent then begins a new epoch with everything.
 * `at`: the node's clock at sending. `gone`: addresses without a lease now. `whole`: between these addresses `leases` is all there is.
 */
export const LeaseReport = Type.Object({
  /** Identity of the service whose leases these are; left out by an agent of an earlier release: `dhcp`. */
  service: Type.Optional(Type.String({ pattern: `^[a-z][a-z0-9-]{0,39}(?:@[a-z0-9_-]{1,127})?$` })),
  epoch: Type.String({ pattern: '^[0-9a-f]{1,64}$' }),
  sequence: Type.Integer({ minimum: 1 }),
  at: Type.String({ format: 'date-time' }),
  leases: Type.Array(ReportedLease, { maxItems: LEASES_PER_REPORT }),
  gone: Type.Array(Type.String({ format: 'ipv4' }), { maxItems: LEASES_PER_REPORT }),
  whole: Type.Union([
    Type.Object({ first: Type.String({ format: 'ipv4' }), last: Type.String({ format: 'ipv4' }) }),
    Type.Null(),
  ]),
});
export type LeaseReport = Static<typeof LeaseReport>;
