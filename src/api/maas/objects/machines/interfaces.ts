import type { MachineInterface } from '../../../../contract/machines/machine-interface.ts';
import type { Inventory } from '../../../../contract/machines/machine-inventory.ts';
import { MTU, type Networks } from '../networks/networks.ts';
import { uriOf } from '../base/uri.ts';

/** A link of an interface of a machine. */
export type MachineLink = NonNullable<MachineInterface['links']>[number];
type NetworkCard = NonNullable<Inventory['interfaces']>[number];

/** What MAAS calls the modes of links in its answers. */
const MODES: Readonly<Record<MachineLink['mode'], string>> = {
  static: 'static',
  auto: 'auto',
  dhcp: 'dhcp',
  link: 'link_up',
};

/** A machine's interfaces and what they are seen with. */
export interface InterfaceSet {
  readonly machine: string;
  readonly interfaces: readonly MachineInterface[];
  /** The cards that the machine reported; left out: none. */
  readonly cards?: Inventory['interfaces'];
}

function viewLink(link: MachineLink, { subnet }: Networks) {
  return { ...ownLink(link), ...(link.subnetId === null ? {} : { subnet: subnet(link.subnetId) }) };
}

/** A link without its subnet. */
export function ownLink({ id, mode, address }: MachineLink): {
  readonly id: number;
  readonly mode: string;
  readonly ip_address?: string;
} {
  return address === null ? { id, mode: MODES[mode] } : { id, mode: MODES[mode], ip_address: address };
}

const NO_PARAMS = {};

/** Settings of an interface; always an object, which every client takes. */
function paramsOf({ bond, bridge, mtu, acceptRa }: MachineInterface): Readonly<Record<string, unknown>> {
  if (mtu === undefined && acceptRa === undefined && !bond && !bridge) return NO_PARAMS;
  const params = {
    ...(mtu === undefined ? {} : { mtu }),
    ...(acceptRa === undefined ? {} : { accept_ra: acceptRa }),
    ...(bond
      ? {
          bond_mode: bond.mode,
          bond_miimon: bond.miimon,
          bond_downdelay: bond.downDelay,
          bond_updelay: bond.upDelay,
          bond_num_grat_arp: bond.gratuitousArps,
          bond_lacp_rate: bond.lacpRate ?? 'slow',
          bond_xmit_hash_policy: bond.hashPolicy ?? 'layer2',
        }
      : {}),
    ...(bridge ? { bridge_type: 'standard', bridge_stp: bridge.stp, bridge_fd: bridge.forwardDelay } : {}),
  };
  return params;
}

const NO_CARD: Partial<NetworkCard> = {};

export type MaasInterface = ReturnType<typeof viewInterface>;

export function viewInterface(one: MachineInterface, set: InterfaceSet, networks: Networks) {
  return {
    ...ownMembers(one, set, networks),
    vlan: networks.vlan(one.vlanId),
    links: (one.links ?? []).map((link) => viewLink(link, networks)),
  };
}

/** An interface without its VLAN and its links. */
export function ownMembers(one: MachineInterface, { machine, interfaces, cards }: InterfaceSet, networks: Networks) {
  const card = cards?.find(({ mac }) => mac === one.mac) ?? NO_CARD;
  const speed = card.speedMbps ?? 0;
  return {
    system_id: machine,
    id: one.id,
    name: one.name,
    type: one.kind,
    mac_address: one.mac,
    parents: one.parents ?? [],
    children: interfaces.filter(({ parents }) => parents?.includes(one.name)).map(({ name }) => name),
    tags: one.tags ?? [],
    enabled: true,
    params: paramsOf(one),
    discovered: null,
    effective_mtu: effectiveMtu(one, interfaces, networks),
    vendor: card.vendor ?? null,
    product: card.product ?? null,
    firmware_version: card.firmware ?? null,
    link_connected: card.link ?? true,
    interface_speed: speed,
    link_speed: card.link === false ? 0 : speed,
    numa_node: 0,
    sriov_max_vf: 0,
    resource_uri: uriOf('nodes', machine, 'interfaces', one.id),
  };
}

/** What is below others has the largest MTU of them, if its own is smaller. */
function effectiveMtu(one: MachineInterface, all: readonly MachineInterface[], networks: Networks): number {
  const own = one.mtu ?? networks.vlan(one.vlanId)?.mtu ?? MTU;
  if (all.length === 1) return own;
  const above = all.filter(({ parents }) => parents?.includes(one.name));
  return Math.max(own, ...above.map((other) => effectiveMtu(other, all, networks)));
}

export function viewInterfaces(set: InterfaceSet, networks: Networks): MaasInterface[] {
  return set.interfaces.map((one) => viewInterface(one, set, networks));
}
