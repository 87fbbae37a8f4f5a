import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { LAB_ROOT, type Layout } from './layout.ts';
import type { ProcessId } from './process.ts';
import type { Topology } from './topology.ts';

/** A process that offers a host's port, or the cluster's (`host` is then `vip`), on the outer 127.0.0.1. */
export type Forwarder = ProcessId & { readonly host: string; readonly port: number };

/**
 * What a lab has made, written before and after each step: names before they are used, processes as soon as they exist. `down`
 * needs it only for what cannot be found by name.
 */
export interface LabState {
  readonly version: 1;
  readonly topology: Topology;
  /** Folder of the base that the hosts' roots lie on. */
  readonly base: string;
  /** Folder of the base that the machines' host lies on; absent without one. */
  readonly machinesBase?: string;
  /** nspawn of each host. */
  readonly hosts: Readonly<Record<string, ProcessId>>;
  readonly forwarders: readonly Forwarder[];
  /** Networks and machines that were created in the product: once, so that what an operator makes of them stays. */
  readonly seeded?: readonly string[];
}

/** Reads the state; null when there is no lab. A damaged file counts as a lab of which nothing is known but its names. */
export const readState = (layout: Layout): LabState | null => readStateFile(layout.stateFile);

function readStateFile(file: string): LabState | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  try {
    const value: LabState = JSON.parse(text);
    return value.version === 1 ? value : null;
  } catch {
    return null;
  }
}

/** Ports of the outer machine that other labs have offered something at, also while the host behind one is off. */
export function portsOfOthers({ instance }: Pick<Layout, 'instance'>): ReadonlySet<number> {
  const names = existsSync(LAB_ROOT) ? readdirSync(LAB_ROOT) : [];
  const states = names.filter((name) => name !== instance).map((name) => join(LAB_ROOT, name, 'state.json'));
  return new Set(states.flatMap((file) => readStateFile(file)?.forwarders.map(({ port }) => port) ?? []));
}

/** Writes the state: temp file, fsync, rename. */
export function writeState(layout: Layout, state: LabState): void {
  mkdirSync(layout.folder, { recursive: true, mode: 0o755 });
  const draft = `${layout.stateFile}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, layout.stateFile);
}

/** The state of a lab that must be up. Throws AppError `lab_down`. */
export function needState(layout: Layout): LabState {
  const state = readState(layout);
  if (!state)
    throw new AppError(
      'lab_down',
      `There is no lab "${layout.instance}". What to do: sudo scripts/up, or scripts/lab up for hosts without the product.`,
    );
  return state;
}
