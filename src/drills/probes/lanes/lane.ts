import type { Sample } from '../../../judge/timeline.ts';
import { startBeat } from '../time/beat.ts';
import { monotonicMs } from '../time/deadline.ts';

/** What became of a numbered write. */
export type WriteOutcome = 'acknowledged' | 'ambiguous' | 'refused';

/** How a question ended: `why` '' is good. `outcome`: of a numbered write. */
export type ProbeResult = { readonly why: string; readonly outcome?: WriteOutcome };

/** Something that a prober questions all the time. */
export interface Probe {
  /** Of its lane. */
  readonly name: string;
  readonly everyMs: number;
  /** Asks; `turn` counts from 0. Calls back once, or never. */
  ask(turn: number, done: (result: ProbeResult) => void): void;
  /** Its questions are numbered writes, from this number on. */
  readonly firstNumber?: number;
  /** Questions that may be open at once; a question beyond that is not sent, and is a failure. */
  readonly most?: number;
  /** It asks so many questions at each burst, within a second, and none at other times. Absent: on its beat. */
  readonly burst?: number;
  /** Leaves nothing behind, once the last question has ended. */
  close?(): void | Promise<void>;
}

/** A sample as a prober sends it. Times are of CLOCK_MONOTONIC, ms. */
export type LaneSample = Sample & { readonly lane: string; readonly number?: number; readonly outcome?: WriteOutcome };

/** A probe that runs. */
export interface RunningLane {
  /** Asks nothing more. */
  stop(): void;
  open(): number;
  /** Asks its burst; nothing for a probe on a beat. */
  burst(): void;
  /** Ends what is still open: nobody knows of it. */
  giveUp(): void;
}

/** Machines that are switched on together begin to ask within this time. */
const BURST_MS = 1000;

/** Asks a probe on its beat, or in bursts, and gives each sample as it ends. */
export function runLane(probe: Probe, offsetMs: number, onSample: (sample: LaneSample) => void): RunningLane {
  const { name: lane, everyMs, firstNumber, most = Infinity, burst } = probe;
  const open = new Map<number, (result: ProbeResult) => void>();
  let turns = 0;
  const strike = (late: number) => {
    const sentAt = monotonicMs();
    const starved = late > 0 ? { late } : {};
    if (open.size >= most) {
      onSample({ lane, sentAt, endedAt: sentAt, why: `${most} are open`, ...starved });
      return;
    }
    const turn = turns;
    turns += 1;
    const finish = ({ why, outcome }: ProbeResult) => {
      if (!open.delete(turn)) return;
      const ledger = firstNumber === undefined || outcome === undefined ? {} : { number: firstNumber + turn, outcome };
      onSample({ lane, sentAt, endedAt: monotonicMs(), ...(why === '' ? {} : { why }), ...starved, ...ledger });
    };
    open.set(turn, finish);
    probe.ask(turn, finish);
  };
  const timers = new Set<NodeJS.Timeout>();
  const strikeSoon = () => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      strike(0);
    }, Math.random() * BURST_MS);
    timers.add(timer);
  };
  const stop = burst === undefined ? startBeat({ everyMs, offsetMs }, strike) : () => timers.forEach(clearTimeout);
  return {
    stop,
    open: () => open.size,
    burst: () => {
      for (let count = 0; count < (burst ?? 0); count += 1) strikeSoon();
    },
    giveUp: () => {
      for (const finish of open.values()) finish({ why: 'given up', outcome: 'ambiguous' });
    },
  };
}
