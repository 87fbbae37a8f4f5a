import type { Range } from '../../../contract/network/range.ts';
import type { Reservation } from '../../../contract/network/reservation.ts';
import type { Subnet } from '../../../contract/network/subnet.ts';
import type { Vlan } from '../../../contract/network/vlan.ts';
import type { RouteOutput } from '../../../contract/routes.ts';
import { isRejected } from '../../../core/errors.ts';
import { contains, parseAddress, parseNetwork } from '../../../core/ip.ts';
import type { Look } from '../look.ts';
import { uriOf } from './uri.ts';

type Fabric = RouteOutput<'fabric.show'>;
type Space = RouteOutput<'space.show'>;

/** Octets of a packet, where nobody said otherwise. */
export const MTU = 1500;
/** What MAAS calls the space of what is in none. */
export const NO_SPACE = { id: -1, name: 'undefined' } as const;

export type MaasVlan = ReturnType<typeof vlanObject>;
export type MaasSubnet = ReturnType<typeof subnetObject>;

function vlanObject(vlan: Vlan, racks: ReadonlyMap<string, string>, relay: object | null) {
  const idOf = (name: string | null) => (name === null ? null : (racks.get(name) ?? name));
  return {
    vid: vlan.vid,
    mtu: MTU,
    dhcp_on: vlan.dhcpOn,
    external_dhcp: null,
    relay_vlan: relay,
    id: vlan.id,
    name: vlan.name,
    description: '',
    fabric: vlan.fabric,
    fabric_id: vlan.fabricId,
    primary_rack: idOf(vlan.primaryRack),
    secondary_rack: idOf(vlan.secondaryRack),
    space: vlan.space ?? NO_SPACE.name,
    resource_uri: uriOf('vlans', vlan.id),
  };
}

function subnetObject(subnet: Subnet, vlan: MaasVlan | null) {
  return {
    name: subnet.name,
    description: '',
    vlan,
    cidr: subnet.cidr,
    rdns_mode: 2,
    gateway_ip: subnet.gateway,
    dns_servers: subnet.resolvers,
    allow_dns: subnet.dnsOn,
    allow_proxy: subnet.proxyOn,
    active_discovery: false,
    managed: subnet.managed,
    disabled_boot_architectures: [],
    space: vlan?.space ?? NO_SPACE.name,
    id: subnet.id,
    resource_uri: uriOf('subnets', subnet.id),
  };
}

/** VLANs and subnets as MAAS shows them, by id: each is made once, however many objects show it. */
export interface Networks {
  readonly vlans: readonly Vlan[];
  readonly subnets: readonly Subnet[];
  readonly vlan: (id: number | null | undefined) => MaasVlan | null;
  readonly subnet: (id: number | null | undefined) => MaasSubnet | null;
  /** The subnet that holds an address. */
  readonly holderOf: (ip: string) => MaasSubnet | null;
}

/** Reads what networks are made of: four lists, whatever their length. */
export async function readNetworks(look: Look): Promise<Networks> {
  const [vlans, subnets, nodes] = [await look.vlans(), await look.subnets(), await look.nodes()];
  const racks = new Map(nodes.map(({ id, name }) => [name, id]));
  const labels = new Map(vlans.map((vlan) => [`${vlan.fabric}/${vlan.name}`, vlan]));
  const relayOf = ({ relayVlan }: Vlan) => {
    const relay = relayVlan === null ? undefined : labels.get(relayVlan);
    return relay === undefined ? null : vlanObject(relay, racks, null);
  };
  const madeVlans = new Map(vlans.map((vlan) => [vlan.id, vlanObject(vlan, racks, relayOf(vlan))]));
  const vlan: Networks['vlan'] = (id) => madeVlans.get(id ?? 0) ?? null;
  const madeSubnets = new Map(subnets.map((subnet) => [subnet.id, subnetObject(subnet, vlan(subnet.vlanId))]));
  const nets = subnets.flatMap(({ id, cidr }) => {
    const network = parseNetwork(cidr);
    return isRejected(network) ? [] : [{ id, network }];
  });
  const subnet: Networks['subnet'] = (id) => madeSubnets.get(id ?? 0) ?? null;
  const holderOf = (ip: string) => {
    const address = parseAddress(ip);
    return isRejected(address) ? null : subnet(nets.find(({ network }) => contains(network, address))?.id);
  };
  return { vlans, subnets, vlan, subnet, holderOf };
}

export function viewFabric({ id, name }: Fabric, { vlans, vlan }: Networks) {
  const own = vlans.filter(({ fabricId }) => fabricId === id).map((one) => vlan(one.id));
  return { id, name, class_type: null, vlans: own, resource_uri: uriOf('fabrics', id) };
}

/** `space` null: what is in none. */
export function viewSpace(space: Pick<Space, 'id' | 'name'> | null, { vlans, vlan, subnets, subnet }: Networks) {
  const { id, name } = space ?? NO_SPACE;
  const own = vlans.filter(({ spaceId }) => spaceId === (space?.id ?? null));
  const ids = new Set(own.map((one) => one.id));
  return {
    id,
    name,
    description: '',
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
