import { invalid, isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { MTU_IPV6, parseBond, parseBridge, parseMtu } from '../../../model/machines/interfaces/settings.ts';
import {
  checkTopology,
  lowestFirst,
  mastersFirst,
  mtuOf,
  type Shape,
} from '../../../model/machines/interfaces/topology.ts';
import {
  INTERFACE_KINDS,
  interfaceLabel,
  type InterfaceKind,
  parseInterfaceName,
  parseMac,
} from '../../../model/machines/machine.ts';
import { parseTag } from '../../../model/machines/tags/tag.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import type { InterfaceInput } from '../../../store/queries/machines/machine-interfaces.ts';
import { findVlan, type VlanRow } from '../../../store/queries/networks/vlans.ts';
import type { Tx } from '../../../store/tx.ts';
import { vlanByRef } from '../../networks/network-refs.ts';
import { type Gathering, readLinks } from './address.ts';
import { type Found, oneGateway } from './gateway.ts';
import type { InterfaceWish } from './wish.ts';

/** What an interface is, before its addresses are known. `index`: its place in the request. */
interface Head extends Shape {
  readonly index: number;
  readonly wish: InterfaceWish;
  readonly parents: readonly string[];
  readonly mtu: number | null;
  readonly vlan: VlanRow | null;
  readonly settings: Pick<InterfaceInput, 'bond' | 'bridge' | 'acceptRa'>;
}

/**
 * Reads the interfaces of a request: grammar, what stands on what, VLANs, subnets, addresses ("auto": the lowest free one, or the one that the
 * interface has already), collisions inside the request and with other machines, each refusal naming its field. A bond or bridge comes before its
 * ports, so that it has the machine's name where the first of them had it.
 */
export async function readInterfaces(
  tx: Tx,
  wishes: readonly InterfaceWish[],
  machine: MachineRow | null,
): Promise<InterfaceInput[] | Rejected> {
  const all: Gathering = { tx, machine, macs: new Map(), addresses: new Set() };
  const heads = await readHeads(tx, wishes);
  if (isRejected(heads)) return heads;
  const order = lowestFirst(heads);
  // What is left out stands on nothing that there is, or on itself.
  if (order.length < heads.length)
    return checkTopology(heads.map(unlinked), []) ?? invalid('interfaces', 'they cannot be ordered', 'no circles');
  const found: Found[] = [];
  for (const head of order) {
    const one = await readOne(all, head, found);
    if (isRejected(one)) return one;
    found.push(one);
  }
  found.sort((a, b) => a.index - b.index);
  const linked = found.map(({ input }) => ({ ...input, isLinked: (input.links ?? []).length > 0 }));
  const refusal = checkTopology(linked, await vlansOf(tx, heads, found)) ?? checkFamilies(found);
  return refusal ?? settled(found);
}

function settled(found: readonly Found[]): InterfaceInput[] | Rejected {
  const routed = oneGateway(found);
  return isRejected(routed) ? routed : mastersFirst(routed);
}

function unlinked(head: Head) {
  return { ...head, isLinked: false };
}

async function readHeads(tx: Tx, wishes: readonly InterfaceWish[]): Promise<Head[] | Rejected> {
  const heads: Head[] = [];
  const given = new Set(wishes.flatMap(({ name }) => name ?? []));
  for (const [index, wish] of wishes.entries()) {
    const at = `interfaces/${index}`;
    const kind = readKind(wish, at);
    if (isRejected(kind)) return kind;
    const vlan = await readVlan(tx, wish);
    if (isRejected(vlan)) return vlan;
    const name = parseInterfaceName(wish.name ?? usualName(wish, kind, { index, vlan, given }), `${at}/name`);
    if (isRejected(name)) return name;
    const twin = heads.find((other) => interfaceLabel(other.name) === interfaceLabel(name));
    if (twin !== undefined) return named(twin.name, name, at);
    given.add(name);
    const mtu = wish.mtu == null ? null : parseMtu(wish.mtu, `${at}/mtu`);
    if (isRejected(mtu)) return mtu;
    const settings = readSettings(wish, kind, at);
    if (isRejected(settings)) return settings;
    heads.push({ index, wish, name, kind, mtu, vlan, vlanId: vlan?.id ?? null, parents: wish.parents ?? [], settings });
  }
  return heads;
}

function named(first: string, name: string, at: string): Rejected {
  if (first === name)
    return invalid(`${at}/name`, `${name} is there twice`, 'each interface of a machine has its own name');
  const label = interfaceLabel(name);
  return invalid(`${at}/name`, `${first} and ${name} have one name in DNS, ${label}`, 'each interface has its own');
}

function readKind({ kind = 'physical' }: InterfaceWish, at: string): InterfaceKind | Rejected {
  const found = INTERFACE_KINDS.find((one) => one === kind);
  return found ?? invalid(`${at}/kind`, `${kind.slice(0, 16)} is no kind of interface`, INTERFACE_KINDS.join(', '));
}

async function readVlan(tx: Tx, { vlan, vlanId = null }: InterfaceWish): Promise<VlanRow | null | Rejected> {
  if (vlan !== undefined) return await vlanByRef(tx, vlan);
  return vlanId === null ? null : await findVlan(tx, vlanId);
}

interface Naming {
  readonly index: number;
  readonly vlan: VlanRow | null;
  readonly given: ReadonlySet<string>;
}

/** eth0, eth1, … by position; bond0, br0 and so on; PARENT.VID where that is short enough. */
function usualName(wish: InterfaceWish, kind: InterfaceKind, { index, vlan, given }: Naming): string {
  if (kind === 'physical') return `eth${index}`;
  if (kind === 'vlan') {
    const name = `${wish.parents?.[0] ?? 'vlan'}.${vlan?.vid ?? 0}`;
    return name.length > 15 ? `vlan${vlan?.vid ?? 0}` : name;
  }
  const stem = kind === 'bond' ? 'bond' : 'br';
  let number = 0;
  while (given.has(`${stem}${number}`)) number += 1;
  return `${stem}${number}`;
}

/** What few interfaces have. */
function readSettings(wish: InterfaceWish, kind: InterfaceKind, at: string): Head['settings'] | Rejected {
  const common = wish.acceptRa == null ? {} : { acceptRa: wish.acceptRa };
  if (kind !== 'bond' && wish.bond)
    return invalid(`${at}/bond`, `it is a ${kind} interface`, 'a bond alone has settings of a bond');
  if (kind !== 'bridge' && wish.bridge)
    return invalid(`${at}/bridge`, `it is a ${kind} interface`, 'a bridge alone has settings of a bridge');
  if (kind === 'bond') {
    const bond = parseBond(wish.bond ?? {}, `${at}/bond`);
    return isRejected(bond) ? bond : { ...common, bond };
  }
  if (kind !== 'bridge') return common;
  const bridge = parseBridge(wish.bridge ?? {}, `${at}/bridge`);
  return isRejected(bridge) ? bridge : { ...common, bridge };
}

async function readOne(all: Gathering, head: Head, found: readonly Found[]): Promise<Found | Rejected> {
  const { index, wish, name, kind, parents, mtu, settings } = head;
  const at = `interfaces/${index}`;
  const below = found.find(({ input }) => input.name === parents[0])?.input;
  const mac = await readMac(all, head, below?.mac);
  if (isRejected(mac)) return mac;
  const known = all.machine?.interfaces.find((card) =>
    wish.id === undefined
      ? card.kind === kind && (kind === 'physical' ? card.mac === mac : card.name === name)
      : card.id === wish.id,
  );
  const start = head.vlanId ?? (kind === 'vlan' ? null : (below?.vlanId ?? null));
  const links = await readLinks(all, {
    wishes: wish.addresses ?? [],
    at,
    mac,
    kind,
    vlanId: start,
    kept: known?.links ?? [],
  });
  if (isRejected(links)) return links;
  const { vlanId } = links;
  const addresses = links.links.flatMap(({ address, subnetId }) =>
    address === null || subnetId === null ? [] : [{ address, subnetId }],
  );
  const tags = wish.tags === undefined ? (known?.tags ?? []) : readTags(wish.tags, `${at}/tags`);
  if (isRejected(tags)) return tags;
  const own = { name, mac, kind, vlanId, parents, mtu, ...settings, tags, addresses, links: links.links };
  return { index, input: { ...own, ...(known ? { id: known.id } : {}) }, families: links.families, fresh: links.fresh };
}

/** Tags of an interface: each once, in their order. */
function readTags(texts: readonly string[], field: string): readonly string[] | Rejected {
  for (const text of texts) {
    const tag = parseTag(text, field);
    if (isRejected(tag)) return tag;
  }
  return [...new Set(texts)];
}

/** Of a card: its own. A VLAN interface has that of what it stands on; a bond or bridge that of its first port, unless it was given one. */
async function readMac(
  all: Gathering,
  { wish, kind, name, index }: Head,
  below: string | undefined,
): Promise<string | Rejected> {
  const field = `interfaces/${index}/mac`;
  if (wish.mac === undefined && kind !== 'physical' && below === undefined)
    return invalid(`interfaces/${index}/parents`, `${name} stands on nothing`, `a ${kind} interface stands on others`);
  if (wish.mac === undefined)
    return below ?? invalid(field, 'it is missing', 'a card has the MAC address by which it is found');
  const mac = parseMac(wish.mac, field);
  if (isRejected(mac)) return mac;
  if (kind === 'vlan' && mac !== below)
    return invalid(
      field,
      `${name} would have another MAC address than ${wish.parents?.[0]}`,
      'a VLAN interface has that of what it stands on',
    );
  if (kind !== 'physical' && mac === below) return mac;
  if (kind === 'physical') {
    if (all.macs.has(mac)) return invalid(field, `${mac} is there twice`, 'each card has its own MAC address');
    all.macs.set(mac, name);
  }
  const owner = await findMachine(all.tx, { mac });
  if (!owner || owner.id === all.machine?.id) return mac;
  const problem = `${mac} is the MAC address of the machine ${owner.fqdn}`;
  return rejected('conflict', `${field}: ${problem}.`, [{ field, problem }]);
}

/** The VLANs of all that is found: those that were named, and those that addresses told. */
async function vlansOf(tx: Tx, heads: readonly Head[], found: readonly Found[]): Promise<VlanRow[]> {
  const known = new Map(heads.flatMap(({ vlan }) => (vlan ? [[vlan.id, vlan] as const] : [])));
  for (const { input } of found) {
    const row = input.vlanId === null || known.has(input.vlanId) ? null : await findVlan(tx, input.vlanId);
    if (row) known.set(row.id, row);
  }
  return [...known.values()];
}

function checkFamilies(found: readonly Found[]): Rejected | null {
  const shapes = found.map(({ input }) => input);
  const small = found.find(({ input, families }) => families.includes(6) && mtuOf(shapes, input) < MTU_IPV6);
  if (!small) return null;
  const problem = `${mtuOf(shapes, small.input)} is too small for an IPv6 address`;
  return invalid(`interfaces/${small.index}/mtu`, problem, `IPv6 needs ${MTU_IPV6} octets (RFC 8200 §5)`);
}
