import { PATHS } from '../paths.ts';
import type { HostPorts } from '../ports.ts';
import { installText } from '../run.ts';
import { parseObject } from '../texts.ts';

/** The identity that this host asks for, fixed before the first effect and the same in every later run. */
export interface JoinPlan {
  readonly name: string;
  readonly address: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  /** SHA-256 of the authority's certificate. */
  readonly pin: string;
  /** The cluster's addresses from the token. With them a join can be undone whose answer was lost. */
  readonly urls: readonly string[];
}

/** The cluster's answer when it admitted this host. */
export interface JoinAdmission {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly vip: string | null;
  /** The database is an operator's own. Left out: it is the cluster's. */
  readonly isDatabaseExternal?: boolean;
  /** The region nodes, without this one. */
  readonly regions: readonly { readonly name: string; readonly address: string }[];
}

/** The note of a running join: no secret. Data that daemons make meanwhile belong to this join. */
export interface JoinNote extends JoinPlan {
  readonly admission: JoinAdmission | null;
  /** Progress of its undo. Once it has started, the join cannot go on. */
  readonly undo?: 'begun' | 'left_etcd' | 'forgotten';
}

/** Content of `join.json` when a join has ended. */
export type JoinedNote = { readonly nodeId: string; readonly name: string };

/** Reads the note of an interrupted join; null: there is no complete one. */
export function parseJoinNote(text: string | null): JoinNote | null {
  const note = text === null ? null : parseObject(text);
  if (note === null) return null;
  const { name, address, pin, isRegion, isRack, admission, urls = [] } = note;
  const isPlan =
    [name, address, pin].every((value) => typeof value === 'string') &&
    typeof isRegion === 'boolean' &&
    typeof isRack === 'boolean' &&
    Array.isArray(urls);
  return isPlan && (admission === null || isAdmission(admission)) ? ({ ...note, urls } as unknown as JoinNote) : null;
}

/** Writes the note of a running join. */
export async function writeNote(ports: HostPorts, note: JoinNote): Promise<void> {
  const content = `${JSON.stringify(note)}\n`;
  await installText(ports, { path: PATHS.joinNote, content, mode: 0o600, owner: 'root', group: 'root' });
}

/** Reads the note of a join that ended. */
export function parseJoinedNote(text: string | null): JoinedNote | null {
  const note = text === null ? null : parseObject(text);
  const { nodeId, name } = note ?? {};
  return typeof nodeId === 'string' && typeof name === 'string' ? { nodeId, name } : null;
}

function isAdmission(value: unknown): value is JoinAdmission {
  if (typeof value !== 'object' || value === null) return false;
  const { nodeId, clusterId, regions } = value as Record<string, unknown>;
  return typeof nodeId === 'string' && typeof clusterId === 'string' && Array.isArray(regions);
}
