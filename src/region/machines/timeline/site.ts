import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import type { WhyScript, WhySite, WhyVlan } from '../../../model/machines/timeline/why-case.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { readInventory } from '../../../store/queries/machines/machine-inventories.ts';
import { readDefaultImages } from '../../../store/queries/machines/machine-stages.ts';
import { readVlanLabels } from '../../../store/queries/cluster/rack-views.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { SeenNode, SeenPorts } from '../../base/seen.ts';
import { vlanServers } from '../../networks/dhcp/servers.ts';
import { isStale } from '../../base/tracking.ts';
import { vlansOf } from '../deployment/site.ts';

/** Which machine, and what decides about it. `startedAt`: ms; an inventory from before has its firmware and not its disks. */
export interface WhyQuestion {
  readonly machine: MachineRow;
  readonly nodes: readonly SeenNode[];
  readonly hasSwitch: boolean;
  readonly startedAt: number;
  readonly script: WhyScript | null;
}

/** Reads what the rules need of a site about one machine (model/machines/timeline/why.ts). */
export async function readWhySite(tx: Tx, ports: SeenPorts, question: WhyQuestion): Promise<WhySite> {
  const { machine, nodes, hasSwitch, startedAt, script } = question;
  const row = await readInventory(tx, machine.id);
  const inventory = (row?.inventory ?? {}) as Inventory;
  const isOfThisRun = row !== null && Date.parse(row.at) >= startedAt;
  const architecture = inventory.cpu?.architecture ?? null;
  return {
    machine: machine.hostname,
    state: machine.state,
    bmc: machine.bmc,
    hasSwitch,
    power: { state: machine.powerState, why: `${machine.powerWhy} ${machine.powerRemedy}`.trim() },
    macs: cardsOf(machine).length,
    vlans: await readWhyVlans(tx, machine, { nodes, now: ports.clock.now() }),
    firmware: inventory.firmware?.kind ?? null,
    architecture,
    hasImage: (await readDefaultImages(tx)).length > 0,
    disks: isOfThisRun ? (inventory.disks ?? []).length : null,
    script,
  };
}

/** What nodes report at a moment, ms since 1970. */
type NodeReports = { readonly nodes: readonly SeenNode[]; readonly now: number };

/** By which it may boot: not by what its own system puts on them. */
function cardsOf({ interfaces }: MachineRow): MachineRow['interfaces'] {
  return interfaces.filter(({ kind }) => kind === 'physical');
}

/** The VLANs that its cards are on, each once, and who serves them now. */
async function readWhyVlans(tx: Tx, machine: MachineRow, { nodes, now }: NodeReports): Promise<WhyVlan[]> {
  const site = await readServingSite(tx);
  const ids = vlansOf(site, cardsOf(machine));
  const own = site.vlans.filter(({ id }) => ids.includes(id));
  if (own.length === 0) return [];
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

/** Racks that have fallen silent, and when they reported last, ms since 1970. Pure. */
export function silentRacksOf(nodes: readonly SeenNode[], now: number): Map<string, number> {
  const silent = nodes.filter((node) => node.row.isRack && isStale(node, now));
  return new Map(silent.flatMap(({ name, report }) => (report === null ? [] : [[name, Date.parse(report.at)]])));
}

function isSilent(nodes: readonly SeenNode[], name: string, now: number): boolean {
  const node = nodes.find((one) => one.name === name);
  return node === undefined || node.report === null || isStale(node, now);
}
