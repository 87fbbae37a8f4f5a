import type { Clock, Random } from '../../../core/ports.ts';
import type { Lane, Ledger } from '../../../judge/timeline.ts';
import type { MovePorts } from '../moves/move-run.ts';

/** The targets of the probes. Addresses without a prefix; `apiKey`: `consumer:token:secret`. */
export interface ProbeOrder {
  readonly vip: string;
  readonly nodes: readonly NamedAddress[];
  readonly apiKey: string;
  /** UUID of the numbered writes. */
  readonly ledger: string;
}

/** A region node and its main address. */
export type NamedAddress = { readonly name: string; readonly address: string };

/** What probes saw. Times are of the probes' own clock. */
export type ProbeRecord = Pick<Ledger, 'acknowledged' | 'ambiguous' | 'refused'> & { readonly lanes: readonly Lane[] };

/** Probes that ask. */
export interface RunningProbes {
  /** Lanes without three good answers so far. */
  silent(): readonly string[];
  /** What was seen so far. */
  seen(): readonly Lane[];
  /** Asks nothing more, waits for what is open, and gives what was seen. Never rejects. */
  stop(): Promise<ProbeRecord>;
  /** Ends them at once; after `stop` nothing. */
  kill(): void;
}

/** What a drill needs from outside of this process. */
export interface DrillInstruments {
  /** The probes' monotonic clock, ms. */
  now(): number;
  /** Begins to ask as clients do, over the network. */
  startProbes(order: ProbeOrder): RunningProbes;
  /**
   * The numbers that each node's own PostgreSQL has, once it has replayed what the primary had written. A node whose database does not answer is
   * not in it.
   */
  readCopies(nodes: readonly NamedAddress[], ledger: string): Promise<Readonly<Record<string, readonly number[]>>>;
}

/** What a drill is made with. `node`: the host of this region; `version`: of the product. */
export interface DrillPorts extends MovePorts {
  readonly instruments: DrillInstruments;
  readonly clock: Clock;
  readonly random: Random;
  readonly node: string;
  readonly version: string;
}
