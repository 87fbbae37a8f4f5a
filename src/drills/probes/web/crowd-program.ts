import { setTimeout as delay } from 'node:timers/promises';
import { answerLines } from '../child/lines.ts';
import { get } from './get.ts';
import type { Crowd, CrowdCount } from './start-crowd.ts';

/* A crowd of callers as a program, to be run in a network namespace (`playCrowd`). */
answerLines<Crowd, CrowdCount>((crowd, done) => {
  const answer = async () => done(await play(crowd));
  void answer();
});

async function play({ callers, seconds, timeoutMs, pauseMs, apiKey, host, port, path }: Crowd): Promise<CrowdCount> {
  const end = performance.now() + seconds * 1000;
  const order = { host, port, path, timeoutMs, headers: { authorization: `Bearer ${apiKey}` }, agent: false } as const;
  const count = { answered: 0, failed: 0 };
  const ask = () => new Promise<boolean>((resolve) => get(order, ({ status }) => resolve(status === 200)));
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
