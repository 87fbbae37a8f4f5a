/**
 * What a drill recorded. All times are milliseconds of one monotonic clock, counted from the moment that the probes began; they may have
 * fractions. Nothing here is judged yet.
 */
export interface Timeline {
  /** Id of the hazard that was caused. */
  readonly hazard: string;
  readonly round: number;
  /** The seed of everything random in this round: phase and victims. */
  readonly seed: number;
  /** Wall clock at 0, ISO 8601. */
  readonly startedAt: string;
  /** Who was what when the fault was made. */
  readonly cast: Cast;
  readonly marks: readonly Mark[];
  readonly lanes: readonly Lane[];
  readonly ledger: Ledger;
  /** Who had the floating address, host by host. */
  readonly holdings: readonly HostSpan[];
  /** Who acknowledged a write that was made on the host itself: each span is from the first to the last of an unbroken run. */
  readonly writables: readonly HostSpan[];
  /** When a host was out of every client's reach: off, frozen as a whole, cut off. */
  readonly absences: readonly HostSpan[];
  /** What the cluster did by itself: promotions, fencings, restarts of daemons. */
  readonly deeds: readonly ClusterEvent[];
  /** Addresses that two machines had at the same time, as the DHCP probes saw. Absent: nobody checked. */
  readonly sharedAddresses?: readonly SharedAddress[];
  /** When the last fault was taken away; null: it was never made. */
  readonly healedAt: number | null;
  /** When every node was well again and full redundancy was back, after `healedAt`; null: not before the end. */
  readonly redundantAt: number | null;
  /** End of the recording. */
  readonly endedAt: number;
  /** How busy the machine was that carries the hosts. Absent: nobody measured it. */
  readonly busy?: Busy;
}

/**
 * How much of a machine's processors was in use, percent: with the probes at work before the first fault, and from then to the end. A lab shares
 * one machine, so that a cluster on a busy one is later than it would be on hosts of its own.
 */
export type Busy = { readonly before: number; readonly after: number };

/** Names of hosts by what they were. */
export interface Cast {
  readonly regions: readonly string[];
  readonly racks: readonly string[];
  readonly primary: string;
  readonly standbys: readonly string[];
  /** Who held the floating address. */
  readonly holder: string;
  readonly etcdLeader: string;
}

/** Something that happened at a moment. `fault` and `heal` are ours; `role` is a change of the cluster's. */
export interface Mark {
  readonly at: number;
  readonly kind: 'fault' | 'heal' | 'role' | 'note';
  readonly host: string | null;
  /** A short sentence without a full stop. */
  readonly text: string;
}

/** One probe's answers, in the order of their questions. */
export interface Lane {
  /** `write`, `read`, `dns r1`, `lookup`, `proxy`, `dhcp vlan10 new` …: the text before the first space is the probe's kind. */
  readonly probe: string;
  readonly samples: readonly Sample[];
  /** Its questions come together at some moments, not all the time: it has no outage. */
  readonly isBurst?: true;
}

/** One address that a server gave to `second` while `first` had it. */
export interface SharedAddress {
  readonly at: number;
  readonly network: string;
  readonly address: string;
  /** MACs. */
  readonly first: string;
  readonly second: string;
}

/**
 * One question. `endedAt` is when its answer came, or when it was given up. `why`: of a failure; absent when it is good. `late`: the prober
 * itself was starved and sent this so many ms after its time, with nothing sent or received between; absent: it was not.
 */
export interface Sample {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly why?: string;
  readonly late?: number;
}

/** The numbered writes that went through the floating address, and where they were found after the heal. */
export interface Ledger {
  readonly acknowledged: readonly number[];
  /** Given up without an answer: written or not, both are right, but all nodes must agree. */
  readonly ambiguous: readonly number[];
  /** Refused for good: must be on no node. */
  readonly refused: readonly number[];
  /** What each host's own PostgreSQL had at the end; a number twice if it was there twice. */
  readonly found: Readonly<Record<string, readonly number[]>>;
  /** Writes that were acknowledged on a host itself, by host: each must be on every host too. */
  readonly local: Readonly<Record<string, readonly number[]>>;
  /** Local writes that each host's own PostgreSQL had at the end, as `HOST NUMBER`. */
  readonly foundLocal: Readonly<Record<string, readonly string[]>>;
}

/** A time during which something was so at a host. */
export type HostSpan = { readonly host: string; readonly from: number; readonly to: number };

/** Something that a part of the cluster did by itself. */
export interface ClusterEvent {
  readonly at: number;
  readonly host: string;
  readonly kind: 'promotion' | 'demotion' | 'fencing' | 'release' | 'restart' | 'vip';
  readonly text: string;
}
