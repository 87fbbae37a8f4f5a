import type { Inventory } from '../../../../contract/nouns/machine-inventory.ts';
import type { WhyScript, WhySite, WhyVlan } from '../../../../model/nouns/timeline/why-case.ts';
import type { MachineRow } from '../../../../store/queries/machines.ts';
import { readInventory } from '../../../../store/queries/network/machine-inventories.ts';
import { readDefaultImages } from '../../../../store/queries/network/machine-stages.ts';
import { readVlanLabels } from '../../../../store/queries/rack-views.ts';
import { readServingSite } from '../../../../store/snapshot.ts';
import type { Tx } from '../../../../store/tx.ts';
import { readSeenNodes, type SeenNode } from '../../../cluster/seen.ts';
import { vlanServers } from '../../../nouns/dhcp/servers.ts';
import { isStale } from '../../../tracking.ts';
import type { CasePorts } from '../../../use-case.ts';

/** Which machine, and what of its way decides. `begunAt`: ms; an inventory from before says its firmware and not its disks. */
export interface WhyQuestion {
  readonly machine: MachineRow;
  readonly hasSwitch: boolean;
  readonly begunAt: number;
  readonly script: WhyScript | null;
}

/** Reads what the rules ask of a site about one machine (model/nouns/timeline/why.ts). */
export async function readWhySite(tx: Tx, ports: CasePorts, question: WhyQuestion): Promise<WhySite> {
  const { machine, hasSwitch, begunAt, script } = question;
  const row = await readInventory(tx, machine.id);
  const inventory = (row?.inventory ?? {}) as Inventory;
  const isOfThisWay = row !== null && Date.parse(row.at) >= begunAt;
  const architecture = inventory.cpu?.architecture ?? null;
  return {
    machine: machine.hostname,
    state: machine.state,
    bmc: machine.bmc,
    hasSwitch,
    power: { state: machine.powerState, why: `${machine.powerWhy} ${machine.powerRemedy}`.trim() },
    macs: cardsOf(machine).length,
    vlans: await readWhyVlans(tx, ports, machine),
    firmware: inventory.firmware?.kind ?? null,
    architecture,
    hasImage: (await readDefaultImages(tx)).length > 0,
    disks: isOfThisWay ? (inventory.disks ?? []).length : null,
    script,
  };
}

/** By which it may boot: not by what its own system puts on them. */
function cardsOf({ interfaces }: MachineRow): MachineRow['interfaces'] {
  return interfaces.filter(({ kind }) => kind === 'physical');
}

/** The VLANs that its cards are on, each once, and who serves them now. */
async function readWhyVlans(tx: Tx, ports: CasePorts, machine: MachineRow): Promise<WhyVlan[]> {
  const site = await readServingSite(tx);
  const subnets = new Map(site.subnets.map(({ id, vlanId }) => [id, vlanId]));
  const ids = cardsOf(machine).flatMap(({ vlanId, addresses }) => [
    ...(vlanId === null ? [] : [vlanId]),
    ...addresses.flatMap(({ subnetId }) => subnets.get(subnetId) ?? []),
  ]);
  const own = site.vlans.filter(({ id }) => ids.includes(id));
  if (own.length === 0) return [];
  const nodes = await readSeenNodes(tx, ports);
  const now = ports.clock.now();
  const servers = vlanServers(site, nodes, now);
  const labels = await readVlanLabels(tx);
  return own.map(({ id, dhcpOn, name }) => {
    const server = servers.get(id) ?? null;
    const pair = server === null ? [] : [server.primary, ...(server.secondary === null ? [] : [server.secondary])];
    return {
      name: labels.get(id) ?? name,
      dhcpOn,
      servedBy: server?.servedBy ?? null,
      why: server?.why ?? (dhcpOn ? 'No rack stands on it.' : ''),
      silent: pair.filter((rack) => isSilent(nodes, rack, now)),
    };
  });
}

/** Racks that do not report, and when they did last, ms since 1970. */
export async function readSilentRacks(tx: Tx, ports: CasePorts): Promise<Map<string, number>> {
  const now = ports.clock.now();
  const nodes = await readSeenNodes(tx, ports);
  const silent = nodes.filter((node) => node.row.isRack && isStale(node, now));
  return new Map(silent.map(({ name, report }) => [name, report === null ? 0 : Date.parse(report.at)]));
}

function isSilent(nodes: readonly SeenNode[], name: string, now: number): boolean {
  const node = nodes.find((one) => one.name === name);
  return node === undefined || node.report === null || isStale(node, now);
}
