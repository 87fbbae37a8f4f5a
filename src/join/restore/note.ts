import { isRejected } from '../../core/errors.ts';
import { parseEpoch } from '../../core/epoch.ts';
import type { LostNode } from '../../model/cluster/node.ts';
import type { InitNote } from '../init/note.ts';
import { PATHS } from '../paths.ts';
import type { HostPorts } from '../ports.ts';
import { installText } from '../run.ts';
import { parseObject } from '../texts.ts';

/** What a restore is, settled before its first effect, and the same in each later run. No secret. */
export interface RestoreNote extends InitNote {
  readonly label: string;
  /** ms; null: as far as the archive goes. */
  readonly at: number | null;
  /** Id of the new epoch, and when the restore began (ms). */
  readonly epochId: string;
  readonly epochAt: number;
  /** What the person was shown. */
  readonly sentences: readonly string[];
  /** The store knows of this restore (`claim.ts`); left out: not yet; false: the store takes no file. */
  readonly isClaimed?: boolean;
  /** The files of the backup are complete in the data folder. */
  readonly isCopied: boolean;
  /** Set once the database was recovered and read. */
  readonly recovered: RecoveredFacts | null;
}

/** What the recovered database says, without secrets. `epoch`: the new one, as text. */
export interface RecoveredFacts {
  readonly epoch: string;
  readonly lost: readonly LostNode[];
  /** Of earlier recoveries. */
  readonly earlierLost: readonly LostNode[];
  /** Of the last transaction that was replayed, ISO 8601; null: none was. */
  readonly lastAt: string | null;
}

/** Reads the note of an interrupted restore; null: there is no complete one. */
export function parseRestoreNote(text: string | null): RestoreNote | null {
  const note = text === null ? null : (parseObject(text) as unknown as RestoreNote | null);
  if (note === null || typeof note.nodeId !== 'string' || typeof note.label !== 'string') return null;
  if (typeof note.epochId !== 'string' || typeof note.isCopied !== 'boolean' || !Array.isArray(note.sentences))
    return null;
  return note.recovered !== null && isRejected(parseEpoch(note.recovered.epoch)) ? null : note;
}

/** Writes the note. */
export async function writeRestoreNote(ports: HostPorts, note: RestoreNote): Promise<void> {
  const content = `${JSON.stringify(note)}\n`;
  await installText(ports, { path: PATHS.restoreNote, content, mode: 0o600, owner: 'root', group: 'root' });
}
