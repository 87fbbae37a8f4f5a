import type { Machine } from './machine.ts';
import type { DnsRecord } from './record.ts';
import type { Settings } from './settings.ts';
import type { Subnet, Vlan } from './subnet.ts';

/** A host that runs the agent. `addresses`: where other hosts and clients reach it, the main one first. */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly addresses: readonly string[];
}

/** A domain. `ttl` in seconds, null for the site's default. */
export interface Domain {
  readonly id: number;
  readonly name: string;
  readonly ttl: number | null;
}

/**
 * A content-addressed counter: the number that a thing's content (its digest) was published under, such as a zone's
 * serial. It grows when the content changes and never goes back.
 */
export interface Version {
  readonly service: string;
  readonly key: string;
  readonly digest: string;
  readonly version: number;
}

/** An operator's wish that a service be restarted once on a node; a new nonce is a new wish. */
export interface RestartRequest {
  readonly nodeId: string;
  readonly service: string;
  readonly nonce: string;
}

/**
 * All configuration at one moment, read in one read-only REPEATABLE READ transaction. Lists are ordered by id (nodes and machines: by
 * name, then id), so that equal configuration has equal text.
 */
export interface Snapshot {
  readonly revision: number;
  readonly settings: Settings;
  readonly nodes: readonly Node[];
  readonly vlans: readonly Vlan[];
  readonly subnets: readonly Subnet[];
  readonly domains: readonly Domain[];
  readonly records: readonly DnsRecord[];
  readonly machines: readonly Machine[];
  readonly versions: readonly Version[];
  readonly restarts: readonly RestartRequest[];
}
