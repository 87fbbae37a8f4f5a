import { PATHS } from '../paths.ts';
import type { HostPorts } from '../ports.ts';
import { installText } from '../run.ts';
import { parseObject } from '../texts.ts';

/** Who this host asks to be: settled before the first effect, and the same for every later run. */
export interface JoinPlan {
  readonly name: string;
  readonly address: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  /** SHA-256 of the authority's certificate. */
  readonly pin: string;
  /** Where the cluster was reached, as the token says: by these a join is undone whose answer was lost. */
  readonly urls: readonly string[];
}

/** What the cluster said when it let this host in. */
export interface Admission {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly vip: string | null;
  /** The region nodes, without this one. */
  readonly regions: readonly { readonly name: string; readonly address: string }[];
}

/** What a join remembers while it is under way: no secret. The data that daemons make meanwhile are this join's. */
export interface JoinNote extends JoinPlan {
  readonly admission: Admission | null;
  /** How far an undo of it has come; from its beginning on nothing goes on with this join. */
  readonly undo?: 'begun' | 'left_etcd' | 'forgotten';
}

/** What `join.json` holds when a join has ended. */
export interface JoinedNote {
  readonly nodeId: string;
  readonly name: string;
}

/** Reads the note of a join that was interrupted; null when there is none that is whole. */
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

/** Writes the note of a join that is under way. */
export async function writeNote(ports: HostPorts, note: JoinNote): Promise<void> {
  const content = `${JSON.stringify(note)}\n`;
  await installText(ports, { path: PATHS.joinUnderWay, content, mode: 0o600, owner: 'root', group: 'root' });
}

/** Reads the note of a join that ended. */
export function parseJoinedNote(text: string | null): JoinedNote | null {
  const note = text === null ? null : parseObject(text);
  const { nodeId, name } = note ?? {};
  return typeof nodeId === 'string' && typeof name === 'string' ? { nodeId, name } : null;
}

function isAdmission(value: unknown): value is Admission {
  if (typeof value !== 'object' || value === null) return false;
  const { nodeId, clusterId, regions } = value as Record<string, unknown>;
  return typeof nodeId === 'string' && typeof clusterId === 'string' && Array.isArray(regions);
}
