import { accept, invalid, refuse, type Rejected } from '../../../core/errors.ts';
import { MTU_IPV6, parseBond, parseBridge, parseMtu } from '../../../model/machines/interfaces/settings.ts';
import type { InterfaceShape } from '../../../model/machines/interfaces/topology.ts';
import { checkTopology, lowestFirst, mastersFirst, mtuOf } from '../../../model/machines/interfaces/topology.ts';
import type { InterfaceKind } from '../../../model/machines/machine.ts';
import { INTERFACE_KINDS, interfaceLabel, parseInterfaceName, parseMac } from '../../../model/machines/machine.ts';
import { parseTag } from '../../../model/machines/tags/tag.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import type { InterfaceInput } from '../../../store/queries/machines/machine-interfaces.ts';
import { findVlan, type VlanRow } from '../../../store/queries/networks/vlans.ts';
import type { Tx } from '../../../store/tx.ts';
import { resolveName } from '../../base/known-names.ts';
import { vlanByRef } from '../../networks/network-refs.ts';
import type { Unrivalled } from '../newcomer.ts';
import { type Gathering, readLinks } from './address.ts';
import { type InterfaceReading, oneGateway } from './gateway.ts';
import type { InterfaceRequest } from './interface-request.ts';

/** What an interface is, before its addresses are known. `index`: its place in the request. */
interface InterfaceHead extends InterfaceShape {
  readonly index: number;
  readonly request: InterfaceRequest;
  readonly parents: readonly string[];
  readonly mtu: number | null;
  readonly vlan: VlanRow | null;
  readonly settings: Pick<InterfaceInput, 'bond' | 'bridge' | 'acceptRa'>;
}

/**
 * Reads the interfaces of a request: grammar, what stands on what, VLANs, subnets, addresses ("auto": the lowest free one, or the one that the
 * interface has already), collisions inside the request and with other machines, each refusal naming its field. A bond or bridge comes before its
 * ports, so that it has the machine's name where the first of them had it. `unrivalled`: nobody else has it.
 */
export async function readInterfaces(
  tx: Tx,
  requests: readonly InterfaceRequest[],
  machine: MachineRow | null,
  unrivalled: Unrivalled | null = null,
): Promise<InterfaceInput[]> {
  const all: Gathering = { tx, machine, macs: new Map(), addresses: new Set(), unrivalled };
  const heads = await readHeads(tx, requests);
  const order = lowestFirst(heads);
  // What is left out stands on nothing that there is, or on itself.
  if (order.length < heads.length)
    refuse(checkTopology(heads.map(unlinked), []) ?? invalid('interfaces', 'they cannot be ordered', 'no circles'));
  const found: InterfaceReading[] = [];
  for (const head of order) {
    const one = await readOne(all, head, found);
    found.push(one);
  }
  found.sort((a, b) => a.index - b.index);
  const linked = found.map(({ input }) => ({ ...input, isLinked: (input.links ?? []).length > 0 }));
  const refusal = checkTopology(linked, await vlansOf(tx, heads, found)) ?? checkFamilies(found);
  return accept(refusal ?? settled(found));
}

function settled(found: readonly InterfaceReading[]): InterfaceInput[] {
  const routed = oneGateway(found);
  return mastersFirst(routed);
}

const unlinked = (head: InterfaceHead) => ({ ...head, isLinked: false });

async function readHeads(tx: Tx, requests: readonly InterfaceRequest[]): Promise<InterfaceHead[]> {
  const heads: InterfaceHead[] = [];
  const given = new Set(requests.flatMap(({ name }) => name ?? []));
  for (const [index, request] of requests.entries()) {
    const at = `interfaces/${index}`;
    const kind = readKind(request, at);
    const vlan = await readVlan(tx, request);
    const name = accept(
      parseInterfaceName(request.name ?? usualName(request, kind, { index, vlan, given }), `${at}/name`),
    );
    const twin = heads.find((other) => interfaceLabel(other.name) === interfaceLabel(name));
    if (twin !== undefined) refuse(named(twin.name, name, at));
    given.add(name);
    const mtu = accept(request.mtu == null ? null : parseMtu(request.mtu, `${at}/mtu`));
    const settings = readSettings(request, kind, at);
    heads.push({
      index,
      request,
      name,
      kind,
      mtu,
      vlan,
      vlanId: vlan?.id ?? null,
      parents: request.parents ?? [],
      settings,
    });
  }
  return heads;
}

function named(first: string, name: string, at: string): Rejected {
  if (first === name)
    return invalid(`${at}/name`, `${name} is there twice`, 'each interface of a machine has its own name');
  const label = interfaceLabel(name);
  return invalid(`${at}/name`, `${first} and ${name} have one name in DNS, ${label}`, 'each interface has its own');
}

function readKind({ kind = 'physical' }: InterfaceRequest, at: string): InterfaceKind {
  const found = INTERFACE_KINDS.find((one) => one === kind);
  return (
    found ??
    refuse(invalid(`${at}/kind`, `${kind.slice(0, 16)} is not a kind of interface`, INTERFACE_KINDS.join(', ')))
  );
}

async function readVlan(tx: Tx, { vlan, vlanId = null }: InterfaceRequest): Promise<VlanRow | null> {
  if (vlan !== undefined) return await vlanByRef(tx, vlan);
  return vlanId === null ? null : await vlanById(tx, vlanId);
}

type NamingContext = { readonly index: number; readonly vlan: VlanRow | null; readonly given: ReadonlySet<string> };

