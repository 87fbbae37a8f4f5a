import type { HazardRules } from '../../judge/rules.ts';
import type { Cast } from '../../judge/timeline.ts';

/**
 * Something that is done to the cluster. Hosts by name: who they are was decided with the round's cast and seed. Three placeholders may stand
 * for a host: `@primary`, `@holder` and `@worker` are whoever takes writes, has the floating address, or is at a job, at the moment of the
 * step; while nobody does, the step waits for somebody, and is left out (and noted) when nobody has come within 45 s.
 */
export type Act =
  /** `stop` powers off in order, `kill` cuts the power; `reboot` is in order too, and done when the host has booted. */
  | { readonly do: 'kill' | 'start' | 'stop' | 'reboot' | 'freeze' | 'thaw'; readonly host: string }
  /** Frozen for so long and out of reach, its cables left in and its connections whole; done when it is over. */
  | { readonly do: 'pause'; readonly host: string; readonly ms: number }
  /**
   * To every process of a unit. PostgreSQL lives in Patroni's and has none of its own: `postgres` means its postmaster with all
   * its children, and `patroni.service` all but those.
   */
  | { readonly do: 'signal'; readonly host: string; readonly unit: string; readonly signal: 'KILL' | 'STOP' | 'CONT' }
  /** By systemd, in order. The agent starts again what it wants to run: `regent-agent.service` first, where it shall stay off. */
  | { readonly do: 'unit'; readonly host: string; readonly unit: string; readonly verb: 'stop' | 'start' | 'restart' }
  /** The database is handed from its primary to a standby, in order, as an operator would. */
  | { readonly do: 'switchover' }
  /** etcd's leadership is handed to this host: sets the scene, is no fault. Nothing when it leads already. */
  | { readonly do: 'lead'; readonly host: string }
  | { readonly do: 'cut'; readonly host: string; readonly network?: string }
  | { readonly do: 'partition'; readonly sides: readonly (readonly string[])[] }
  /** Nothing of these reaches those, from one moment on. */
  | { readonly do: 'oneway'; readonly from: readonly string[]; readonly to: readonly string[] }
  | { readonly do: 'loss'; readonly host: string; readonly percent: number }
  /** Established flows between two hosts are dropped without a reset; new ones pass. */
  | { readonly do: 'halfopen'; readonly from: string; readonly to: string }
  | { readonly do: 'fill' | 'empty'; readonly host: string; readonly path: string }
  /** A file of a host loses its second half, as after a power cut without a sync. */
  | { readonly do: 'halve'; readonly host: string; readonly path: string }
  /** The clock by which a rack's pairs live is so far ahead of the real time, s; 0 prepares the host for that, or sets it right. */
  | { readonly do: 'clock'; readonly host: string; readonly aheadS: number }
  /** What a host sends to a port of the others is dropped: `2379` blinds it for etcd. */
  | { readonly do: 'block'; readonly host: string; readonly port: number }
  /** Every client session of the host's PostgreSQL is terminated. */
  | { readonly do: 'terminate'; readonly host: string }
  /** An operator's command of the product, on this host. */
  | { readonly do: 'regent'; readonly host: string; readonly argv: readonly string[] }
  /** A cluster is made of only this host, as the operator of a lost majority does it: `regent cluster recover`. */
  | { readonly do: 'recover'; readonly host: string }
  /** A host that is no member any more is cleaned (`regent leave`) and joins again. After a loss it has to be found down before. */
  | { readonly do: 'rejoin'; readonly host: string; readonly after: 'loss' | 'removal' }
  /** Waits until every job has been done. A failure when one ends otherwise, or nobody goes on with it for 15 s. */
  | { readonly do: 'jobs' }
  /** All processors busy on the machine that the hosts share, for so long; done when it is over. */
  | { readonly do: 'burn'; readonly seconds: number }
  /** So many callers who ask the API, and ask again at once, for so long; done when it is over. */
  | { readonly do: 'crowd'; readonly callers: number; readonly seconds: number }
  /** Everything that is wrong with this host, or with all of them, is taken away; what is off is switched on. */
  | { readonly do: 'heal'; readonly host?: string };

/** When it starts: ms after the end of the previous step. A kill, a rule or a signal takes no time; a boot and a request to systemd do. */
export type HazardStep = { readonly afterMs: number; readonly act: Act };

/** One kind of bad day, and what it is judged by. */
export interface Hazard extends HazardRules {
  /** `host-kill-primary`: lower case, parts joined by `-`. */
  readonly id: string;
  /** One line of a table: what is done to whom. */
  readonly title: string;
  /** Which row of ha/README.md speaks of it. */
  readonly row: string;
  /** CI draws one of each group. */
  readonly group: HazardGroup;
  /** The row of the headline table that its rounds count for; null: none. */
  readonly headline: string | null;
  /** The steps, from the first fault to the last heal. `chance`: uniform in [0, 1), the same sequence for the same seed. */
  readonly steps: (cast: Cast, chance: () => number) => readonly HazardStep[];
  /** Its steps take more than a minute: not drawn for CI. */
  readonly isLong?: true;
}

/** CI runs one hazard of each. */
export type HazardGroup = 'host' | 'process' | 'hang' | 'network' | 'disk' | 'planned' | 'double' | 'noise';
