import type { MachineInterface } from '../../../contract/machines/machine-interface.ts';
import type { Machine } from '../../../contract/machines/machine.ts';
import type { Device } from '../../../contract/machines/device.ts';
import type { DnsRecord } from '../../../contract/names/record.ts';
import type { Subnet } from '../../../contract/networks/subnet.ts';
import type { Annotations } from '../../../contract/site/annotation.ts';
import type { ExportKind } from '../../../contract/export-kinds.ts';
import { DEFAULT_ID } from '../../../contract/base/declare.ts';
import { MASKED_SECRET } from '../../../model/machines/power.ts';
import type { MemberValues, Reference } from './objects.ts';

/** An object as a list of its noun shows it. */
export type ListedItem = Readonly<Record<string, unknown>>;

/** Names of objects by their ids, if answers of other nouns have only ids. An application adds those that it makes. */
export interface Names {
  /** FABRIC/NAME. */
  readonly vlans: Map<number, string>;
  readonly subnets: Map<number, string>;
  readonly machines: Map<string, string>;
  readonly fabrics: Map<number, string>;
  readonly spaces: Map<number, string>;
  readonly domains: Map<number, string>;
}

/** MemberValues of an object as a file has them: what its calls take, by names, without secrets. */
export function membersOf(kind: ExportKind, item: ListedItem, names: Names): MemberValues {
  const special = SPECIAL[kind.noun]?.(item, names) ?? {};
  const all: ListedItem = { ...item, ...special };
  const hidden = kind.secrets.flatMap(({ member, within }) => (within === undefined ? [member] : []));
  const shown = kind.members.filter((member) => all[member] !== undefined && !hidden.includes(member));
  return Object.fromEntries(shown.map((member) => [member, all[member]]));
}

const SPECIAL: Readonly<Record<string, (item: ListedItem, names: Names) => ListedItem>> = {
  record: (item) => {
    const { data, written } = item as unknown as DnsRecord;
    return { data: written ?? data };
  },
  subnet: (item, { vlans }) => {
    const { vlan, vlanId } = item as unknown as Subnet;
    return { vlan: vlans.get(vlanId) ?? vlan };
  },
  bmc: (item) => ({
    parameters: Object.fromEntries(
      Object.entries((item['parameters'] ?? {}) as object).filter(([, value]) => value !== MASKED_SECRET),
    ),
  }),
  machine: (item, names) => {
    const machine = item as unknown as Machine;
    const { bmc = null, powerParameters = {}, minHweKernel = '', expectedArchitecture = '' } = machine;
    const own = { bmc, powerParameters, minHweKernel, expectedArchitecture, dhcpOptions: machine.dhcpOptions ?? [] };
    const { state, owner = null, locked = false } = machine;
    const deployed = state === 'deployed' ? { owner, locked } : undefined;
    return { ...own, deployed, interfaces: machine.interfaces.map((card) => interfaceOf(card, names)) };
  },
  device: (item, names) => {
    const { parent, interfaces } = item as unknown as Device;
    return {
      parent: parent === null ? null : (names.machines.get(parent) ?? parent),
      interfaces: interfaces.map((card) => interfaceOf(card, names)),
    };
  },
  annotation: (item, names) => {
    const { kind, object } = item as unknown as Annotations;
    const found = {
      fabric: names.fabrics,
      vlan: names.vlans,
      subnet: names.subnets,
      space: names.spaces,
      domain: names.domains,
      site: new Map<number, string>(),
    }[kind].get(object);
    return { of: kind, object: kind === 'site' ? 'site' : (found ?? String(object)) };
  },
};

