import { beforeEach, describe, expect, it } from 'vitest';
import { rejected } from '../../../src/core/errors.ts';
import { createLoginLimiter, type LoginLimiter } from '../../../src/api/login-limiter.ts';
import type { LoginCounts } from '../../../src/region/people/accounts/port.ts';

let ms = 0;
let isAway = false;
const clock = { now: () => ms, monotonic: () => ms };
let regions: LoginLimiter[];

/** What the database does, in memory. */
function sharedCounts(): LoginCounts {
  const rows = new Map<string, { used: number; at: number; perSecond: number }>();
  const left = (name: string) => {
    const row = rows.get(name);
    return row ? Math.max(0, row.used - ((ms - row.at) / 1000) * row.perSecond) : 0;
  };
  return {
    used: async (names) => new Map(names.flatMap((name) => (rows.has(name) ? [[name, left(name)] as const] : []))),
    add: async (counts) => {
      const free = counts.filter(({ name, burst }) => left(name) <= burst - 1);
      for (const { name, perSecond } of free) rows.set(name, { used: left(name) + 1, at: ms, perSecond });
      return isAway ? rejected('unavailable', 'The database is away.') : new Set(free.map(({ name }) => name));
    },
  };
}

beforeEach(() => {
  ms = 0;
  isAway = false;
  const counts = sharedCounts();
  regions = [1, 2, 3].map(() => createLoginLimiter(clock, counts));
});

/** Wrong logins at the regions in turn; how many learn that they were wrong. */
async function guess(tries: number, attempt: (n: number) => { source: string; account: string }, isKnown = false) {
  let tried = 0;
  for (let n = 0; n < tries; n += 1) {
    const region = regions[n % regions.length];
    if (!(await region?.mayTry(attempt(n), async () => isKnown))) continue;
    if ((await region?.countWrong(attempt(n))) === null) tried += 1;
  }
  return tried;
}

const ada = { source: '203.0.113.66', account: 'user ada' };

describe('wrong logins at three regions', () => {
  it('of one account from one address are ten in all, and come back with time', async () => {
    expect(await guess(60, () => ada)).toBe(10);
    expect(await guess(3, () => ({ ...ada, account: 'user ADA' }))).toBe(0);
    ms += 30_000;
    expect(await guess(6, () => ada)).toBe(1);
  });

  it('from one address are twenty in all, whether the accounts exist or not', async () => {
    expect(await guess(90, (n) => ({ ...ada, account: `user a${n}` }))).toBe(20);
    expect(await guess(3, () => ({ ...ada, source: '203.0.113.67' }))).toBe(3);
  });

  it('of one account are a hundred in all, and keep nobody out who logged in there before', async () => {
    expect(await guess(300, (n) => ({ ...ada, source: `192.0.2.${n}` }))).toBe(100);
    const [first] = regions;
    const mine = { ...ada, source: '198.51.100.1' };
    expect(await first?.mayTry(mine, async () => false)).toBe(false);
    expect(await first?.mayTry(mine, async () => true)).toBe(true);
    expect(await guess(30, () => mine, true)).toBe(10);
  });

  it('at the same moment are not more: the others learn nothing', async () => {
    const all = Array.from({ length: 20 }, (_, n) => regions[n % regions.length]);
    const tries = await Promise.all(all.map(async (region) => region?.mayTry(ada, async () => false)));
    expect(tries).toEqual(all.map(() => true));
    const answers = await Promise.all(all.map(async (region) => region?.countWrong(ada)));
    expect(answers.filter((answer) => answer === null)).toHaveLength(10);
    expect(answers.filter((answer) => answer?.code === 'too_many_requests')).toHaveLength(10);
    // A right one that was verified meanwhile learns nothing either.
    expect(await regions[0]?.mayTry(ada, async () => false)).toBe(false);
  });

  it('are not answered while they cannot be counted', async () => {
    isAway = true;
    expect(await regions[0]?.mayTry(ada, async () => false)).toBe(true);
    expect(await regions[0]?.countWrong(ada)).toMatchObject({ code: 'unavailable' });
  });

  it('do not count where the login is right', async () => {
    for (let n = 0; n < 40; n += 1) {
      const region = regions[n % 3];
      expect(await region?.mayTry(ada, async () => false)).toBe(true);
      region?.remember(ada);
    }
  });
});
