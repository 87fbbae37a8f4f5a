import { listFindings, listMutes } from '../../../store/queries/cluster/findings.ts';
import type { Tx } from '../../../store/tx.ts';
import type { FindingNote } from '../site.ts';

/** What is stored of findings, by the id of the invariant. */
export async function readNotes(tx: Tx): Promise<ReadonlyMap<string, FindingNote>> {
  const standing = new Map((await listFindings(tx)).map(({ id, since }) => [id, since]));
  const mutes = new Map((await listMutes(tx)).map((mute) => [mute.id, mute]));
  const ids = new Set([...standing.keys(), ...mutes.keys()]);
  return new Map([...ids].map((id) => [id, { since: standing.get(id) ?? null, mute: mutes.get(id) ?? null }]));
}
