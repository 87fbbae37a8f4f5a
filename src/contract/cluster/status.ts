import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, Time } from '../base/common.ts';

/** Where the answer comes from: the database, or, while that is away, what region nodes remember of the last reports. */
export const ClusterSource = oneOf(['database', 'memory']);

/**
 * Which loss of region nodes the cluster survives. `now`: how many may go at this moment; `promised`: how many when all is well, which the number
 * of members settles; `why`: what limits it, the tightest first.
 */
const Losses = strict({
  now: Type.Integer({ minimum: 0 }),
  promised: Type.Integer({ minimum: 0 }),
  why: Type.Array(Type.String()),
});

const ClusterNode = strict({
  name: Type.String(),
  isRegion: Type.Boolean(),
  isRack: Type.Boolean(),
  state: oneOf(['joining', 'member', 'leaving']),
  address: Type.String({ description: 'where the others reach it' }),
  report: oneOf(['current', 'applying', 'silent', 'never'], 'silent: no report for more than 30 s'),
  reportedAt: nullable(Time),
  wanted: nullable(Type.Integer({ description: 'generation that is published; null: not known without the database' })),
  applied: nullable(Type.Integer()),
  agent: nullable(strict({ version: Type.String(), since: Time })),
  region: nullable(
    oneOf(['ready', 'away'], 'its regiond, as its own database row or its answer says; null: no region node'),
  ),
});

const DatabaseMember = strict({
  node: Type.String(),
  role: Type.String({ description: 'primary, standby or none' }),
  state: Type.String({ description: "Patroni's state, such as running or streaming" }),
  timeline: nullable(Type.Integer()),
  lagBytes: nullable(Type.Integer()),
  isSynchronous: Type.Boolean(),
});

const DatabaseServer = strict({
  server: Type.String({ description: 'HOST:PORT' }),
  state: oneOf(['primary', 'read-only', 'standby', 'silent'], 'read-only: a primary that takes no writes'),
  isSynchronous: nullable(Type.Boolean({ description: 'a commit there waits for a standby; null: not known' })),
  timeline: nullable(Type.Integer()),
  why: Type.String({ description: 'the reason for the state' }),
});

const Certificate = strict({
  node: Type.String(),
  notAfter: Time,
  daysLeft: Type.Number({ description: 'negative: it has ended' }),
});

const Recovery = strict({
  epoch: Type.Integer({ minimum: 2, description: 'number of the epoch that began with it' }),
  id: Type.String(),
  at: Time,
  node: Type.String({ description: 'the node that was left' }),
  lost: Type.Array(Type.String(), { description: 'region nodes that were counted as lost' }),
  told: Type.Array(Type.String({ description: 'what that node had, and what might be missing' })),
});

/** The cluster on one screen. `state` and `summary` are those of `GET /status`. */
export const ClusterStatus = strict({
  state: oneOf(['ok', 'degraded']),
  summary: Type.String({ description: 'how many region nodes can be lost now and why not more; what is wrong' }),
  source: ClusterSource,
  time: Time,
  version: Type.String(),
  /** Null: this site is no cluster (a development server). */
  cluster: nullable(
    strict({
      id: Type.String(),
      vip: nullable(Type.String()),
      virtualRouter: Type.Integer(),
      isDatabaseExternal: Type.Optional(
        Type.Boolean({
          description: 'an operator runs the database, no node has a part of it; left out: the nodes run it',
        }),
      ),
      recovery: Type.Optional(Recovery),
    }),
  ),
  losses: Losses,
  // Left out by a region of an earlier release.
  rackLosses: Type.Optional(
    nullable(
      strict({
        vlans: Type.Integer({ description: 'VLANs with DHCP' }),
        alone: Type.Integer({ description: 'those that would have no rack left if theirs failed now' }),
      }),
    ),
  ),
  warnings: Type.Array(Type.String()),
  nodes: Type.Array(ClusterNode),
  database: strict({
    state: oneOf(['ok', 'down']),
    why: Type.String(),
    primary: nullable(Type.String()),
    timeline: nullable(Type.Integer()),
    members: Type.Array(DatabaseMember),
    servers: Type.Optional(
      Type.Array(DatabaseServer, { description: "of an operator's own database; left out: the nodes run it" }),
    ),
  }),
  dcs: strict({
    leader: nullable(Type.String()),
    hasQuorum: nullable(Type.Boolean({ description: 'null: no node has reported it' })),
    voters: Type.Array(Type.String()),
    learners: Type.Array(Type.String()),
  }),
  vip: nullable(
    strict({
      address: Type.String(),
      holders: Type.Array(Type.String(), { description: 'nodes that say that they hold it: one when all is well' }),
      fit: Type.Array(Type.String(), { description: 'nodes that may hold it' }),
      unfit: Type.Array(strict({ node: Type.String(), why: Type.String() })),
    }),
  ),
  racks: Type.Array(strict({ name: Type.String(), isMaster: Type.Boolean(), vlans: Type.Array(Type.String()) }), {
    description: 'accepted racks and the VLANs that they stand on',
  }),
  services: Type.Array(
    strict({
      service: Type.String(),
      wanted: Type.Integer({ description: 'nodes that it must run on' }),
      healthy: Type.Integer(),
      ill: Type.Array(Type.String(), { description: 'nodes where it is not as it should be' }),
    }),
  ),
  certificates: Type.Array(Certificate),
  authority: nullable(strict({ notAfter: Time, daysLeft: Type.Number() })),
  // Left out by a region of an earlier release, and if the database did not answer.
  site: Type.Optional(
    nullable(
      strict({
        isOwn: Type.Boolean({ description: "an operator's own; false: the cluster's authority signed it" }),
        subject: Type.String(),
        issuer: Type.String(),
        notAfter: Time,
        daysLeft: Type.Number(),
        state: oneOf(['ok', 'broken', 'warning', 'unknown'], 'as the doctor says'),
        detail: Type.String({ description: 'what the doctor says of it' }),
      }),
    ),
  ),
});
export type ClusterStatus = Static<typeof ClusterStatus>;
