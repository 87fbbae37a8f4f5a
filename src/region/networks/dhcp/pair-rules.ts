import { formatCount } from '../../../core/count-text.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import type { RackRow } from '../../../store/queries/cluster/racks.ts';
import { countLeasesByVlan } from '../../../store/queries/networks/leases.ts';
import type { VlanRow } from '../../../store/queries/networks/vlans.ts';
import { readObservations } from '../../../store/queries/cluster/observations.ts';
import { type Serving, servingOf } from '../../../model/networks/serving.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { readSeenNodes, type SeenPorts } from '../../base/seen.ts';
import { vlanLabel } from '../network-refs.ts';
import { rackByRef } from '../../base/node-refs.ts';
import { vlanServers } from './servers.ts';

/** What an operator asks for: names or UUIDs of racks, null for none; undefined stays as it is. */
export interface WantedPair {
  readonly primaryRack?: string | null | undefined;
  readonly secondaryRack?: string | null | undefined;
}

type PairIds = Partial<Record<'primaryRackId' | 'secondaryRackId', string | null>>;
type Field = keyof WantedPair;

/** The racks that are meant, as columns. Each must be accepted, stand on the VLAN by one interface that has a link, and be another than its partner. */
export async function pairColumns(tx: Tx, vlan: VlanRow, wanted: WantedPair): Promise<PairIds> {
  const primary = await rackFor(tx, vlan, 'primaryRack', wanted.primaryRack);
  const secondary = await rackFor(tx, vlan, 'secondaryRack', wanted.secondaryRack);
  const ids = {
    primaryRackId: primary === undefined ? vlan.primaryRackId : (primary?.uuid ?? null),
    secondaryRackId: secondary === undefined ? vlan.secondaryRackId : (secondary?.uuid ?? null),
  };
  if (ids.secondaryRackId !== null && ids.primaryRackId === null) {
    refuse(
      invalid(
        'secondaryRack',
        `${vlanLabel(vlan)} has no primary rack`,
        'a secondary rack stands in for a primary one',
      ),
    );
  }
  if (ids.secondaryRackId !== null && ids.secondaryRackId === ids.primaryRackId) {
    refuse(invalid('secondaryRack', 'it is also the primary rack', 'a pair is two racks'));
  }
  return ids;
}

async function rackFor(
  tx: Tx,
  vlan: VlanRow,
  field: Field,
  text: string | null | undefined,
): Promise<RackRow | null | undefined> {
  if (text === undefined || text === null) return text;
  const rack = await rackByRef(tx, text);
  if (rack === null) refuse(invalid(field, 'the master is a placeholder and not a host', 'an accepted rack'));
  if (rack.state !== 'accepted' || rack.nodeId === null) {
    refuse(
      'conflict',
      `The rack ${rack.name} is ${rack.state}. Rule: an accepted rack serves DHCP; see regent rack accept.`,
    );
  }
  return accept((await whyNotOn(tx, vlan, rack)) ?? rack);
}

/** Why a rack cannot serve a VLAN where it stands; null: it can. */
async function whyNotOn(tx: Tx, vlan: VlanRow, rack: RackRow): Promise<Rejected | null> {
  const site = await readServingSite(tx);
  const label = vlanLabel(vlan);
  const subnets = site.subnets.filter((subnet) => subnet.vlanId === vlan.id && !subnet.cidr.includes(':'));
  if (subnets.length === 0) {
    return rejected(
      'conflict',
      `${label} has no IPv4 subnet. Rule: racks serve the subnets of a VLAN; see regent subnet create.`,
    );
  }
  const own = site.attachments.filter(
    (attachment) => attachment.nodeId === rack.nodeId && attachment.vlanId === vlan.id,
  );
  const where = subnets.map((subnet) => subnet.cidr).join(', ');
  if (own.length === 0) {
    return rejected(
      'conflict',
      `The rack ${rack.name} has no address in ${where}: it does not stand on ${label}. Rule: a rack serves VLANs that it stands on.`,
    );
  }
  const names = own.map((attachment) => attachment.interface);
  if (names.length > 1) {
    return rejected(
      'conflict',
      `The rack ${rack.name} stands on ${label} by ${names.join(' and ')}. Rule: one interface of a rack in a VLAN, or clients get two answers.`,
    );
  }
  return whyLinkDown(tx, rack, { label, nic: names[0] ?? '' });
}

