import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../src/contract/cluster/agent.ts';
import { openReporter } from '../../../src/agent/report.ts';
import { anObservation } from '../../kit/observation.ts';
import { until } from '../../kit/until.ts';
import { evenRandom, memoryLog } from '../../kit/virtual-time.ts';

/** A region that holds each report until it is let go; the agent's waits take a tenth of their time. */
function play() {
  const sent: { readonly report: Observation; readonly signal: AbortSignal; answer(): void }[] = [];
  const faults: unknown[] = [];
  let generation = 0;
  const stop = new AbortController();
  const beat = Object.assign(() => {}, { end: () => {} });
  const reporter = openReporter({
    ports: {
      clock: { now: () => Date.now(), monotonic: () => performance.now() * 10 },
      random: evenRandom,
      log: memoryLog(),
      loop: () => beat,
      wait: (ms, signal) => delay(ms / 10, undefined, signal ? { signal } : {}).catch(() => {}),
    },
    channel: {
      report: (report, signal = new AbortController().signal) =>
        new Promise<void>((resolve, reject) => {
          sent.push({ report, signal, answer: resolve });
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    },
    link: { works: () => {}, fails: (error: unknown) => void faults.push(error), staleSince: () => null },
    everyMs: 10_000,
    observe: () => anObservation('r1', { generation: (generation += 1) }),
  });
  const running = reporter.run(stop.signal);
  const count = (wanted: number) =>
    until(`${wanted} reports`, async () => sent.length >= wanted, { deadlineMs: 5_000 });
  const end = async () => {
    stop.abort();
    for (const one of sent) one.answer();
    await running;
  };
  return { reporter, sent, faults, count, end };
}

describe('a report that a region holds', () => {
  it('is overtaken by news, which is no fault of the way', async () => {
    const { reporter, sent, faults, count, end } = play();
    await count(1);
    reporter.changed();
    await count(2);
    expect(sent[0]?.signal.aborted).toBe(true);
    expect(sent[1]?.report.generation).toBe(2);
    expect(faults).toEqual([]);
    await end();
  });

  it('stays when there is nothing new', async () => {
    const { sent, count, end } = play();
    await count(1);
    await delay(300);
    expect(sent.length).toBe(1);
    expect(sent[0]?.signal.aborted).toBe(false);
    await end();
  });

  it('is overtaken at most every three seconds, however much is new', async () => {
    const { reporter, sent, end } = play();
    const began = performance.now();
    while (performance.now() - began < 900) {
      reporter.changed();
      await delay(10);
    }
    // 9 s of the agent: the first at 0.6 s, then each 3 s.
    expect(sent.length).toBeGreaterThanOrEqual(3);
    expect(sent.length).toBeLessThanOrEqual(5);
    await end();
  });

  it('that is answered is followed at once by what changed meanwhile', async () => {
    const { reporter, sent, count, end } = play();
    await count(1);
    reporter.changed();
    sent[0]?.answer();
    await count(2);
    expect(sent[0]?.signal.aborted).toBe(false);
    await end();
  });
});
