import Type, { type Static } from 'typebox';
import { BOND_MODES, HASH_POLICIES, LACP_RATES } from '../../model/machines/interfaces/settings.ts';
import { INTERFACE_KINDS, LINK_MODES } from '../../model/machines/machine.ts';
import { Id, nullable, oneOf, strict, text } from '../base/common.ts';

/** An address of an interface; `subnet` is the CIDR. */
export const MachineAddress = strict({ address: Type.String(), subnet: Type.String(), subnetId: Id });

/** What connects an interface with a subnet, or keeps it up without one. */
export const MachineLink = strict({
  id: Id,
  mode: oneOf(
    LINK_MODES,
    'static: an address that was named; auto: one that was chosen; dhcp: DHCP assigns it; link: up, no address',
  ),
  address: nullable(Type.String()),
  subnet: nullable(Type.String({ description: 'CIDR' })),
  subnetId: nullable(Id),
  gateway: Type.Boolean({ description: "the machine's default route goes by the router of this subnet" }),
});

export const Bond = strict({
  mode: oneOf(BOND_MODES),
  miimon: Type.Integer({ description: 'milliseconds between two checks of the links; 0: never' }),
  downDelay: Type.Integer({ description: 'milliseconds before a link counts as gone' }),
  upDelay: Type.Integer({ description: 'milliseconds before a link counts as back' }),
  gratuitousArps: Type.Integer({ description: 'how many announce a failover' }),
  lacpRate: Type.Optional(oneOf(LACP_RATES)),
  hashPolicy: Type.Optional(oneOf(HASH_POLICIES)),
});
export const Bridge = strict({
  stp: Type.Boolean({ description: 'it speaks the spanning tree protocol' }),
  forwardDelay: Type.Integer({ description: 'seconds before a port forwards' }),
});

/** An interface of a machine. A region of an older release leaves out what follows `addresses`. */
export const MachineInterface = strict({
  id: Id,
  name: Type.String(),
  mac: Type.String(),
  kind: oneOf(INTERFACE_KINDS),
  vlan: nullable(Type.String({ description: 'name of the VLAN' })),
  vlanId: Type.Optional(Id),
  addresses: Type.Array(MachineAddress),
  links: Type.Optional(Type.Array(MachineLink)),
  parents: Type.Optional(Type.Array(Type.String(), { description: 'names of those that it stands on' })),
  mtu: Type.Optional(Type.Integer({ description: 'octets; left out: as usual there' })),
  acceptRa: Type.Optional(
    Type.Boolean({ description: 'it takes what routers advertise in IPv6; left out: where it has addresses' }),
  ),
  bond: Type.Optional(Bond),
  bridge: Type.Optional(Bridge),
  tags: Type.Optional(Type.Array(Type.String(), { description: 'labels of operators and tools' })),
});
export type MachineInterface = Static<typeof MachineInterface>;

const Delay = Type.Optional(Type.Integer({ description: 'milliseconds, rounded to whole checks (miimon)' }));
export const BondInput = strict({
  mode: Type.Optional(text(16, `${BOND_MODES.join(', ')}; active-backup when left out`)),
  miimon: Type.Optional(
    Type.Integer({ description: 'milliseconds between two checks of the links; 100 when left out' }),
  ),
  downDelay: Delay,
  upDelay: Delay,
  gratuitousArps: Type.Optional(Type.Integer({ description: '0 to 255; 1 when left out' })),
  lacpRate: Type.Optional(text(8, 'slow or fast, of 802.3ad')),
  hashPolicy: Type.Optional(text(16, HASH_POLICIES.join(', '))),
});
export const BridgeInput = strict({
  stp: Type.Optional(Type.Boolean()),
  forwardDelay: Type.Optional(Type.Integer({ description: 'seconds; 15 when left out' })),
});

/** A requested address. */
export const AddressInput = strict({
  address: text(
    64,
    'an address, "auto" for the lowest free one of the subnet, "dhcp" for the one that DHCP assigns, or "link": up without an address',
  ),
  subnet: Type.Optional(text(64, 'id, CIDR or name; needed with "auto" unless the VLAN has exactly one subnet')),
  gateway: Type.Optional(
    Type.Boolean({ description: "the machine's default route goes by the router of this subnet" }),
  ),
});
export type AddressInput = Static<typeof AddressInput>;

const AcceptRa = Type.Boolean({
  description: 'does it take what routers advertise in IPv6? null: where it has addresses',
});
const Parents = Type.Array(text(15), { maxItems: 16, description: 'names of those that it stands on' });
const Tags = Type.Array(text(64), {
  maxItems: 10,
  description: 'labels of operators and tools; they replace all that it has',
});
const Addresses = Type.Array(AddressInput, { maxItems: 16 });

export const InterfaceInput = strict({
  name: Type.Optional(text(15, 'eth0, eth1, … by position when left out; bond0, br0, PARENT.VID for the other kinds')),
  mac: Type.Optional(
    text(17, 'of a card; a bond or bridge has that of its first port when it is left out, a VLAN interface always has'),
  ),
  kind: Type.Optional(text(16, `${INTERFACE_KINDS.join(', ')}; physical when left out`)),
  vlan: Type.Optional(text(140, 'FABRIC/NAME, name, VID or id; follows from the addresses when left out')),
  parents: Type.Optional(Parents),
  mtu: Type.Optional(nullable(Type.Integer({ description: 'octets; null: as usual there' }))),
  acceptRa: Type.Optional(nullable(AcceptRa)),
  bond: Type.Optional(BondInput),
  bridge: Type.Optional(BridgeInput),
  tags: Type.Optional(Tags),
  addresses: Type.Optional(Addresses),
});
export type InterfaceInput = Static<typeof InterfaceInput>;

/** Members that are left out stay. `addresses` replaces them all; those of `bond` and `bridge` that are left out stay. */
export const InterfaceSet = strict({
  name: Type.Optional(text(15)),
  mac: Type.Optional(text(17)),
  vlan: Type.Optional(nullable(text(140, 'FABRIC/NAME, name, VID or id; null: not known'))),
  parents: Type.Optional(Parents),
  mtu: Type.Optional(nullable(Type.Integer())),
  acceptRa: Type.Optional(nullable(AcceptRa)),
  bond: Type.Optional(BondInput),
  bridge: Type.Optional(BridgeInput),
  tags: Type.Optional(Tags),
  addresses: Type.Optional(Addresses),
});
export type InterfaceSet = Static<typeof InterfaceSet>;
