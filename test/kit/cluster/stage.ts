import { monotonicMs } from '../../../src/drills/probes/time/clock.ts';
import { openStage, type Stage } from '../../../src/drills/run/stage.ts';
import { busyPercent, readProcessorTimes } from '../../../src/drills/run/watch/busy.ts';
import { pause } from '../until.ts';
import type { ClusterSite } from './site.ts';

const LOOK_MS = 5_000;
/** A cluster at rest that needs more of a machine than this leaves the usual probes, forty calls of the API a second, no room: they would be all that is measured. */
const BUSY_AT_REST = 40;
const SLOW_BEAT_MS = 250;

/** A cluster of a test, well and at rest, as a stage for drills: with probes as often as the machine has room for. */
export async function stageOf({ lab, client, power }: ClusterSite): Promise<Stage> {
  const before = readProcessorTimes();
  await pause(LOOK_MS);
  const busy = busyPercent(before, readProcessorTimes()) ?? 0;
  const isSlow = busy > BUSY_AT_REST;
  console.log(`the machine at rest: ${busy.toFixed(0)} % busy; probes every ${isSlow ? SLOW_BEAT_MS : 50} ms`);
  return openStage({
    layout: lab.layout,
    apiKey: lab.apiKey,
    client,
    boot: (host) => power.start(host),
    now: monotonicMs,
    wait: pause,
    ...(isSlow && { beatMs: SLOW_BEAT_MS }),
  });
}
