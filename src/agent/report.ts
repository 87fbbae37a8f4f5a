import { backOffMs } from '../core/back-off.ts';
import type { Observation } from '../contract/cluster/agent.ts';
import type { RegionChannel } from './channel/channel.ts';
import { Overtaken } from './channel/send.ts';
import type { RegionLink } from './link.ts';
import { type LoopPorts, openWakeSignal } from './ports.ts';

/** What reporting is built from. `observe` gives the whole observation of this moment. */
export interface ReportOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'report'>;
  readonly link: RegionLink;
  readonly everyMs: number;
  observe(): Observation;
}

/** The reporting loop. */
export interface Reporter {
  /** Something changed: a report goes out at once, or as soon as the running one has its answer. */
  changed(): void;
  run(signal: AbortSignal): Promise<void>;
}

const BACK_OFF = { firstMs: 100, mostMs: 5_000 } as const;
const SILENCE_MS = 60_000;
/** A region that keeps a report so long waits for its database, and remembers the report meanwhile. News overtakes it. */
const OVERTAKE_MS = 600;
/** A busy region does not get a new call at every change. */
const OVERTAKE_EVERY_MS = 3_000;

/** Opens the reporter: one report at a time, always the latest, nothing is queued. */
export function openReporter(options: ReportOptions): Reporter {
  const { ports, channel, link } = options;
  const wakeSignal = openWakeSignal(ports);
  let hasNews = false;
  let overtookAt = -Infinity;

  /** Resolves when there is news that should not wait for the answer any longer. */
  const untilOvertaken = async (signal: AbortSignal) => {
    const now = ports.clock.monotonic();
    await ports.wait(Math.max(OVERTAKE_MS, overtookAt + OVERTAKE_EVERY_MS - now), signal);
    while (!hasNews && !signal.aborted) await wakeSignal.wait(options.everyMs, signal);
  };
  /** Sends the latest report; ends early when there is a later one. */
  const send = async (signal: AbortSignal) => {
    hasNews = false;
    const [overtaken, ended] = [new AbortController(), new AbortController()];
    const overtake = async () => {
      await untilOvertaken(AbortSignal.any([signal, ended.signal]));
      if (signal.aborted || ended.signal.aborted) return;
      overtookAt = ports.clock.monotonic();
      overtaken.abort(new Overtaken());
    };
    const watching = overtake();
    try {
      await channel.report(options.observe(), overtaken.signal);
    } catch (error) {
      if (!overtaken.signal.aborted) throw error;
    } finally {
      ended.abort();
      await watching;
    }
  };
  return {
    changed: () => {
      hasNews = true;
      wakeSignal.raise();
    },
    run: async (signal) => {
      const beat = ports.loop('report', SILENCE_MS);
      let failures = 0;
      while (!signal.aborted) {
        try {
          await send(signal);
          link.works();
          failures = 0;
          if (!hasNews) await wakeSignal.wait(options.everyMs, signal);
        } catch (error) {
          if (signal.aborted) break;
          failures += 1;
          link.fails(error);
          await ports.wait(backOffMs(failures - 1, BACK_OFF, ports.random), signal);
        }
        beat();
      }
      beat.end();
    },
  };
}
