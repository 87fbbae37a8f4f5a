import { monotonicMs } from '../../../src/drills/probes/time/clock.ts';
import { openStage, type Stage } from '../../../src/drills/run/stage.ts';
import { pause } from '../until.ts';
import type { ClusterSite } from './site.ts';

/** A cluster of a test as a stage for drills. */
export function stageOf({ lab, client, power }: ClusterSite): Stage {
  return openStage({
    layout: lab.layout,
    apiKey: lab.apiKey,
    client,
    boot: (host) => power.start(host),
    now: monotonicMs,
    wait: pause,
  });
}
