/*
 * Messages of racks and regions about a pair. Every beat and every answer holds the whole state: a lost message loses nothing.
 */

/** Who may serve a pair's VLANs. A record with a higher epoch replaces one with a lower, never the reverse. */
export interface OwnerRecord {
  /** A rack's name. */
  readonly owner: string;
  /** 0: nobody has ever taken the pair, its primary owns it. */
  readonly epoch: number;
  /** The owner serves without answers of others. Its silence lets nobody take over: only its own message does, or an operator. */
  readonly isAlone: boolean;
  /** The other rack has every lease that the owner gave. The owner reports it. */
  readonly isWhole: boolean;
  /** By an operator's `serve-alone`. */
  readonly isOrdered: boolean;
}

/** What a rack says of a pair. */
export interface PairStatus {
  readonly key: string;
  /** Its ledger. What stands there was granted by a majority, handed over by the owner before it, or ordered. */
  readonly record: OwnerRecord;
  /** It serves, or will as soon as it may. A rack that does not want to serve certainly serves nobody. */
  readonly isWanting: boolean;
  /** It asks to be recorded so. */
  readonly claim: OwnerRecord | null;
  /** Its Kea may answer clients. */
  readonly isServing: boolean;
  /** Its Kea answers, and could take the other's clients. */
  readonly isAble: boolean;
  /** How much worse than one that lacks nothing it would serve: `burdenOf` of reach.ts. */
  readonly burden: number;
  /** It keeps its Kea from the other's. */
  readonly isDetached: boolean;
  /** State of its Kea (`hot-standby`, `partner-down` …); null: it does not answer. */
  readonly kea: string | null;
  /** Names the last time that its Kea took all leases from the other, while it has worked with it ever since; null: it has not. */
  readonly syncId: string | null;
  /** Server tag of the configuration that its Kea runs; null: not known. */
  readonly tag: string | null;
  /** Regions that have named the record of the ledger a moment ago, and how many are a majority. */
  readonly namedBy: readonly string[];
  readonly majority: number;
  /** The day's time by its clock, ms since 1970, when it sent this; left out: by a build that does not send it. */
  readonly dayTime?: number;
}

/** What a region says of a pair. */
export interface Vote {
  readonly key: string;
  /** null: it has lost its file and counts for nobody. */
  readonly record: OwnerRecord | null;
  /** The other rack: for how long it has been silent, ms, and its last status. `word` null: nothing since the region's program began. */
  readonly partner: { readonly silentMs: number; readonly word: PairStatus | null };
  /** As in `PairStatus`. */
  readonly dayTime?: number;
}

/** One message. `run` grows with each start of the sender's program, `number` with each beat. */
export interface Heartbeat {
  readonly from: string;
  readonly run: number;
  readonly number: number;
  /** Grows with everything that the sender says: the last one counts, over whichever connection it came. */
  readonly said: number;
  readonly pairs: readonly PairStatus[];
}

/** Its answer. A region gives `votes`, a rack `words`. `staleRun`: the sender's run is not newer than this one, which came before. */
export interface Reply {
  readonly echo: number;
  /** From a rack: as in a heartbeat. */
  readonly run?: number;
  readonly said?: number;
  readonly votes?: readonly Vote[];
  readonly words?: readonly PairStatus[];
  readonly staleRun?: number;
}

/** TCP ports where racks send to regions, and where racks send to each other. */
export const VOTES_PORT = 5255;
export const PAIRS_PORT = 5256;
/** Between two beats, ms; while a claim is open half of it. */
export const BEAT_MS = 200;
/** An answer proves for so long, from the moment on at which its question was sent, that the owner may serve. */
export const ANSWER_VALID_MS = 1000;
/**
 * A rack that was silent for this time may be succeeded. It has fenced itself by then: after ANSWER_VALID_MS; or, if
 * its program hung just before that, LATE_MS later, by its watchdog and `ended`.
 */
export const SILENT_MS = 1900;
/** A partner that is silent for so long is separated from Kea, which would wait 10 s for it. */
export const DETACH_MS = 800;
/** An owner whose Kea cannot serve for so long hands over; at once, if it was not there when the controller began. */
export const UNABLE_MS = 2000;
/** A loop that was late by so much has missed what it lives by. */
export const LATE_MS = 800;

/** Racks whose clocks differ by more share nothing: Kea warns of 30 s and ends a pair at 60 s (Kea 2.6 ARM, "Clocks on Active Servers"). */
export const DIFFER_MS = 30_000;
/** They agree again when they differ by less. */
export const AGREE_MS = 20_000;
/** Whose clock is wrong by so much gives no lease: it would end leases that machines still use. Half of the shortest lease that is usual, 10 minutes. */
export const STOP_MS = 300_000;

/** The two racks of a pair: `<primary>_<standby>`. Host names have no underscore. */
export function racksOf(key: string): readonly [primary: string, standby: string] {
  const [primary = '', standby = ''] = key.split('_');
  return [primary, standby];
}

/** The record of a pair that nobody has ever taken. */
export function firstRecord(key: string): OwnerRecord {
  return { owner: racksOf(key)[0], epoch: 0, isAlone: false, isWhole: false, isOrdered: false };
}

/** An operator's order counts more than what was decided without him at the same time. */
export function isNewer(a: OwnerRecord, b: OwnerRecord): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.owner !== b.owner && a.isOrdered && !b.isOrdered);
}

export function isSame(a: OwnerRecord | null, b: OwnerRecord | null): boolean {
  return a !== null && b !== null && a.owner === b.owner && a.epoch === b.epoch;
}

/** Longer than any line of ours: a hundred pairs are 50 KB. */
const LINE_MAX = 262_144;

/** Cuts what comes into lines. `add` gives false when a line is longer than any may be. */
export interface LineSplit {
  add(part: Buffer): boolean;
}

/** Calls `onLine` with each whole line, without its end. */
export function splitLines(onLine: (line: string) => void): LineSplit {
  let rest = '';
  const decoder = new TextDecoder();
  return {
    add: (part) => {
      rest += decoder.decode(part, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.length <= LINE_MAX) onLine(line);
      return rest.length <= LINE_MAX && lines.every((line) => line.length <= LINE_MAX);
    },
  };
}
