import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { Tone } from '../base/tone.ts';

type ClusterNode = ClusterStatus['nodes'][number];

/** A node as the list shows it. `ends`: days until its certificate ends. */
export interface NodeRow {
  readonly name: string;
  readonly roles: string;
  readonly tone: Tone;
  readonly state: string;
  readonly reportedAt: string | null;
  readonly generation: string;
  readonly database: string;
  readonly lagBytes: number | null;
  readonly agentSince: string | null;
  readonly version: string;
  readonly ends: number | null;
  readonly address: string;
}

/** Rows of the list of nodes. */
export function nodeRows(cluster: ClusterStatus): readonly NodeRow[] {
  const members = new Map(cluster.database.members.map((row) => [row.node, row]));
  const ends = new Map(cluster.certificates.map((row) => [row.node, Math.floor(row.daysLeft)]));
  return cluster.nodes.map((node) => {
    const member = members.get(node.name);
    return {
      name: node.name,
      roles: rolesOf(node),
      tone: nodeTone(node),
      state: nodeState(node),
      reportedAt: node.reportedAt,
      generation: `${node.applied ?? '–'}/${node.wanted ?? '?'}`,
      database: member === undefined ? '' : memberText(member),
      lagBytes: member?.lagBytes ?? null,
      agentSince: node.agent?.since ?? null,
      version: node.agent?.version ?? '',
      ends: ends.get(node.name) ?? null,
      address: node.address,
    };
  });
}

/** What a node is: region, rack, both. */
export function rolesOf(node: Pick<ClusterNode, 'isRegion' | 'isRack'>): string {
  return [...(node.isRegion ? ['region'] : []), ...(node.isRack ? ['rack'] : [])].join(', ') || 'none';
}

/** The tone of a node. A silent node, or one whose region is away, needs attention first. */
export function nodeTone(node: ClusterNode): Tone {
  if (node.state === 'member' && (node.report === 'silent' || node.region === 'away')) return 'bad';
  if (node.report === 'silent' || node.report === 'never') return 'warn';
  if (node.state !== 'member' || node.report === 'applying') return 'busy';
  return 'ok';
}

/** The state of a node as text. */
export function nodeState(node: ClusterNode): string {
  if (node.report === 'silent') return 'silent';
  if (node.state !== 'member') return node.state;
  if (node.region === 'away') return 'region away';
  if (node.report === 'never') return 'never reported';
  return node.report === 'applying' ? 'applying' : 'well';
}

/** What a node's database is. */
export function memberText(member: ClusterStatus['database']['members'][number]): string {
  if (member.role === 'primary') return member.state === 'running' ? 'primary' : `primary, ${member.state}`;
  return `${member.isSynchronous ? 'synchronous ' : ''}${member.role}, ${member.state}`;
}

/** A number of bytes: `0 B`, `12 KiB`, `3 MiB`. */
export function bytesText(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 ** 2 ? `${Math.round(count / 1024)} KiB` : `${Math.round(count / 1024 ** 2)} MiB`;
}
