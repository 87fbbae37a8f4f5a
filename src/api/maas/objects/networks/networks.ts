import type { AnnotatedKind } from '../../../../contract/site/annotation.ts';
import type { Range } from '../../../../contract/networks/range.ts';
import type { Reservation } from '../../../../contract/networks/reservation.ts';
import type { Subnet } from '../../../../contract/networks/subnet.ts';
import type { Vlan } from '../../../../contract/networks/vlan.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { isRejected } from '../../../../core/errors.ts';
import { contains, parseAddress, parseNetwork } from '../../../../core/ip.ts';
import type { SiteLists } from '../../site-lists.ts';
import { uriOf } from '../base/uri.ts';

type Fabric = RouteOutput<'fabric.show'>;
type Space = RouteOutput<'space.show'>;

/** Octets of a packet, if no setting says otherwise. */
export const MTU = 1500;
/** What MAAS calls the space of what is in none. */
export const NO_SPACE = { id: -1, name: 'undefined' } as const;

export type MaasVlan = ReturnType<typeof vlanObject>;
export type MaasSubnet = ReturnType<typeof subnetObject>;

/** Texts of an object by name. */
type AnnotationTexts = Readonly<Record<string, string>>;
const NO_TEXTS: AnnotationTexts = {};
type TextsOf = (kind: AnnotatedKind, id: number) => AnnotationTexts;

/** What people and tools say of objects: one list, whatever their number. */
export async function readTexts(lists: SiteLists): Promise<TextsOf> {
  const all = new Map((await lists.annotations()).map(({ kind, object, texts }) => [`${kind} ${object}`, texts]));
  return (kind, id) => all.get(`${kind} ${id}`) ?? NO_TEXTS;
}

type VlanParts = { readonly racks: ReadonlyMap<string, string>; readonly textsOf: TextsOf };

function vlanObject(vlan: Vlan, { racks, textsOf }: VlanParts, relay: object | null) {
  const idOf = (name: string | null) => (name === null ? null : (racks.get(name) ?? name));
  return {
    vid: vlan.vid,
    mtu: vlan.mtu ?? MTU,
    dhcp_on: vlan.dhcpOn,
    external_dhcp: null,
    relay_vlan: relay,
    id: vlan.id,
    name: vlan.name,
    description: textsOf('vlan', vlan.id)['description'] ?? '',
    fabric: vlan.fabric,
    fabric_id: vlan.fabricId,
    primary_rack: idOf(vlan.primaryRack),
    secondary_rack: idOf(vlan.secondaryRack),
    space: vlan.space ?? NO_SPACE.name,
    resource_uri: uriOf('vlans', vlan.id),
  };
}

function subnetObject(subnet: Subnet, vlan: MaasVlan | null, texts: AnnotationTexts) {
  const { description = '', rdns_mode = '2', active_discovery, disabled_boot_architectures = '' } = texts;
  return {
    name: subnet.name,
    description,
    vlan,
    cidr: subnet.cidr,
    rdns_mode: Number(rdns_mode),
    gateway_ip: subnet.gateway,
    dns_servers: subnet.resolvers,
    allow_dns: subnet.dnsOn,
    allow_proxy: subnet.proxyOn,
    active_discovery: active_discovery === 'true',
    managed: subnet.managed,
    disabled_boot_architectures: disabled_boot_architectures.split(',').filter((one) => one !== ''),
    space: vlan?.space ?? NO_SPACE.name,
    id: subnet.id,
    resource_uri: uriOf('subnets', subnet.id),
  };
}

/** VLANs and subnets as MAAS shows them, by id: each is made once, however many objects show it. */
export interface Networks {
  readonly textsOf: TextsOf;
  readonly vlans: readonly Vlan[];
  readonly subnets: readonly Subnet[];
  readonly vlan: (id: number | null | undefined) => MaasVlan | null;
  readonly subnet: (id: number | null | undefined) => MaasSubnet | null;
  /** One of these, or another object that many show, in JSON; made once for each. */
  readonly textOf: (shared: object | null) => string;
  /** The subnet that holds an address. */
  readonly holderOf: (ip: string) => MaasSubnet | null;
}

