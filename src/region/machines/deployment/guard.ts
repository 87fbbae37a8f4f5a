import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import { isRejected, type Rejected } from '../../../core/errors.ts';
import type { GuardSite, GuardVlan } from '../../../model/machines/deployment/guard.ts';
import type { RequestedStorage } from '../../../model/machines/deployment/stored/request.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { hasEphemeral } from '../../../store/queries/machines/deployments.ts';
import { readVlanLabels } from '../../../store/queries/cluster/rack-views.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { ServingSite } from '../../../model/networks/serving.ts';
import type { Tx } from '../../../store/tx.ts';
import { readSeenNodes, type SeenNode } from '../../base/seen.ts';
import { checkNotLeased } from '../../networks/address-rules.ts';
import { vlanServers } from '../../networks/dhcp/servers.ts';
import { checkMachineNames, machineNames } from '../../names/name-rules.ts';
import { isStale } from '../../base/tracking.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { switchOf } from '../lifecycle/orders.ts';
import type { FoundImage } from './image.ts';
import { architectureOf, networkOf, storageOf } from './plan.ts';
import { rackAddresses, vlansOf } from './site.ts';

/** A deployment that is about to begin. `image` null: it runs in memory. */
export interface GuardQuestion {
  readonly machine: MachineRow;
  readonly inventory: Inventory;
  readonly image: FoundImage | null;
  readonly storage: RequestedStorage;
  readonly keys: number;
  readonly hasUserData: boolean;
}

/** Reads what the rules of the guard need of a site (model/machines/deployment/guard.ts). */
export async function readGuardSite(tx: Tx, ports: CasePorts, question: GuardQuestion): Promise<GuardSite> {
  const { machine, inventory, image, storage, keys, hasUserData } = question;
  const site = await readServingSite(tx);
  const nodes = await readSeenNodes(tx, ports);
  const regions = nodes.filter(({ row }) => row.isRegion);
  const hasSwitch = (await switchOf(tx, machine)) !== null;
  return {
    machine: machine.hostname,
    vlans: await guardVlans(tx, machine, { site, nodes, now: ports.clock.now() }),
    hasEphemeral: await hasEphemeral(tx, architectureOf(inventory)),
    image: image?.image.name ?? '',
    imageOn: image === null ? regions.length : image.places.filter(({ state }) => state === 'there').length,
    regions: regions.length,
    bmc: machine.bmc,
    hasSwitch,
    powerError:
      hasSwitch && machine.powerState === 'error' ? `${machine.powerWhy} ${machine.powerRemedy}`.trim() : null,
    isFirmwareKnown: image === null || inventory.firmware?.kind !== undefined,
    storage: image === null ? null : sentenceOf(storageOf(inventory, image.image, storage)),
    network: sentenceOf(networkOf(site, machine, inventory)),
    name: sentenceOf(await nameRefusal(tx, machine)),
    addresses: await leasedByOthers(tx, machine),
    hasKeys: keys > 0,
    hasUserData,
    liveRegions: regions.filter((node) => node.report !== null && !isStale(node, ports.clock.now())).length,
    racks: rackAddresses(site, machine).length,
  };
}

const sentenceOf = (found: object | null): string | null => (isRejected(found) ? found.message : null);

interface VlanSources {
  readonly site: ServingSite & Pick<Snapshot, 'nodes'>;
  readonly nodes: readonly SeenNode[];
  readonly now: number;
}

async function guardVlans(tx: Tx, { interfaces }: MachineRow, { site, nodes, now }: VlanSources): Promise<GuardVlan[]> {
  const ids = vlansOf(site, interfaces);
  if (ids.length === 0) return [];
  const servers = vlanServers(site, nodes, now);
  const labels = await readVlanLabels(tx);
  return ids.flatMap((id) => {
    const vlan = site.vlans.find((one) => one.id === id);
    const server = servers.get(id);
    if (vlan === undefined) return [];
    const { dhcpOn, name } = vlan;
    const { servedBy = null, secondary = null, isWhole = false, why = '' } = server ?? {};
    return [{ name: labels.get(id) ?? name, dhcpOn, servedBy, isPair: secondary !== null, isWhole, why }];
  });
}

function nameRefusal(tx: Tx, machine: MachineRow): Promise<Rejected | null> {
  const domain = { id: machine.domainId, name: machine.domain };
  const macs = machine.interfaces.map(({ mac }) => mac);
  return checkMachineNames(tx, domain, machineNames(machine.hostname, machine.interfaces), macs);
}

async function leasedByOthers(tx: Tx, { interfaces }: MachineRow): Promise<string[]> {
  const found: string[] = [];
  for (const { mac, addresses } of interfaces)
    for (const { address } of addresses) {
      const refusal = await checkNotLeased(tx, address, mac);
      if (refusal !== null) found.push(refusal.message);
    }
  return found;
}
