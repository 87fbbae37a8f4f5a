import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { WhatIf } from '../../../contract/cluster/what-if.ts';
import type { Tone } from '../base/tone.ts';
import { duration } from '../base/time.ts';

/**
 * The effect of a node's death, as a row. `outages`: what is not served, and for how long at most (null: until an
 * operator acts).
 */
export interface DeathRow {
  readonly node: string;
  readonly tone: Tone;
  readonly survives: number;
  readonly outages: readonly { readonly probe: string; readonly most: string | null }[];
  readonly risks: readonly string[];
  readonly summary: string;
}

/** The row of an answer. An unserved role is bad; no redundancy left is a warning. */
export function deathRow(answer: WhatIf): DeathRow {
  const outages = answer.outages.map(({ probe, mostMs }) => ({
    probe,
    most: mostMs === null ? null : duration(mostMs),
  }));
  const isForGood = outages.some(({ most }) => most === null);
  const tone: Tone = isForGood ? 'bad' : answer.risks.length > 0 || answer.redundancy.after === 0 ? 'warn' : 'ok';
  return {
    node: answer.node,
    tone,
    survives: answer.redundancy.after,
    outages,
    risks: answer.risks,
    summary: answer.summary,
  };
}

/** Where the roles of a node go, as text. */
export interface FateRow extends DeathRow {
  readonly address: string;
  readonly primary: string;
  readonly vlans: readonly string[];
  readonly why: readonly string[];
}

/** Rows of one event, one for each node. `texts`: the sentences for a role that stays, moves, or has no node. */
export function fateRows(
  answers: readonly WhatIf[],
  event: WhatIf['event'],
  texts: { stays(node: string): string; moves(from: string, to: string): string; readonly nobody: string },
): readonly FateRow[] {
  const moveText = (before: string | null, after: string | null) =>
    before !== null && before === after
      ? texts.stays(before)
      : texts.moves(before ?? texts.nobody, after ?? texts.nobody);
  return answers
    .filter((answer) => answer.event === event)
    .map((answer) => ({
      ...deathRow(answer),
      address: answer.vip === null ? '' : moveText(answer.vip.before, answer.vip.after),
      primary: moveText(answer.primary.before, answer.primary.after),
      vlans: answer.vlans.map(({ vlan, before, after }) => `${vlan}: ${moveText(before, after)}`),
      why: answer.redundancy.why,
    }));
}

/** The cluster as it would be after an event: for the picture. */
export function clusterAfter(cluster: ClusterStatus, answer: WhatIf): ClusterStatus {
  const { node, event, vip, primary } = answer;
  const isGone = event !== 'drains';
  const members = cluster.database.members
    .filter((member) => !isGone || member.node !== node)
    .map((member) => {
      if (member.node === primary.after) return { ...member, role: 'primary' as const, state: 'running' };
      return member.role === 'primary' ? { ...member, role: 'standby' as const, state: 'streaming' } : member;
    });
  const voters = isGone ? cluster.dcs.voters.filter((name) => name !== node) : cluster.dcs.voters;
  const isLed = !isGone || cluster.dcs.leader !== node;
  return {
    ...cluster,
    nodes: cluster.nodes.map((row) =>
      row.name === node && isGone ? { ...row, report: 'silent', region: row.region === null ? null : 'away' } : row,
    ),
    database: { ...cluster.database, primary: primary.after, members },
    dcs: { ...cluster.dcs, voters, leader: isLed ? cluster.dcs.leader : null },
    vip: cluster.vip && { ...cluster.vip, holders: vip?.after == null ? [] : [vip.after] },
    racks: isGone ? cluster.racks.filter((rack) => rack.name !== node) : cluster.racks,
  };
}
