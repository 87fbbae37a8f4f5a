import { isRejected } from '../../core/errors.ts';
import { parseEpoch } from '../../core/epoch.ts';
import type { LostNode } from '../../model/cluster/node.ts';
import { PATHS } from '../paths.ts';
import type { HostPorts } from '../ports.ts';
import { installText } from '../run.ts';
import { parseObject } from '../texts.ts';

/** What a recovery is, settled before its first effect, and the same in each later run. No secret. */
export interface RecoverNote {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly clusterId: string;
  /** The new epoch, as text. */
  readonly epoch: string;
  readonly lost: readonly LostNode[];
  readonly told: readonly string[];
  /** Of the ledger when it began. */
  readonly held: { readonly generation: number; readonly databaseVersion: number };
  readonly isDatabaseExternal: boolean;
  readonly vip: string | null;
  readonly virtualRouter: number;
  /** Old data of etcd are gone. From then on its data are the new cluster's. */
  readonly isCleared: boolean;
}

/** Reads the note of an interrupted recovery; null: there is no complete one. */
export function parseRecoverNote(text: string | null): RecoverNote | null {
  const note = text === null ? null : parseObject(text);
  if (note === null) return null;
  const { nodeId, name, address, clusterId, epoch, lost, told, held, isCleared } = note;
  const isWhole =
    [nodeId, name, address, clusterId].every((value) => typeof value === 'string') &&
    typeof epoch === 'string' &&
    !isRejected(parseEpoch(epoch)) &&
    Array.isArray(lost) &&
    Array.isArray(told) &&
    typeof held === 'object' &&
    held !== null &&
    typeof isCleared === 'boolean';
  return isWhole ? (note as unknown as RecoverNote) : null;
}

/** Writes the note. */
export async function writeRecoverNote(ports: HostPorts, note: RecoverNote): Promise<void> {
  const content = `${JSON.stringify(note)}\n`;
  await installText(ports, { path: PATHS.recoverNote, content, mode: 0o600, owner: 'root', group: 'root' });
}
