import { parseObject } from '../texts.ts';

/** The first values of a cluster, fixed before the first effect and the same in every later run. */
export interface InitPlan {
  readonly name: string;
  readonly address: string;
  readonly domain: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly isRack: boolean;
  /** The cluster uses a database of the operator's own. */
  readonly isDatabaseExternal: boolean;
}

/** The note of a running init: no secret. */
export interface InitNote extends InitPlan {
  readonly nodeId: string;
  readonly clusterId: string;
  /** The database was complete and had a primary, so the files on the disk are no half-made database. */
  readonly isDatabaseMade?: boolean;
}

/** What `init.json` holds: no secret. `isKeySeen` false: the key of that run was perhaps never printed. */
export interface DoneNote {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly vip: string | null;
  /** Null: written by a version whose single node had a private database; `regent init --adopt` makes it a cluster's first member. */
  readonly clusterId: string | null;
  readonly isKeySeen: boolean;
}

/** Reads the note of an interrupted init; null: there is no complete one. */
export function parseInitNote(text: string | null): InitNote | null {
  const note = text === null ? null : parseObject(text);
  if (note === null) return null;
  const { nodeId, clusterId, name, address, domain, vip, virtualRouter, isRack } = note;
  const isWhole =
    [nodeId, clusterId, name, address, domain].every((value) => typeof value === 'string') &&
    (vip === null || typeof vip === 'string') &&
    typeof virtualRouter === 'number' &&
    typeof isRack === 'boolean';
  const isDatabaseExternal = note['isDatabaseExternal'] === true;
  return isWhole ? ({ ...note, isDatabaseExternal } as unknown as InitNote) : null;
}

/** Reads the note of an init that ended. */
export function parseDoneNote(text: string | null): DoneNote | null {
  const note = text === null ? null : parseObject(text);
  if (note === null) return null;
  const { nodeId, name, address, vip, clusterId, isKeySeen } = note;
  if (typeof nodeId !== 'string' || typeof name !== 'string' || typeof address !== 'string') return null;
  const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    nodeId,
    name,
    address,
    vip: textOrNull(vip),
    clusterId: textOrNull(clusterId),
    isKeySeen: isKeySeen === true,
  };
}
