import Type, { type Static } from 'typebox';
import { Snippet, SUBNET_CUSTOMS, CustomOption } from './custom/desired.ts';
import { KEY_PATTERN } from './places.ts';
import { INTERFACE_PATTERN } from '../../model/networks/vlan-attachments.ts';

const IPV4 = Type.String({ pattern: '^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\\.(?!$)|$)){4}$' });
const NETWORK = Type.String({ pattern: '^[0-9.]{7,15}/(?:[89]|[12][0-9]|3[0-2])$' });
export const NAME_PATTERN = '^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$';
const NAME = Type.String({ pattern: NAME_PATTERN });
const INTERFACE = Type.String({ pattern: INTERFACE_PATTERN });
const MAC = Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$' });
const ID = Type.Integer({ minimum: 1, maximum: 4_294_967_294 });

/** A static lease: the address that this MAC gets, and the name that it is given. `domain`: where it is not the site's. */
export const StaticLease = Type.Object({
  mac: MAC,
  address: IPV4,
  hostname: Type.Optional(NAME),
  domain: Type.Optional(NAME),
  options: Type.Optional(Type.Array(CustomOption)),
});
export type StaticLease = Static<typeof StaticLease>;

/** What a machine whose address comes by DHCP receives about itself, whatever address it gets. */
export const NamedClient = Type.Object({
  mac: MAC,
  hostname: NAME,
  domain: Type.Optional(NAME),
  options: Type.Optional(Type.Array(CustomOption)),
});
export type NamedClient = Static<typeof NamedClient>;

/** A subnet as its clients see it. `id` is ours and Kea's. */
export const DhcpSubnet = Type.Object({
  id: ID,
  cidr: NETWORK,
  pools: Type.Array(Type.Object({ first: IPV4, last: IPV4 })),
  gateway: Type.Optional(IPV4),
  resolvers: Type.Array(IPV4),
  timeServers: Type.Array(IPV4),
  /** Whom clients ask for the time instead of this node; none: clients get none. Left out: this node. */
  externalTime: Type.Optional(Type.Array(IPV4)),
  /** This node, where clients of the subnet reach it. */
  nextServer: IPV4,
  leases: Type.Array(StaticLease),
  ...SUBNET_CUSTOMS,
});
export type DhcpSubnet = Static<typeof DhcpSubnet>;

/** A VLAN that this node serves, by one interface and one address of it (Kea answers twice when it listens on two). */
export const DhcpNetwork = Type.Object({
  vlanId: ID,
  /** Its name, for people. */
  vlan: NAME,
  interface: INTERFACE,
  address: IPV4,
  /** Its clients' requests come by a relay to that address; the relay's own address says which subnet they are of. */
  isRelayed: Type.Optional(Type.Boolean()),
  subnets: Type.Array(DhcpSubnet, { minItems: 1 }),
});
export type DhcpNetwork = Static<typeof DhcpNetwork>;

const FILE = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,60}$' });

/** What clients that boot from the network receive: the rack's HTTP port, iPXE's script, and a loader for each kind of firmware. */
export const BootFiles = Type.Object({
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  script: FILE,
  /** Where the boot listener answers with the script; left out: at `port`. */
  scriptPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  bios: FILE,
  uefiX64: FILE,
  uefiArm64: FILE,
});
export type BootFiles = Static<typeof BootFiles>;

/** A VLAN that this node cannot serve: `other` is the VLAN that has its interface; without one it has no address there. */
export const LostVlan = Type.Object({ vlan: NAME, interface: INTERFACE, other: Type.Optional(NAME) });
export type LostVlan = Static<typeof LostVlan>;

/** A static lease that Kea cannot have, because its MAC has `kept` in the same subnet. */
export const LostLease = Type.Object({ mac: MAC, address: IPV4, kept: IPV4 });
export type LostLease = Static<typeof LostLease>;

