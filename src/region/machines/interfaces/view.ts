import type { MachineInterface } from '../../../contract/machines/machine-interface.ts';
import type { InterfaceRow } from '../../../store/queries/machines/machine-interfaces.ts';

/**
 * An interface as answers and events show it. Lists have tens of thousands of them: what few have is added only to
 * those.
 */
export function viewInterface(row: InterfaceRow): MachineInterface {
  const { id, name, mac, kind, vlan, vlanId, parents, mtu, acceptRa, bond, bridge, tags } = row;
  const addresses = row.addresses.map(({ address, subnet, subnetId }) => ({ address, subnet, subnetId }));
  const links = row.links.map(({ id: link, mode, address, subnet, subnetId, isGateway }) => {
    return { id: link, mode, address, subnetId, subnet, gateway: isGateway };
  });
  const shown: MachineInterface =
    vlanId === null
      ? { id, name, mac, kind, vlan, addresses, links }
      : { id, name, mac, kind, vlan, vlanId, addresses, links };
  if (parents.length > 0) shown.parents = [...parents];
  if (mtu !== null) shown.mtu = mtu;
  if (acceptRa !== undefined) shown.acceptRa = acceptRa;
  if (bond) shown.bond = bond;
  if (bridge) shown.bridge = bridge;
  if (tags?.length) shown.tags = [...tags];
  return shown;
}
