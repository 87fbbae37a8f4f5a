import { invalid, type Rejected, show } from '../../core/errors.ts';
import type { BondSettings, BridgeSettings } from './interfaces/settings.ts';

/** Kinds of interface: a card, or what stands on others (machines/interfaces/topology.ts). */
export const INTERFACE_KINDS = ['physical', 'bond', 'bridge', 'vlan'] as const;
export type InterfaceKind = (typeof INTERFACE_KINDS)[number];

/** An address of an interface. */
export type InterfaceAddress = { readonly subnetId: number; readonly address: string };

/** How an interface has its address: one that was named, one that was chosen, one that DHCP assigns, or none: it is up. */
export const LINK_MODES = ['static', 'auto', 'dhcp', 'link'] as const;
type LinkMode = (typeof LINK_MODES)[number];

/** What connects an interface with a subnet. `subnetId` null: DHCP of whatever network, or none. `isGateway`: the machine's default route goes by its router. */
export interface InterfaceLink {
  readonly id: number;
  readonly mode: LinkMode;
  /** Of static and auto ones. */
  readonly address: string | null;
  readonly subnetId: number | null;
  readonly isGateway: boolean;
}

/**
 * A network interface of a machine. `mac` is lower-case with colons; what stands on cards may borrow theirs. The first interface carries the machine's
 * own name. `addresses`: those of its links that have one.
 */
export interface MachineInterface {
  readonly id: number;
  readonly name: string;
  readonly mac: string;
  readonly kind: InterfaceKind;
  readonly vlanId: number | null;
  readonly addresses: readonly InterfaceAddress[];
  /** Names of those that it stands on. Left out: none. */
  readonly parents?: readonly string[];
  /** All its links. Left out: a static one for each address. */
  readonly links?: readonly InterfaceLink[];
  /** Octets; null, left out: as usual there. */
  readonly mtu?: number | null;
  /** Does it take what routers advertise in IPv6? Left out: where it has addresses. */
  readonly acceptRa?: boolean;
  /** Of a bond. */
  readonly bond?: BondSettings;
  /** Of a bridge. */
  readonly bridge?: BridgeSettings;
  /** Labels that operators and tools give it. Left out: none. */
  readonly tags?: readonly string[];
}

/** A bare-metal machine. `id` is six characters, stable for life. `dhcpOptions`: more DHCP options for its interfaces; left out: none. */
export interface Machine {
  readonly id: string;
  readonly hostname: string;
  readonly domainId: number;
  readonly interfaces: readonly MachineInterface[];
  readonly dhcpOptions?: readonly string[];
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/**
 * Parses a MAC address (`:` or `-` between octets) of one interface; refuses group addresses, of which broadcast is one, and the one of
 * nobody (IEEE 802 §8.2.2). A locally administered one and a virtual router's (RFC 9568 §7.3) are individual addresses as others are.
 */
export function parseMac(text: string, field = 'mac'): string | Rejected {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (!MAC.test(mac))
    return invalid(
      field,
      `${show(text)} is not a MAC address`,
      'six octets in hexadecimal joined by ":", such as 52:54:00:12:34:56',
    );
  const why = groupReason(mac);
  return why === null ? mac : invalid(field, `${show(text)} is ${why.problem}`, why.rule);
}

function groupReason(mac: string): { readonly problem: string; readonly rule: string } | null {
  const rule = 'the address of one interface: the lowest bit of the first octet is 0';
  if (mac === '00:00:00:00:00:00')
    return { problem: 'the address of no interface: all its octets are 0', rule: 'the address of one interface' };
  if (mac === 'ff:ff:ff:ff:ff:ff') return { problem: 'the broadcast address, which is all interfaces', rule };
  const isGroup = Number.parseInt(mac.slice(0, 2), 16) % 2 === 1;
  return isGroup ? { problem: 'a multicast address, which is a group of interfaces', rule } : null;
}

/** Parses an interface's name as the kernel allows it (15 characters, IFNAMSIZ), in a subset that no file and no shell gives another meaning. */
export function parseInterfaceName(text: string, field = 'name'): string | Rejected {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,13}[A-Za-z0-9])?$/.test(text)) return text;
  return invalid(field, `${show(text)} is not an interface name`, '1–15 of letters, 0–9 and, inside, "-", "_" and "."');
}

/** The label that an interface has in DNS, below its machine's name: `eth0-90` of `eth0.90`. Two interfaces of a machine never have the same. */
export const interfaceLabel = (name: string): string => name.toLowerCase().replaceAll(/[._]/g, '-');
