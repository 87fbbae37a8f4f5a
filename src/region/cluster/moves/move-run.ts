import type { Node, RestartRequest } from '../../../model/cluster/node.ts';
import type { Service } from '../../../contract/cluster/service.ts';
import { AppError, sentenceOf } from '../../../core/errors.ts';
import type { Clock } from '../../../core/ports.ts';
import type { WriteTx } from '../../../store/write.ts';
import type { ClusterSite } from '../site.ts';
import type { JobEnd, JobRun } from '../../base/jobs/kind.ts';
import type { PatroniPort } from './patroni.ts';
import type { VlanServerState } from '../../networks/dhcp/servers.ts';

/** What a move sees of the site at one moment, as the database has it. */
export interface SiteSnapshot {
  readonly site: ClusterSite;
  readonly nodes: readonly Pick<Node, 'id' | 'name' | 'addresses'>[];
  /** By node's name: the newest configuration that was compiled for it. */
  readonly compiled: ReadonlyMap<string, number>;
  /** The newest configuration. */
  readonly revision: number;
  readonly services: readonly Service[];
  /** VLANs with DHCP, and who serves them. */
  readonly vlans: readonly VlanServerState[];
  /** The last requests to restart. */
  readonly requests: readonly RestartRequest[];
  /** Region processes that wrote lately: their unique names, by node. */
  readonly processes: readonly { readonly node: string; readonly process: string }[];
}

/** What moves are made with. */
export interface MovePorts {
  readonly patroni: PatroniPort;
  readonly clock: Clock;
  /** Rejects while the database is away. */
  readSnapshot(): Promise<SiteSnapshot>;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** One run of a job of this room. `save` keeps the job's checkpoint as it is beside what its steps need. */
export interface Move {
  readonly run: Omit<JobRun, 'save' | 'checkpoint' | 'payload'>;
  readonly ports: MovePorts;
  save(progress: string, change?: (tx: WriteTx) => Promise<void>): Promise<void>;
}

/** Ends a move: it cannot be done, or nobody wants it any more. */
export class MoveEnd extends Error {
  readonly state: 'failed' | 'aborted';
  constructor(state: 'failed' | 'aborted', sentence: string) {
    super(sentence);
    this.name = 'MoveEnd';
    this.state = state;
  }
}

/**
 * The order that a job was given; throws if it is none: it was written by a release that this one does not understand.
 */
export function ordered<P>(order: P | null): P {
  if (order === null) throw new AppError('job', 'the payload is no order of this kind of job');
  return order;
}

/** Between two reads. */
const POLL_MS = 500;
const SNAPSHOT_S = 30;

/** Throws `MoveEnd` when an operator wants the end. Call it only when nothing is half done. */
export function stopIfUnwanted({ run }: Pick<Move, 'run'>, where: string): void {
  if (run.isAbortWanted()) throw new MoveEnd('aborted', `ended ${where}`);
}

/**
 * Reads the state until `missing` gives null, and saves its reason as progress. A failed read (the database is away)
 * counts as "not yet". Throws `MoveEnd` at the deadline, and when an operator requests the end.
 */
export async function waitFor(
  move: Move,
  what: string,
  { seconds, missing }: { readonly seconds: number; readonly missing: (snapshot: SiteSnapshot) => string | null },
): Promise<SiteSnapshot> {
  const { run, ports } = move;
  const end = ports.clock.monotonic() + seconds * 1000;
  let lastWhy = '';
  for (;;) {
    run.signal.throwIfAborted();
    const seen = await ports.readSnapshot().catch((error: unknown) => sentenceOf(error));
    const why = typeof seen === 'string' ? seen : missing(seen);
    if (typeof seen !== 'string' && why === null) return seen;
    stopIfUnwanted(move, `while waiting for ${what}`);
    if (ports.clock.monotonic() >= end)
      throw new MoveEnd('failed', `${what}: not within ${seconds} s (${why ?? 'nothing is known'})`);
    if (typeof seen !== 'string' && why !== lastWhy) await move.save(`waits for ${what}: ${why}`);
    lastWhy = why ?? '';
    await ports.wait(POLL_MS, run.signal);
  }
}

/** The state of the site, as soon as the database answers. Throws as `waitFor` does. */
export function awaitSnapshot(move: Move): Promise<SiteSnapshot> {
  return waitFor(move, 'the state of the site', { seconds: SNAPSHOT_S, missing: () => null });
}

/** A job's run as a move. */
export function moveOf(run: JobRun, ports: MovePorts): Move {
  return { run, ports, save: (progress, change) => run.save(progress, null, change) };
}

/** The same move for winding up: the request to abort, which started that, does not end it. */
export const patient = (move: Move): Move => ({ ...move, run: { ...move.run, isAbortWanted: () => false } });

/** Runs a move to its end; what it throws beside `MoveEnd` is for the runner. */
export async function ended(work: () => Promise<string>, undo?: (end: MoveEnd) => Promise<string>): Promise<JobEnd> {
  try {
    return { state: 'done', result: `${await work()}.` };
  } catch (error) {
    if (!(error instanceof MoveEnd)) throw error;
    const also = undo ? `; ${await undo(error)}` : '';
    return { state: error.state, result: `${error.message}${also}.` };
  }
}
