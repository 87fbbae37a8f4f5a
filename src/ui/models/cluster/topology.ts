import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import { memberText, nodeState, nodeTone } from './nodes.ts';
import type { Tone } from '../base/tone.ts';

/** A box of the picture, in its own units. `lines`: what it does there. */
export interface TopologyBox {
  readonly id: string;
  readonly kind: 'address' | 'node' | 'vlan';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly tone: Tone;
  readonly status: string;
  readonly lines: readonly string[];
}

/** A line between two boxes. `isActive`: what is between them flows now. */
export interface TopologyLink {
  readonly from: string;
  readonly to: string;
  readonly points: string;
  readonly isActive: boolean;
}

/** The picture of who does what. */
export interface Topology {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly TopologyBox[];
  readonly links: readonly TopologyLink[];
}

const BOX = { width: 230, gap: 20, pad: 10 } as const;
const ROWS = { address: 10, region: 90, rack: 250, vlan: 390 } as const;
const HEIGHTS = { address: 44, node: 116, vlan: 44 } as const;
/** The others of a row are only in the table. */
const MOST = 8;

/** Lays out the floating address, region nodes, racks, VLANs, in rows from top to bottom. */
export function topologyOf(cluster: ClusterStatus): Topology {
  const regions = cluster.nodes.filter((node) => node.isRegion).slice(0, MOST);
  const racks = cluster.nodes.filter((node) => node.isRack && !node.isRegion).slice(0, MOST);
  const standing = new Map(cluster.racks.map((rack) => [rack.name, rack.vlans]));
  const shown = [...regions, ...racks].map((node) => node.name);
  const vlans = [...new Set(shown.flatMap((name) => standing.get(name) ?? []))].sort().slice(0, MOST);
  const hasRacks = racks.length > 0;
  const vlanY = hasRacks ? ROWS.vlan : ROWS.rack;
  const widest = Math.max(1, regions.length, racks.length, vlans.length);
  const width = widest * (BOX.width + BOX.gap) + BOX.gap;
  const rowX = (count: number, index: number) =>
    (width - count * (BOX.width + BOX.gap) + BOX.gap) / 2 + index * (BOX.width + BOX.gap);

  const address = cluster.vip === null ? [] : [addressBox(cluster.vip, (width - BOX.width) / 2)];
  const nodeBoxes = [
    ...regions.map((node, index) => nodeBox(cluster, node, { x: rowX(regions.length, index), y: ROWS.region })),
    ...racks.map((node, index) => nodeBox(cluster, node, { x: rowX(racks.length, index), y: ROWS.rack })),
  ];
  const vlanBoxes = vlans.map((vlan, index): TopologyBox => {
    const on = shown.filter((name) => standing.get(name)?.includes(vlan));
    return {
      id: `vlan ${vlan}`,
      kind: 'vlan',
      x: rowX(vlans.length, index),
      y: vlanY,
      width: BOX.width,
      height: HEIGHTS.vlan,
      title: vlan,
      tone: on.length > 1 ? 'ok' : 'warn',
      status: on.length > 1 ? '' : 'one rack alone',
      lines: [],
    };
  });
  const boxes = [...address, ...nodeBoxes, ...vlanBoxes];
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const link = (from: string, to: string, isActive: boolean): TopologyLink[] => {
    const [a, b] = [byId.get(from), byId.get(to)];
    if (a === undefined || b === undefined) return [];
    const points = `${a.x + a.width / 2},${a.y + a.height} ${b.x + b.width / 2},${b.y}`;
    return [{ from, to, points, isActive }];
  };
  const links = [
    ...regions.flatMap((node) => link('vip', node.name, cluster.vip?.holders.includes(node.name) === true)),
    ...shown.flatMap((name) => (standing.get(name) ?? []).flatMap((vlan) => link(name, `vlan ${vlan}`, true))),
  ];
  const height =
    (vlans.length > 0 ? vlanY + HEIGHTS.vlan : hasRacks ? ROWS.rack + HEIGHTS.node : ROWS.region + HEIGHTS.node) +
    BOX.pad;
  return { width, height, boxes, links };
}

/** The same picture as text: a row for each node. */
export function topologyRows(cluster: ClusterStatus): readonly { readonly name: string; readonly does: string }[] {
  const standing = new Map(cluster.racks.map((rack) => [rack.name, rack.vlans]));
  return cluster.nodes.map((node) => {
    const vlans = standing.get(node.name) ?? [];
    const holds = cluster.vip?.holders.includes(node.name) === true ? [`holds ${cluster.vip.address}`] : [];
    const stands = vlans.length > 0 ? [`stands on ${vlans.join(', ')}`] : [];
    return { name: node.name, does: [nodeState(node), ...holds, ...linesOf(cluster, node), ...stands].join('; ') };
  });
}

function addressBox(vip: NonNullable<ClusterStatus['vip']>, x: number): TopologyBox {
  const tone: Tone = vip.holders.length === 1 ? 'ok' : 'bad';
  const status = vip.holders.length === 0 ? 'held by nobody' : vip.holders.length > 1 ? 'held twice' : '';
  return {
    id: 'vip',
    kind: 'address',
    x,
    y: ROWS.address,
    width: BOX.width,
    height: HEIGHTS.address,
    title: vip.address,
    tone,
    status,
    lines: [],
  };
}

function nodeBox(
  cluster: ClusterStatus,
  node: ClusterStatus['nodes'][number],
  at: { readonly x: number; readonly y: number },
): TopologyBox {
  return {
    id: node.name,
    kind: 'node',
    ...at,
    width: BOX.width,
    height: HEIGHTS.node,
    title: node.name,
    tone: nodeTone(node),
    status: nodeState(node),
    lines: linesOf(cluster, node),
  };
}

function linesOf(cluster: ClusterStatus, node: ClusterStatus['nodes'][number]): string[] {
  const member = cluster.database.members.find((row) => row.node === node.name);
  const isVoter = cluster.dcs.voters.includes(node.name);
  const dcs = cluster.dcs.leader === node.name ? 'etcd leader' : isVoter ? 'etcd voter' : null;
  return [
    ...(node.isRegion && node.region !== null ? [`region ${node.region}`] : []),
    ...(member === undefined ? [] : [`database ${memberText(member)}`]),
    ...(dcs === null ? [] : [dcs]),
    ...(node.isRack ? ['rack'] : []),
  ];
}