/** Reads what networks are made of: four lists side by side, whatever their length. */
export async function readNetworks(lists: SiteLists): Promise<Networks> {
  const [textsOf, vlans, subnets, nodes] = await Promise.all([
    readTexts(lists),
    lists.vlans(),
    lists.subnets(),
    lists.nodes(),
  ]);
  const racks = new Map(nodes.map(({ id, name }) => [name, id]));
  const parts = { racks, textsOf };
  const labels = new Map(vlans.map((vlan) => [`${vlan.fabric}/${vlan.name}`, vlan]));
  const relayOf = ({ relayVlan }: Vlan) => {
    const relay = relayVlan === null ? undefined : labels.get(relayVlan);
    return relay === undefined ? null : vlanObject(relay, parts, null);
  };
  const madeVlans = new Map(vlans.map((vlan) => [vlan.id, vlanObject(vlan, parts, relayOf(vlan))]));
  const vlan: Networks['vlan'] = (id) => madeVlans.get(id ?? 0) ?? null;
  const madeSubnets = new Map(
    subnets.map((subnet) => [subnet.id, subnetObject(subnet, vlan(subnet.vlanId), textsOf('subnet', subnet.id))]),
  );
  const nets = subnets.flatMap(({ id, cidr }) => {
    const network = parseNetwork(cidr);
    return isRejected(network) ? [] : [{ id, network }];
  });
  const subnet: Networks['subnet'] = (id) => madeSubnets.get(id ?? 0) ?? null;
  const holderOf = (ip: string) => {
    const address = parseAddress(ip);
    return isRejected(address) ? null : subnet(nets.find(({ network }) => contains(network, address))?.id);
  };
  return { textsOf, vlans, subnets, vlan, subnet, textOf: sharedTexts(), holderOf };
}

/** JSON of objects that do not change any more. */
function sharedTexts(): Networks['textOf'] {
  const made = new Map<object | null, string>();
  return (shared) => {
    const known = made.get(shared);
    if (known !== undefined) return known;
    const text = JSON.stringify(shared);
    made.set(shared, text);
    return text;
  };
}

export function viewFabric({ id, name }: Fabric, { vlans, vlan, textsOf }: Networks) {
  const { class_type = null, description = '' } = textsOf('fabric', id);
  const own = vlans.filter(({ fabricId }) => fabricId === id).map((one) => vlan(one.id));
  return { id, name, description, class_type, vlans: own, resource_uri: uriOf('fabrics', id) };
}

/** `space` null: what is in none. */
export function viewSpace(
  space: Pick<Space, 'id' | 'name'> | null,
  { vlans, vlan, subnets, subnet, textsOf }: Networks,
) {
  const { id, name } = space ?? NO_SPACE;
  const own = vlans.filter(({ spaceId }) => spaceId === (space?.id ?? null));
  const ids = new Set(own.map((one) => one.id));
  return {
    id,
    name,
    description: textsOf('space', id)['description'] ?? '',
    vlans: own.map((one) => vlan(one.id)),
    subnets: subnets.filter(({ vlanId }) => ids.has(vlanId)).map((one) => subnet(one.id)),
    resource_uri: uriOf('spaces', id),
  };
}

export function viewRange({ id, kind, first, last, comment, subnetId }: Range, { subnet }: Networks) {
  return {
    subnet: subnet(subnetId),
    type: kind,
    start_ip: first,
    end_ip: last,
    user: null,
    comment,
    id,
    resource_uri: uriOf('ipranges', id),
  };
}

export function viewReserved({ id, address, mac, comment, subnetId }: Reservation, { subnet }: Networks) {
  return {
    id,
    ip: address,
    subnet: subnet(subnetId),
    mac_address: mac,
    comment,
    resource_uri: uriOf('reservedips', id),
  };
}
