import type { Cast } from '../judge/timeline.ts';

/** Something that is done to the cluster. Hosts by name: who they are was decided with the round's cast and seed. */
export type Act =
  | { readonly do: 'kill' | 'start' | 'stop' | 'reboot' | 'freeze' | 'thaw'; readonly host: string }
  | { readonly do: 'signal'; readonly host: string; readonly unit: string; readonly signal: 'KILL' | 'STOP' | 'CONT' }
  | { readonly do: 'cut'; readonly host: string; readonly network?: string }
  | { readonly do: 'partition'; readonly sides: readonly (readonly string[])[] }
  | { readonly do: 'oneway'; readonly from: string; readonly to: string }
  | { readonly do: 'loss'; readonly host: string; readonly percent: number }
  /** Established flows between two hosts are dropped without a reset; new ones pass. */
  | { readonly do: 'halfopen'; readonly from: string; readonly to: string }
  | { readonly do: 'fill' | 'empty'; readonly host: string; readonly path: string }
  /** What a host sends to a port of the others is dropped: `2379` blinds it for etcd. */
  | { readonly do: 'block'; readonly host: string; readonly port: number }
  /** Every client session of the host's PostgreSQL is terminated. */
  | { readonly do: 'terminate'; readonly host: string }
  /** An operator's command of the product, on this host. */
  | { readonly do: 'regent'; readonly host: string; readonly argv: readonly string[] }
  /** All processors busy on the machine that the hosts share, for so long. */
  | { readonly do: 'burn'; readonly seconds: number }
  /** Everything that is wrong with this host, or with all of them, is taken away; what is off is switched on. */
  | { readonly do: 'heal'; readonly host?: string };

/** When it is done: ms after the step before it was. */
export interface Step {
  readonly afterMs: number;
  readonly act: Act;
}

/** What must hold for a probe. Outages in ms; a missing expectation is not judged, but always reported. */
export interface Expectation {
  /** A lane's name, or its kind: then for each such lane. */
  readonly probe: string;
  /** The longest outage that passes. */
  readonly withinMs?: number;
  /** How many questions may fail for good. */
  readonly failures?: number;
}

/** One kind of bad day. */
export interface Hazard {
  /** `host-kill-primary`: lower case, words joined by `-`. */
  readonly id: string;
  /** One line of a table: what is done to whom. */
  readonly title: string;
  /** Which row of ha/README.md speaks of it. */
  readonly row: string;
  /** CI draws one of each class. */
  readonly group: HazardGroup;
  /** The row of the headline table that its rounds count for; null: none. */
  readonly headline: string | null;
  /** The steps, from the first fault to the last heal. `chance`: uniform in [0, 1), the same sequence for the same seed. */
  readonly steps: (cast: Cast, chance: () => number) => readonly Step[];
  readonly expects: readonly Expectation[];
  /** How long after the last heal full redundancy may take. */
  readonly redundantMs: number;
  /** How many failovers of the database the fault itself may cause; one more is a false one. */
  readonly failovers: number;
}

/** Classes of hazards: CI runs each once. */
export type HazardGroup = 'host' | 'process' | 'hang' | 'network' | 'disk' | 'planned' | 'double' | 'noise';