/** An interface as calls take it. */
function interfaceOf(card: MachineInterface, names: Names): ListedItem {
  const { name, mac, kind, vlanId, parents = [], mtu, acceptRa, bond, bridge, tags = [], links = [] } = card;
  const vlan = vlanId === undefined ? undefined : names.vlans.get(vlanId);
  return {
    name,
    // Another interface has it already: the one that this one stands on.
    ...(kind === 'vlan' ? {} : { mac }),
    kind,
    ...(vlan === undefined ? {} : { vlan }),
    ...(parents.length === 0 ? {} : { parents }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(acceptRa === undefined ? {} : { acceptRa }),
    ...(bond === undefined ? {} : { bond }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(tags.length === 0 ? {} : { tags }),
    addresses: links.map(({ mode, address, subnet, gateway }) => ({
      address: address ?? (mode === 'dhcp' ? 'dhcp' : 'link'),
      ...(subnet === null ? {} : { subnet }),
      ...(gateway ? { gateway } : {}),
    })),
  };
}

/** Secrets that an object has, by their names in a map. */
export function hiddenOf({ secrets }: ExportKind, item: ListedItem): readonly string[] {
  return secrets.flatMap(({ member }) =>
    Object.entries((item[member] ?? {}) as object).flatMap(([name, value]) => (value === MASKED_SECRET ? [name] : [])),
  );
}

/** Addresses that Regent chose. */
export function autosOf(item: ListedItem): ReadonlySet<string> | undefined {
  const { interfaces } = item as { readonly interfaces?: readonly MachineInterface[] };
  const links = (interfaces ?? []).flatMap((card) => card.links ?? []);
  const chosen = links.flatMap(({ mode, address }) => (mode === 'auto' && address !== null ? [address] : []));
  return chosen.length === 0 ? undefined : new Set(chosen);
}

/** What an object refers to by its members, and besides. */
export function referencesOf(kind: ExportKind, members: MemberValues, item: ListedItem): readonly Reference[] {
  const named = Object.entries(kind.refersTo).flatMap(([member, noun]) =>
    [members[member]].flat().flatMap((name) => (typeof name === 'string' ? [{ noun, name, member }] : [])),
  );
  return [...named, ...(IMPLIED[kind.noun]?.(members, item) ?? [])];
}

const IMPLIED: Readonly<Record<string, (members: MemberValues, item: ListedItem) => Reference[]>> = {
  record: (_members, { domain }) => (typeof domain === 'string' ? [{ noun: 'domain', name: domain }] : []),
  machine: (members) => placesOf(members),
  device: (members) => placesOf(members),
  setting: ({ name, value }) =>
    name === 'default_domain' && typeof value === 'string' ? [{ noun: 'domain', name: value, member: 'value' }] : [],
};

/** VLANs and subnets of interfaces. */
function placesOf({ interfaces }: MemberValues): Reference[] {
  const cards = (Array.isArray(interfaces) ? interfaces : []) as readonly ListedItem[];
  return cards.flatMap(({ vlan, addresses }) => [
    ...(typeof vlan === 'string' ? [{ noun: 'vlan', name: vlan }] : []),
    ...((Array.isArray(addresses) ? addresses : []) as readonly ListedItem[]).flatMap(({ subnet }) =>
      typeof subnet === 'string' ? [{ noun: 'subnet', name: subnet }] : [],
    ),
  ]);
}

/** Names by which others may refer to an object, besides its own. */
export function aliasesOf({ noun }: ExportKind, item: ListedItem): readonly string[] {
  const { name, vid, fabric, hostname } = item;
  if (noun === 'vlan') return [`${String(fabric)}/${String(vid)}`, String(name), String(vid)];
  if (noun === 'subnet') return [String(name)];
  // Its data as DNS has it, beside those that were written.
  if (noun === 'record') return [`${String(item['fqdn'])} ${String(item['type'])} ${String(item['data'])}`];
  return noun === 'machine' || noun === 'device' ? [String(hostname)] : [];
}

/** Objects that stay whatever a file has: the default ones, and those that belong to another one. */
export function isLasting({ noun, isFixed }: ExportKind, item: ListedItem, hasDefault: boolean): boolean {
  if (isFixed) return true;
  // A fabric's untagged VLAN lives as long as the fabric.
  return (hasDefault && item['id'] === DEFAULT_ID) || (noun === 'vlan' && item['vid'] === 0);
}
