import { appendFileSync } from 'node:fs';
import type { TestContext } from 'vitest';
import { monotonicMs } from '../../../src/drills/probes/time/deadline.ts';
import { openEnvironment, type Environment } from '../../../src/drills/run/environment.ts';
import { busyPercent, readProcessorTimes } from '../../../src/drills/run/watch/busy.ts';
import { pause } from '../until.ts';
import type { ClusterSite } from './site.ts';

/** So long the machine is looked at while the cluster has nothing to do. */
const LOOK_MS = 10_000;
/** A cluster at rest that needs more of a machine than this leaves the usual probes, forty calls of the API a second, no room: they would be all that is measured. */
const BUSY_AT_REST = 40;
const SLOW_BEAT_MS = 250;
/** What it needs in a failover, beside a host that boots, is twice what it needs at rest: on a machine that is busier no round ends, whatever the product does. */
const TOO_BUSY_AT_REST = 60;

/** A cluster of a test as an environment for drills, and how much of the machine it takes at rest, percent. */
export interface TestEnvironment {
  readonly environment: Environment;
  readonly busyAtRest: number;
}

/** Looks at the machine while the cluster, which is well, rests: probes ask as often as there is room for. */
export async function environmentOf({ lab, client, power }: ClusterSite): Promise<TestEnvironment> {
  const before = readProcessorTimes();
  await pause(LOOK_MS);
  const busyAtRest = busyPercent(before, readProcessorTimes()) ?? 0;
  const isSlow = busyAtRest > BUSY_AT_REST;
  console.log(`the machine at rest: ${busyAtRest.toFixed(0)} % busy; probes every ${isSlow ? SLOW_BEAT_MS : 50} ms`);
  const environment = openEnvironment({
    layout: lab.layout,
    apiKey: lab.apiKey,
    client,
    boot: (host) => power.start(host),
    now: monotonicMs,
    wait: pause,
    ...(isSlow && { beatMs: SLOW_BEAT_MS }),
  });
  return { environment, busyAtRest };
}

/**
 * Skips a test that plays drills where the machine has no room for a failover. `test/run.ts` counts such a skip, and no other, as none of CI's failures:
 * nothing is missing that could be installed.
 */
export function needsRoom({ busyAtRest }: TestEnvironment, { skip, task }: TestContext, most = TOO_BUSY_AT_REST): void {
  if (busyAtRest <= most) return;
  const why = `the machine is ${busyAtRest.toFixed(0)} % busy with the cluster at rest, more than ${most} %`;
  const list = process.env['REGENT_NOT_PLAYED'];
  if (list !== undefined) appendFileSync(list, `${task.name}: ${why}\n`);
  skip(why);
}
