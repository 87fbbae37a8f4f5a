import { FINDING_STATES, type StandingMute, type FindingState } from '../../../contract/cluster/finding.ts';
import type { MuteRow } from '../../../store/queries/cluster/findings.ts';

/** What of a finding a mute compares. */
type Compared = { readonly state: FindingState; readonly nodes: readonly string[] };

/** The nodes that a sentence names, in order. Pure. */
export function nodesIn(detail: string, names: readonly string[]): string[] {
  const tokens = new Set(detail.split(/[^A-Za-z0-9.-]+/).map((token) => token.replace(/\.+$/, '')));
  return names.filter((name) => tokens.has(name)).toSorted();
}

/** Does the mute cover this finding: no worse than what was muted, and of no other node? Pure. */
export function isCovered({ covers }: Pick<MuteRow, 'covers'>, { state, nodes }: Compared): boolean {
  if (covers === null) return true;
  const isWorse = FINDING_STATES.indexOf(state) > FINDING_STATES.indexOf(covers.state);
  return !isWorse && nodes.every((node) => covers.nodes.includes(node));
}

/** A mute as the wire has it. `finding` null: the invariant holds. Pure. */
export function viewMute({ id: _id, covers, ...row }: MuteRow, finding: Compared | null): StandingMute {
  const shown = covers === null ? null : { state: covers.state, nodes: [...covers.nodes] };
  return { ...row, covers: shown, isInForce: finding === null || isCovered({ covers }, finding) };
}
