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

/**
 * What region nodes have in common. `id`: made once, names the etcd cluster. `vip`: the floating address as `ADDRESS/PREFIX`, null where
 * there is none. `virtualRouter`: VRRP's number on that network, 1–255 (RFC 9568 §5.2.3). `isSeed`: read on a host that begins the
 * cluster, before there is a database.
 */
export interface Cluster {
  readonly id: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly isSeed: boolean;
  /** The database is an operator's own, so nodes run none. Left out: they run it. */
  readonly isDatabaseExternal?: boolean;
  /** It was rebuilt from one remaining node. Left out: never. */
  readonly recovered?: Recovered;
  /** Left out: nobody has signed it yet, so daemons let every node of the cluster in. */
  readonly inner?: InnerTrust;
}

/** A region node that was counted as lost when the cluster was recovered. */
export interface LostNode {
  readonly name: string;
  readonly address: string;
}

/** `epoch`: as its text (`core/epoch.ts`); `signature`: of it, by the cluster's authority; `lost`: all that were ever counted as lost, by address. */
export interface Recovered {
  readonly epoch: string;
  readonly id: string;
  readonly signature: string;
  readonly lost: readonly LostNode[];
}

/** Where a node is in its life: it was let in and is being set up; it carries its part; or it stops all that it runs, because it is taken out. */
export const NODE_STATES = ['joining', 'member', 'leaving'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/**
 * A host that runs the agent. `addresses`: where other hosts and clients reach it, the main one first. `isDrained`: an operator has handed its
 * work on; it goes on running everything, and takes nothing upon itself that another region node can do. Left out: it is not.
 */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly addresses: readonly string[];
  readonly state: NodeState;
  readonly isDrained?: boolean;
}

/**
 * A domain. `ttl` in seconds, null for the site's default. `leaseNames`: names that DHCP clients give themselves are published in it.
 * `transferTo`: other name servers that copy it; `transferKey`: name of the key that signs that. Left out: none.
 * `authoritative` false: others answer for it, and questions about it go to `forwardTo` (`names/forward-server.ts`). Left out: it is served here.
 */
export interface Domain {
  readonly id: number;
  readonly name: string;
  readonly ttl: number | null;
  readonly leaseNames: boolean;
  readonly transferTo?: readonly string[];
  readonly transferKey?: string | null;
  readonly authoritative?: boolean;
  readonly forwardTo?: readonly string[];
}

/** A node that is an accepted rack controller. Only these get a rack's configuration. `number`: the rack's own, for good, from 1. */
export interface RackNode {
  readonly uuid: string;
  readonly number: number;
  readonly nodeId: string;
  readonly isMaster: boolean;
}

/** What a node's own report says about a VLAN that it stands on: the interface and the node's addresses there, `ADDRESS/PREFIX`. */
export interface VlanAttachment {
  readonly nodeId: string;
  readonly vlanId: number;
  readonly interface: string;
  readonly addresses: readonly string[];
}

/** A name that a DHCP client gave itself, one per address: only live leases whose domain wants such names. */
export interface LeaseName {
  readonly hostname: string;
  readonly address: string;
  readonly domainId: number;
}

/** A live lease of a machine's interface whose address comes by DHCP. */
export interface MachineLease {
  readonly address: string;
  readonly mac: string;
}

/**
 * A lease that DHCP servers are to end. `keptFor`: the MAC that the address belongs to, when another one (`mac`) has its lease; null: an
 * operator ended the lease of `mac` as it was `before`, seconds since 1970. `heldBy`: ids of the nodes that have it; left out: not known.
 */
export interface LeaseEnd {
  readonly address: string;
  readonly keptFor: string | null;
  readonly mac: string | null;
  readonly before: number | null;
  readonly heldBy?: readonly string[];
}

/** A network that a node may still serve by DHCP: `service` is what it serves it by, `dhcp` or `dhcp@PRIMARY_SECONDARY`. */
export interface SubnetHolder {
  readonly nodeId: string;
  readonly service: string;
  readonly cidr: string;
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

/** Names of Regent's own processes in requests to restart; no managed service has one of them. */
export const OWN_PROCESSES = { region: 'regiond', agent: 'agent' } as const;

/** An operator's request to restart a service once on a node; a new nonce is a new request. */
export interface RestartRequest {
  readonly nodeId: string;
  readonly service: string;
  readonly nonce: string;
}

/**
 * Where a machine is in its life, as far as it says what it boots. `until`: when a state that is to pass has failed, seconds since 1970. `before`: the
 * state that it goes back to. `uuid`: as its inventory reported. Null: there is none.
 */
export interface MachineStage {
  readonly machineId: string;
  readonly state: MachineState;
  readonly before: MachineState | null;
  readonly until: number | null;
  readonly uuid: string | null;
  /** Does its system stay on when its run is over? */
  readonly staysOn: boolean;
  /** It is being enlisted: the region that began it answers for it, not a record. */
  readonly isEnlisting: boolean;
  /** Its disks are written: it boots from them. Left out: they are not. */
  readonly isInstalled?: boolean;
  /** It is deployed with a system in memory, which it boots each time. Left out: with one on its disks. */
  readonly isEphemeral?: boolean;
  /** Options of the kernel that its tags give, in the order of their names. Left out: none. */
  readonly kernelOptions?: string;
  /** By what it gets an image's root. Left out: by HTTP. */
  readonly bootMedia?: BootMedia;
}

/** An image that machines of its architecture commission by. `digest`: of its manifest; `sha256` in lower-case hex. */
export interface DefaultImage {
  readonly digest: string;
  readonly name: string;
  readonly architecture: ImageArchitecture;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

/** A setting whose stored value is refused. The value itself may be a secret and is left out; `rule`: what a value must be. */
export interface RefusedSetting {
  readonly name: SettingName;
  readonly rule: string;
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
  /** Addresses of nodes in networks that are no subnets, and of BMCs once whoever compiles added them: nobody is led there. Left out: none. */
  readonly closedAddresses?: readonly string[];
  /** By whose signatures racks know the DHCP servers of their partners. Left out: none was signed yet. */
  readonly pairAuthorities?: readonly PairAuthority[];
  /** Left out: none. */
  readonly bmcs?: readonly BmcPlace[];
  /** Left out: none. */
  readonly leaseEnds?: readonly LeaseEnd[];
  /** Who has not reported that it stopped to serve a network; whoever compiles for all nodes adds what is published. Left out: nobody. */
  readonly subnetHolders?: readonly SubnetHolder[];
  /** Those that are switched on, in the order of their ids. Left out: none. */
  readonly snippets?: readonly DhcpSnippet[];
  readonly domains: readonly Domain[];
  /** The key by which racks copy the zones; its secret is for nodes alone. Left out: racks have no names. */
  readonly copyKey?: SigningKey;
  /** Keys of other name servers, by name. Left out: none. */
  readonly tsigKeys?: readonly SigningKey[];
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
