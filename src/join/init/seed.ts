import { digestOf } from '../../core/stable-json.ts';
import type { Desired } from '../../contract/cluster/agent.ts';
import type { InnerTrust } from '../../core/node-identity.ts';
import { DEFAULT_SETTINGS } from '../../model/site/settings.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Recovered } from '../../model/cluster/node.ts';

/** The first values of a cluster. */
export interface Seed {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly domain: string;
  /** `ADDRESS/PREFIX`, null for none. */
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly isDatabaseExternal: boolean;
  /** Set when a recovery makes the cluster from only this node. */
  readonly recovered?: Recovered;
  /** Left out: its daemons let every node of the cluster in until there is a region. */
  readonly inner?: InnerTrust;
}

/**
 * The configuration of a cluster of one node, as the database will have it. The ordinary compiler compiles it, and the node's agent brings it up
 * before there is any region.
 */
export function seedSnapshot(seed: Seed): Snapshot {
  const { clusterId, nodeId, name, address, domain, vip, virtualRouter, isDatabaseExternal, recovered, inner } = seed;
  return {
    revision: 0,
    observed: 0,
    settings: { ...DEFAULT_SETTINGS, default_domain: domain },
    cluster: {
      id: clusterId,
      vip,
      virtualRouter,
      isSeed: true,
      ...(isDatabaseExternal ? { isDatabaseExternal } : {}),
      ...(recovered === undefined ? {} : { recovered }),
      ...(inner === undefined ? {} : { inner }),
    },
    nodes: [
      { id: nodeId, name, isRegion: true, isRack: false, addresses: [address], state: 'member', isDrained: false },
    ],
    racks: [],
    attachments: [],
    // As in the first migrations.
    vlans: [
      {
        id: 1,
        fabricId: 1,
        spaceId: null,
        name: 'untagged',
        vid: 0,
        dhcpOn: false,
        dnsOn: true,
        relayVlanId: null,
        primaryRackId: null,
        secondaryRackId: null,
      },
    ],
    subnets: [],
    ranges: [],
    reservations: [],
    leaseNames: [],
    domains: [{ id: 1, name: domain, ttl: null, leaseNames: false }],
    records: [],
    machines: [],
    versions: [],
    restarts: [],
  };
}

/** The first content of the agent's ledger. The region's own publications get higher numbers. */
export function seedDesired(nodeId: string, body: Desired['body']): Desired {
  return { nodeId, generation: 1, digest: digestOf(body), revision: 0, body };
}

/**
 * The ledger of a node that becomes a cluster's first member: its old content, and the services of a cluster. Services of an interrupted adoption
 * stay, with their numbers, which etcd may know. Unchanged if the ledger has all of that.
 */
export function adoptedDesired(nodeId: string, before: Desired | null, seed: Desired['body']): Desired {
  const held = before?.nodeId === nodeId ? before : null;
  const body = { ...seed, services: { ...seed.services, ...wantedOf(held) } };
  const digest = digestOf(body);
  if (held !== null && held.digest === digest) return held;
  return { nodeId, generation: (held?.generation ?? 0) + 1, digest, revision: held?.revision ?? 0, body };
}

/** Services that a desired state runs; it may also say that a service must not run. */
export function wantedOf(held: Desired | null): Desired['body']['services'] {
  return Object.fromEntries(
    Object.entries(held?.body.services ?? {}).filter(([, service]) => service.desired !== null),
  );
}
