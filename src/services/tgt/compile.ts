import { compareText } from '../../core/order.ts';
import { orderedAddresses } from '../../core/ip.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import { bootVlans } from '../../model/machines/interfaces/boot-vlans.ts';
import { ISCSI_PART, rootOf } from '../../model/images/boot-media.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { servedVlans, type ServedVlan, type Serving } from '../../model/networks/serving.ts';
import type { TgtDesired } from './desired.ts';

/**
 * The racks of a VLAN give out roots by iSCSI while a machine there is to boot so, the secondary one too. A site that is no cluster has no images on its racks.
 * Null: no machine wants it, or no image can be booted by it.
 */
export function compileTgt(snapshot: Snapshot, nodeId: string, serving: Serving): TgtDesired | null {
  if (snapshot.cluster === null) return null;
  const vlans = wantedVlans(snapshot, servedVlans(serving, nodeId));
  const images = servedImages(snapshot);
  const positions = (serving.positions.get(nodeId)?.served ?? []).filter(({ vlan }) => vlans.has(vlan.id));
  const networks = [...new Set(positions.flatMap(networksOf))].sort(compareText);
  if (images.length === 0 || networks.length === 0) return null;
  const addresses = orderedAddresses([...new Set(positions.map(({ address }) => address))]);
  return { port: PORTS.iscsi, filesPort: PORTS.bootFiles, addresses, networks, images };
}

/** Of these VLANs those with a machine that boots by iSCSI; a machine of which nobody knows where it is may be on each. */
function wantedVlans({ machines, machineStages = [] }: Snapshot, served: ReadonlySet<number>): ReadonlySet<number> {
  const iscsiMachines = new Set(
    machineStages.filter(({ bootMedia }) => bootMedia === 'iscsi').map(({ machineId }) => machineId),
  );
  const vlans = machines.filter(({ id }) => iscsiMachines.has(id)).flatMap(({ interfaces }) => bootVlans(interfaces));
  return vlans.includes(null) ? served : new Set(vlans.filter((id): id is number => id !== null && served.has(id)));
}

/** Images that machines boot and that have a root and the initrd's part for iSCSI. */
function servedImages({ defaultImages = [] }: Snapshot): TgtDesired['images'] {
  return defaultImages
    .flatMap(({ digest, files }) => {
      const root = rootOf(files);
      const isAble = root !== null && files.some(({ name }) => name === ISCSI_PART);
      return isAble ? [{ digest, file: root.name, sha256: root.sha256 }] : [];
    })
    .sort((one, other) => compareText(one.digest, other.digest));
}

const networksOf = ({ subnets }: ServedVlan): string[] => subnets.map(({ subnet }) => subnet.cidr);
