import type { BackupPlan } from './cluster/backup.ts';
import type { PairAuthority } from '../core/node-identity.ts';
import type { IpRange } from './networks/ip-range.ts';
import type { Machine } from './machines/machine.ts';
import type { DnsRecord } from './names/record.ts';
import type { Reservation } from './networks/reservation.ts';
import type { DhcpSnippet } from './networks/dhcp-snippet.ts';
import type { SigningKey } from './names/tsig-key.ts';
import type { BmcPlace } from './machines/bmc-hosts.ts';
import type { RefusedSetting, Settings } from './site/settings.ts';
import type { Subnet } from './networks/subnet.ts';
import type { Vlan } from './networks/vlan.ts';
import type { Cluster, Node, RestartRequest } from './cluster/node.ts';
import type { Domain } from './names/domain.ts';
import type { VlanAttachment } from './networks/vlan-attachments.ts';
import type { LeaseEnd, LeaseName, MachineLease, SubnetHolder } from './networks/lease.ts';
import type { MachineStage } from './machines/stage.ts';
import type { DefaultImage } from './images/image.ts';
import type { RackNode } from './networks/serving.ts';

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

/**
 * The configuration that services are made from, at one moment: nouns that no service reads are not in it. Read in one read-only REPEATABLE READ transaction. Lists are ordered by id (nodes and machines: by
 * name, then id; `racks`, `attachments`: by node; `leaseNames`, `leaseEnds`: by address), so that equal configuration has equal text. `attachments`,
 * `leaseNames`, `leaseEnds`, `machineStages`, `defaultImages` and `deployedImages` are observations: they change while the revision stays, and `observed` grows then.
 */
export interface Snapshot {
  readonly revision: number;
  readonly observed: number;
  readonly settings: Settings;
  /** Stored values that today's rules refuse, in the order of their names: the default is in force. Left out: none. */
  readonly refusedSettings?: readonly RefusedSetting[];
  /** Null: this site is no cluster (a development server, tests of other things). */
  readonly cluster: Cluster | null;
  /** Digest of the site's certificate. Left out: it has none yet. */
  readonly siteDigest?: string;
  readonly nodes: readonly Node[];
  readonly racks: readonly RackNode[];
  readonly attachments: readonly VlanAttachment[];
  readonly vlans: readonly Vlan[];
  readonly subnets: readonly Subnet[];
  readonly ranges: readonly IpRange[];
  readonly reservations: readonly Reservation[];
  readonly leaseNames: readonly LeaseName[];
  /** By address, an observation. Left out: there is none. */
  readonly machineLeases?: readonly MachineLease[];
  /**
   * Addresses of nodes in networks that are no subnets, and of BMCs, which the compiler adds: no name or route may lead
   * there. Absent: none.
   */
  readonly closedAddresses?: readonly string[];
  /** Names of BMCs, which the compiler adds: no name or route may lead there. Absent: none. */
  readonly closedNames?: readonly string[];
  /** By whose signatures racks know the DHCP servers of their partners. Left out: none was signed yet. */
  readonly pairAuthorities?: readonly PairAuthority[];
  /** Left out: none. */
  readonly bmcs?: readonly BmcPlace[];
  /** Left out: none. */
  readonly leaseEnds?: readonly LeaseEnd[];
  /**
   * Nodes that have not reported that they stopped serving a network; the compiler of all nodes adds the published
   * ones. Absent: none.
   */
  readonly subnetHolders?: readonly SubnetHolder[];
  /** Those that are switched on, in the order of their ids. Left out: none. */
  readonly snippets?: readonly DhcpSnippet[];
  readonly domains: readonly Domain[];
  /** The key by which racks copy the zones; its secret is only for nodes. Left out: racks have no names. */
  readonly copyKey?: SigningKey;
  /** Keys of other name servers, by name. Left out: none. */
  readonly tsigKeys?: readonly SigningKey[];
  /** Where backups go, with the secrets for it. Left out: nowhere. */
  readonly backup?: BackupPlan;
  readonly records: readonly DnsRecord[];
  readonly machines: readonly Machine[];
  /** Of machines that are not new or have reported their hardware, in the order of their ids. Left out: none. */
  readonly machineStages?: readonly MachineStage[];
  /** One for each architecture that has one. Left out: none. */
  readonly defaultImages?: readonly DefaultImage[];
  /** What machines are being deployed with, or run in their memory. Left out: none. */
  readonly deployedImages?: readonly DefaultImage[];
  readonly versions: readonly Version[];
  readonly restarts: readonly RestartRequest[];
}
