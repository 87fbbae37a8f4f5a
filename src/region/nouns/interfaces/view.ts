import type { MachineInterface } from '../../../contract/network/machine-interface.ts';
import type { InterfaceRow } from '../../../store/queries/network/machine-interfaces.ts';

/** An interface as answers and events show it. */
export function viewInterface({
  id,
  name,
  mac,
  kind,
  vlan,
  vlanId,
  addresses,
  links,
  parents,
  mtu,
  bond,
  bridge,
  tags,
}: InterfaceRow): MachineInterface {
  return {
    id,
    name,
    mac,
    kind,
    vlan,
    ...(vlanId === null ? {} : { vlanId }),
    addresses: addresses.map(({ address, subnet, subnetId }) => ({ address, subnet, subnetId })),
    links: links.map(({ isGateway, ...link }) => ({ ...link, gateway: isGateway })),
    ...(parents.length === 0 ? {} : { parents: [...parents] }),
    ...(mtu === null ? {} : { mtu }),
    ...(bond ? { bond } : {}),
    ...(bridge ? { bridge } : {}),
    ...(tags?.length ? { tags: [...tags] } : {}),
  };
}