/** eth0, eth1, … by position; bond0, br0 and so on; PARENT.VID where that is short enough. */
function usualName(request: InterfaceRequest, kind: InterfaceKind, { index, vlan, given }: NamingContext): string {
  if (kind === 'physical') return `eth${index}`;
  if (kind === 'vlan') {
    const name = `${request.parents?.[0] ?? 'vlan'}.${vlan?.vid ?? 0}`;
    return name.length > 15 ? `vlan${vlan?.vid ?? 0}` : name;
  }
  const stem = kind === 'bond' ? 'bond' : 'br';
  let number = 0;
  while (given.has(`${stem}${number}`)) number += 1;
  return `${stem}${number}`;
}

/** What few interfaces have. */
function readSettings(request: InterfaceRequest, kind: InterfaceKind, at: string): InterfaceHead['settings'] {
  const common = request.acceptRa == null ? {} : { acceptRa: request.acceptRa };
  if (kind !== 'bond' && request.bond)
    refuse(invalid(`${at}/bond`, `it is a ${kind} interface`, 'only a bond has settings of a bond'));
  if (kind !== 'bridge' && request.bridge)
    refuse(invalid(`${at}/bridge`, `it is a ${kind} interface`, 'only a bridge has settings of a bridge'));
  if (kind === 'bond') {
    const bond = accept(parseBond(request.bond ?? {}, `${at}/bond`));
    return { ...common, bond };
  }
  if (kind !== 'bridge') return common;
  const bridge = accept(parseBridge(request.bridge ?? {}, `${at}/bridge`));
  return { ...common, bridge };
}

async function readOne(
  all: Gathering,
  head: InterfaceHead,
  found: readonly InterfaceReading[],
): Promise<InterfaceReading> {
  const { index, request, name, kind, parents, mtu, settings } = head;
  const at = `interfaces/${index}`;
  const below = found.find(({ input }) => input.name === parents[0])?.input;
  const mac = await readMac(all, head, below?.mac);
  const known = all.machine?.interfaces.find((card) =>
    request.id === undefined
      ? card.kind === kind && (kind === 'physical' ? card.mac === mac : card.name === name)
      : card.id === request.id,
  );
  const start = head.vlanId ?? (kind === 'vlan' ? null : (below?.vlanId ?? null));
  const links = await readLinks(all, {
    requests: request.addresses ?? [],
    at,
    mac,
    kind,
    vlanId: start,
    existing: known?.links ?? [],
  });
  const { vlanId } = links;
  const addresses = links.links.flatMap(({ address, subnetId }) =>
    address === null || subnetId === null ? [] : [{ address, subnetId }],
  );
  const tags = request.tags === undefined ? (known?.tags ?? []) : readTags(request.tags, `${at}/tags`);
  const own = { name, mac, kind, vlanId, parents, mtu, ...settings, tags, addresses, links: links.links };
  return { index, input: { ...own, ...(known ? { id: known.id } : {}) }, families: links.families, fresh: links.fresh };
}

/** Tags of an interface: each once, in their order. */
function readTags(texts: readonly string[], field: string): readonly string[] {
  for (const text of texts) accept(parseTag(text, field));
  return [...new Set(texts)];
}

/** Of a card: its own. A VLAN interface has that of what it stands on; a bond or bridge that of its first port, unless it was given one. */
async function readMac(
  all: Gathering,
  { request, kind, name, index }: InterfaceHead,
  below: string | undefined,
): Promise<string> {
  const field = `interfaces/${index}/mac`;
  if (request.mac === undefined && kind !== 'physical' && below === undefined)
    refuse(invalid(`interfaces/${index}/parents`, `${name} stands on nothing`, `a ${kind} interface stands on others`));
  if (request.mac === undefined)
    return below ?? refuse(invalid(field, 'it is missing', 'a card has the MAC address by which it is found'));
  const mac = accept(parseMac(request.mac, field));
  if (kind === 'vlan' && mac !== below)
    refuse(
      invalid(
        field,
        `${name} would have another MAC address than ${request.parents?.[0]}`,
        'a VLAN interface has the MAC address of the interface below it',
      ),
    );
  if (kind !== 'physical' && mac === below) return mac;
  if (kind === 'physical') {
    if (all.macs.has(mac)) refuse(invalid(field, `${mac} is there twice`, 'each card has its own MAC address'));
    all.macs.set(mac, name);
  }
  const owner = all.unrivalled?.macs.has(mac) ? null : await findMachine(all.tx, { mac });
  if (!owner || owner.id === all.machine?.id) return mac;
  const problem = `${mac} is the MAC address of the machine ${owner.fqdn}`;
  refuse('conflict', `${field}: ${problem}.`, [{ field, problem }]);
}

/** The VLANs of all that is found: those that were named, and those of its addresses. */
async function vlansOf(
  tx: Tx,
  heads: readonly InterfaceHead[],
  found: readonly InterfaceReading[],
): Promise<VlanRow[]> {
  const known = new Map(heads.flatMap(({ vlan }) => (vlan ? [[vlan.id, vlan] as const] : [])));
  for (const { input } of found) {
    const row = input.vlanId === null || known.has(input.vlanId) ? null : await vlanById(tx, input.vlanId);
    if (row) known.set(row.id, row);
  }
  return [...known.values()];
}

function vlanById(tx: Tx, id: number): Promise<VlanRow | null> {
  return resolveName(tx, 'vlan', `row ${id}`, () => findVlan(tx, id));
}

function checkFamilies(found: readonly InterfaceReading[]): Rejected | null {
  const shapes = found.map(({ input }) => input);
  const small = found.find(({ input, families }) => families.includes(6) && mtuOf(shapes, input) < MTU_IPV6);
  if (!small) return null;
  const problem = `${mtuOf(shapes, small.input)} is too small for an IPv6 address`;
  return invalid(`interfaces/${small.index}/mtu`, problem, `IPv6 needs ${MTU_IPV6} octets (RFC 8200 §5)`);
}