/** Most ends of leases that a node gets at once; the others follow when these are done. */
export const ENDS_MAX = 50;

/**
 * A lease that Kea is to end. `keptFor`: the address belongs to this MAC, and any other's lease of it ends. Without it: the lease of `mac`
 * (without one: the one that was declined) ends if it began by `before`, seconds since 1970.
 */
export const EndedLease = Type.Object({
  address: IPV4,
  keptFor: Type.Optional(MAC),
  mac: Type.Optional(Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){0,19}$' })),
  before: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type EndedLease = Static<typeof EndedLease>;

const HOST = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' });
const REACHED = Type.String({ pattern: '^[0-9a-f.:]{2,45}$' });
const TRUST_NAME = Type.String({ pattern: '^[A-Za-z0-9 ]{1,64}$' });
const PEM = Type.String({
  pattern: '^-----BEGIN CERTIFICATE-----\\n(?:[A-Za-z0-9+/=]{1,64}\\n){1,100}-----END CERTIFICATE-----\\n?$',
});
const PORT = Type.Integer({ minimum: 1024, maximum: 65_535 });

/**
 * The pair that a server belongs to. Servers have the names of their nodes. `haPort`: where its partner reaches this one; `regions`: who decides, when
 * the partner is silent (`ha/dhcp`).
 */
export const DhcpPair = Type.Object({
  key: Type.String({ pattern: `^${KEY_PATTERN}$` }),
  role: Type.Union([Type.Literal('primary'), Type.Literal('standby')]),
  self: HOST,
  primary: HOST,
  standby: HOST,
  address: REACHED,
  partner: Type.Object({ name: HOST, address: REACHED }),
  haPort: PORT,
  partnerPort: PORT,
  regions: Type.Array(Type.Object({ name: HOST, address: REACHED })),
  /** An operator wants this node's work elsewhere: it hands the pair to its partner. Left out: nobody does. */
  isDrained: Type.Optional(Type.Boolean()),
  /**
   * TLS between the two. `own`: the name of the authority that signs this rack's certificate for partners. `partner`: the certificate (PEM) by which the partner is
   * known; left out while one of the two racks cannot speak TLS. An earlier region sends neither.
   */
  trust: Type.Optional(Type.Object({ own: TRUST_NAME, partner: Type.Optional(PEM) })),
});
export type DhcpPair = Static<typeof DhcpPair>;

/** What an agent reads of the pair of a server. */
export const PairPart = Type.Object({ pair: Type.Object({ trust: Type.Optional(Type.Object({ own: TRUST_NAME })) }) });

/** What Kea is to be on a node. `leaseTime` in seconds. `lost…`: what was requested and is impossible; reported to operators, never sent to Kea. */
export const DhcpDesired = Type.Object({
  leaseTime: Type.Integer({ minimum: 60, maximum: 604_800 }),
  domain: NAME,
  search: Type.Array(NAME, { maxItems: 6 }),
  /** Domains for which the search list has no room; reported to operators, never sent to Kea. */
  searchLeftOut: Type.Optional(Type.Array(NAME)),
  /** What operators set for all clients. */
  options: Type.Optional(Type.Array(CustomOption)),
  networks: Type.Array(DhcpNetwork),
  /** Machines' interfaces with an address by DHCP, by MAC. Left out: none. */
  clients: Type.Optional(Type.Array(NamedClient)),
  /** Fragments of Kea's configuration that operators add, in their order. Left out: none. */
  snippets: Type.Optional(Type.Array(Snippet)),
  boot: BootFiles,
  lostVlans: Type.Array(LostVlan),
  lostLeases: Type.Array(LostLease),
  /** Left out: none. */
  endedLeases: Type.Optional(Type.Array(EndedLease, { maxItems: ENDS_MAX })),
  /** Left out: it serves its VLANs alone. */
  pair: Type.Optional(DhcpPair),
});
export type DhcpDesired = Static<typeof DhcpDesired>;
