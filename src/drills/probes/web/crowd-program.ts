import { setTimeout as delay } from 'node:timers/promises';
import { readLines, writeLines } from '../child/lines.ts';
import { get } from './get.ts';
import type { Crowd, CrowdCount } from './start-crowd.ts';

/* A crowd of callers as a program, to be run in a network namespace: one line tells what to ask and how long, one line says what came of it. */
readLines<Crowd>(process.stdin, (crowd) => void play(crowd).then((count) => writeLines(count)));

async function play({ callers, seconds, timeoutMs, pauseMs, apiKey, ...place }: Crowd): Promise<CrowdCount> {
  const end = performance.now() + seconds * 1000;
  const headers = { authorization: `Bearer ${apiKey}` };
  const count = { answered: 0, failed: 0 };
  const ask = () =>
    new Promise<boolean>((resolve) => {
      get({ ...place, headers, timeoutMs, agent: false }, ({ status }) => resolve(status === 200));
    });
  const caller = async () => {
    while (performance.now() < end) {
      if (await ask()) count.answered += 1;
      else count.failed += 1;
      await delay(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return count;
}
