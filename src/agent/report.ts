import { backOffMs } from '../core/back-off.ts';
import type { Observation } from '../contract/agent.ts';
import type { RegionChannel } from './channel/channel.ts';
import type { Link } from './link.ts';
import { type LoopPorts, openWakeSignal } from './ports.ts';

/** What reporting is built from. `observe` gives the whole observation of this moment. */
export interface ReportOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'report'>;
  readonly link: Link;
  readonly everyMs: number;
  observe(): Observation;
}

/** The reporting loop. */
export interface Reporter {
  /** Something changed: a report goes out at once, or as soon as the one on its way has come back. */
  changed(): void;
  run(signal: AbortSignal): Promise<void>;
}

const BACK_OFF = { firstMs: 100, mostMs: 5_000 } as const;
const SILENCE_MS = 60_000;

/** Opens the reporter: one report at a time, always the latest, nothing is queued. */
export function openReporter(options: ReportOptions): Reporter {
  const { ports, channel, link } = options;
  const wakeSignal = openWakeSignal(ports);
  return {
    changed: () => wakeSignal.raise(),
    run: async (signal) => {
      const beat = ports.loop('report', SILENCE_MS);
      let failures = 0;
      while (!signal.aborted) {
        try {
          await channel.report(options.observe());
          link.works();
          failures = 0;
          await wakeSignal.wait(options.everyMs, signal);
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
