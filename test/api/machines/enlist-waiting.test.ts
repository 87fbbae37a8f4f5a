import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEnlist } from '../../../src/region/machines/enlistment/enlist.ts';
import { aStranger, cardOf, giveDefaultImage, leaseFor } from '../../kit/enlistment.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { until } from '../../kit/until.ts';

/** A boot loader asks before its rack has reported its lease: the answer waits for the next commit, and by the region's clock. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await giveDefaultImage(site);
  await site.call('POST', '/subnets', { body: { cidr: '10.10.8.0/21' } });
});
afterAll(() => site.close());

/** The use case with a clock that stands, and with wakes of the test. */
function waiting() {
  const listeners = new Set<() => void>();
  const state = { now: 0, waits: 0 };
  const wakes = {
    onWake: (listener: () => void) => {
      state.waits += 1;
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const clock = { now: () => Date.now(), monotonic: () => state.now };
  const tell = () => Promise.resolve({} as never);
  const enlist = createEnlist({ db: site.db, random: realRandom, applyEvent: tell, clock, wakes });
  const wake = () => {
    for (const listener of listeners) listener();
  };
  return {
    state,
    wake,
    listeners,
    ask: (mac: string) => enlist('r1', aStranger({ mac, uuid: null, via: '10.10.8.1' })),
  };
}

it('a lease that comes meanwhile is found at the next commit', async () => {
  const { ask, state, wake, listeners } = waiting();
  const answer = ask(cardOf(1));
  await until('it waits', () => state.waits === 1);
  await leaseFor(site, cardOf(1));
  wake();
  expect((await answer).kind).toBe('offer');
  // Nobody is left who listens.
  expect(listeners.size).toBe(0);
});

it('without one the wait ends by the clock of the region', async () => {
  const { ask, state } = waiting();
  let isOver = false;
  const answer = ask(cardOf(2)).finally(() => {
    isOver = true;
  });
  // The clock stands: it would wait for ever, and looks again and again.
  await until('it has looked several times', () => state.waits >= 3);
  expect(isOver).toBe(false);
  state.now = 2_000;
  expect((await answer).kind).toBe('busy');
});