async function whyLinkDown(
  tx: Tx,
  rack: RackRow,
  { label, nic }: { readonly label: string; readonly nic: string },
): Promise<Rejected | null> {
  const [report] = await readObservations(tx, rack.nodeId ?? '');
  const seen = report?.facts.interfaces.find((item) => item.name === nic);
  const why = seen?.isUp === false ? 'is down' : seen?.hasCarrier === false ? 'has no carrier' : null;
  if (why === null) return null;
  return rejected(
    'conflict',
    `${nic} of the rack ${rack.name}, its interface on ${label}, ${why}: nobody would be served. Rule: a link that is up.`,
  );
}

/** Who serves the VLANs now, and the racks of pairs that alone have every lease of their VLANs, by VLAN; for `checkLeasesStay`. */
export interface ServingNow {
  readonly serving: Serving;
  readonly alone: ReadonlyMap<number, { readonly uuid: string; readonly name: string }>;
  /** Names of racks by UUID. */
  readonly names: ReadonlyMap<string, string>;
}

export async function readServing(tx: Tx, ports: SeenPorts): Promise<ServingNow> {
  const site = await readServingSite(tx);
  const serving = servingOf(site);
  const nodes = await readSeenNodes(tx, ports);
  const alone = [...vlanServers(site, nodes, ports.clock.now())].flatMap(
    ([vlanId, { servedBy, secondary, isWhole }]) => {
      if (secondary === null || isWhole) return [];
      const node = site.nodes.find(({ name }) => name === servedBy);
      const rack = site.racks.find(({ nodeId }) => nodeId === node?.id);
      return node && rack ? [[vlanId, { uuid: rack.uuid, name: node.name }] as const] : [];
    },
  );
  const names = site.racks.flatMap(({ uuid, nodeId }) => {
    const node = site.nodes.find(({ id }) => id === nodeId);
    return node ? [[uuid, node.name] as const] : [];
  });
  return { serving, alone: new Map(alone), names: new Map(names) };
}

/**
 * Refuses a change after which no rack that serves the VLAN goes on serving it, while clients hold leases: the new one would not know of them, and give
 * their addresses to others. `before`: who served; `after`: who does now that the change is made.
 */
export async function checkLeasesStay(
  tx: Tx,
  vlan: VlanRow,
  { before, after }: { readonly before: ServingNow; readonly after: ServingNow },
): Promise<Rejected | null> {
  const old = racksOf(before.serving, vlan.id);
  if (old.length === 0) return null;
  const next = racksOf(after.serving, vlan.id);
  const alone = before.alone.get(vlan.id);
  const isLeft = alone !== undefined && !next.includes(alone.uuid);
  if (!isLeft && next.some((uuid) => old.includes(uuid))) return null;
  const count = (await countLeasesByVlan(tx, vlan.id)).get(vlan.id) ?? 0;
  if (count === 0) return null;
  if (isLeft && next.some((uuid) => old.includes(uuid))) {
    return rejected(
      'conflict',
      `Clients hold ${formatCount(count, 'lease')} on ${vlanLabel(vlan)}, and only ${alone.name} knows all of them: it serves while its partner is away. Rule: ${alone.name} goes on as one of the racks until the pair is whole again; see regent vlan show.`,
    );
  }
  const what = next.length === 0 ? 'nobody would serve it' : 'racks would serve it that do not know of them';
  const nameOf = (uuid: string | undefined) => after.names.get(uuid ?? '') ?? '';
  const steps =
    next.length === 0 ? '' : ` In two steps: ${stepsTo(vlan, alone?.name ?? nameOf(old[0]), next.map(nameOf))}.`;
  return rejected(
    'conflict',
    `Clients hold ${formatCount(count, 'lease')} on ${vlanLabel(vlan)}, and ${what}. Rule: one of the racks that serve it goes on until the new one has all leases.${steps} With DHCP off, any racks may be named.`,
  );
}

/** The commands that bring a VLAN with leases to other racks: the first of them takes the leases from one that has them all, and then goes on with the second. */
function stepsTo(vlan: VlanRow, from: string, [first = '', second = 'none']: readonly string[]): string {
  const set = (primary: string, secondary: string) =>
    `regent vlan set ${vlanLabel(vlan)} --primary-rack ${primary} --secondary-rack ${secondary} --wait`;
  return `${set(from, first)}; then ${set(first, second)}`;
}

function racksOf(serving: Serving, vlanId: number): string[] {
  const server = serving.servers.get(vlanId);
  return server ? [server.primary.uuid, ...(server.secondary ? [server.secondary.uuid] : [])] : [];
}
