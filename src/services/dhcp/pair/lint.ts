import type { Snapshot } from '../../../model/snapshot.ts';
import type { Vlan } from '../../../model/networks/vlan.ts';
import type { Finding } from '../../kit/contract.ts';
import { type RackNode, type Serving, servingOf, type VlanServer } from '../../../model/networks/serving.ts';

/** Finds faults in a VLAN's racks: a rack is not accepted or does not stand there, nobody named it, or it has two interfaces. */
export function lintPairs(snapshot: Snapshot): readonly Finding[] {
  const serving = servingOf(snapshot);
  return snapshot.vlans.flatMap((vlan) => {
    const server = serving.servers.get(vlan.id);
    if (!server) return [];
    return [
      ...unaccepted(snapshot, vlan),
      ...absent(snapshot, vlan, { server, serving }),
      ...proposal(snapshot, vlan, { server, serving }),
    ];
  });
}

interface Served {
  readonly server: VlanServer;
  readonly serving: Serving;
}

/** The rack is not accepted any more: an earlier release let it be rejected. */
function unaccepted(snapshot: Snapshot, vlan: Vlan): Finding[] {
  const known = new Set(snapshot.racks.map((rack) => rack.uuid));
  const named = [vlan.primaryRackId, vlan.secondaryRackId].filter((uuid) => uuid !== null);
  if (named.every((uuid) => known.has(uuid))) return [];
  const sentence = `VLAN ${vlan.name} names a rack that is not accepted. Such a rack serves nothing.`;
  return [finding('rack_not_accepted', vlan, sentence, setOf(vlan))];
}

/** Half a pair: clients of the VLAN are lost with the other rack. */
function absent(snapshot: Snapshot, vlan: Vlan, { server, serving }: Served): Finding[] {
  if (server.isChosen) return [];
  const sides = [server.primary, ...(server.secondary ? [server.secondary] : [])];
  return sides
    .filter((rack) => !standsOn(serving, rack, vlan))
    .map((rack) => {
      const name = nameOf(snapshot, rack);
      const sentence = `${name} is to serve VLAN ${vlan.name}, but has no interface of its own with an address there.`;
      return finding(
        'rack_not_on_vlan',
        vlan,
        sentence,
        `Give ${name} an address in a subnet of the VLAN, or name another rack.`,
      );
    });
}

/** Several racks stand there, and one of them was chosen: two are a pair for the asking. */
function proposal(snapshot: Snapshot, vlan: Vlan, { server, serving }: Served): Finding[] {
  const others = snapshot.racks
    .toSorted((a, b) => a.number - b.number)
    .filter((rack) => rack !== server.primary && mayServe(snapshot, rack, vlan));
  if (server.secondary !== null || others.length === 0 || !standsOn(serving, server.primary, vlan)) return [];
  const [primary, secondary] = [nameOf(snapshot, server.primary), nameOf(snapshot, others[0])];
  const how = server.isChosen ? 'a rack that Regent chose: the VLAN names none' : 'the VLAN has no secondary rack';
  return [
    finding(
      'pair_possible',
      vlan,
      `Only ${primary} serves VLAN ${vlan.name} (${how}). ${secondary} also has an address there and could take over.`,
      `regent vlan set ${vlan.name} --primary-rack ${primary} --secondary-rack ${secondary}`,
    ),
  ];
}

function standsOn(serving: Serving, rack: RackNode, vlan: Vlan): boolean {
  return serving.positions.get(rack.nodeId)?.served.some((position) => position.vlan.id === vlan.id) === true;
}

/** By its attachments: it serves only VLANs that the configuration names. */
function mayServe({ attachments }: Snapshot, rack: RackNode, vlan: Vlan): boolean {
  return attachments.some((attachment) => attachment.nodeId === rack.nodeId && attachment.vlanId === vlan.id);
}

function nameOf(snapshot: Snapshot, rack: RackNode | undefined): string {
  return snapshot.nodes.find((node) => node.id === rack?.nodeId)?.name ?? 'a rack';
}

function setOf(vlan: Vlan): string {
  return `regent rack list, then regent vlan set ${vlan.name} --primary-rack RACK`;
}

function finding(code: string, vlan: Vlan, sentence: string, remedy: string): Finding {
  return { code, severity: 'warning', subject: `VLAN ${vlan.name}`, sentence, remedy };
}
