import { parseObject } from '../texts.ts';

/** What a cluster begins with; settled before the first effect and the same for every later run. */
export interface InitPlan {
  readonly name: string;
  readonly address: string;
  readonly domain: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly isRack: boolean;
}

/** What init remembers while it is under way: no secret. */
export interface InitNote extends InitPlan {
  readonly nodeId: string;
  readonly clusterId: string;
  /** The database was there and had a primary: what lies on the disk is no half of one. */
  readonly isDatabaseMade?: boolean;
}

/** What `init.json` holds: no secret. `isKeySeen` false: the key of that run was perhaps never printed. */
export interface DoneNote {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly vip: string | null;
  /** Null: of a version whose single node had a private database; `regent init --adopt` makes it a cluster's first member. */
  readonly clusterId: string | null;
  readonly isKeySeen: boolean;
}

/** Reads the note of an init that was interrupted; null when there is none that is whole. */
export function parseInitNote(text: string | null): InitNote | null {
  const note = text === null ? null : parseObject(text);
  if (note === null) return null;
  const { nodeId, clusterId, name, address, domain, vip, virtualRouter, isRack } = note;
  const isWhole =
    [nodeId, clusterId, name, address, domain].every((value) => typeof value === 'string') &&
    (vip === null || typeof vip === 'string') &&
    typeof virtualRouter === 'number' &&
    typeof isRack === 'boolean';
  return isWhole ? (note as unknown as InitNote) : null;
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
