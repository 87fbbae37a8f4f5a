import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../src/api/auth.ts';
import { isRejected } from '../../../src/core/errors.ts';
import type { Caller } from '../../../src/region/port.ts';
import { virtualTime } from '../../kit/virtual-time.ts';

const ADA: Caller = { user: 'ada', role: 'admin' };

/** An authenticator whose lookups the test answers, in the order in which they were made. */
function world() {
  const lookups: {
    readonly secret: string;
    readonly done: (caller: Caller | null) => void;
    readonly fail: () => void;
  }[] = [];
  const region = {
    authenticate: ({ secret }: { readonly secret: string }) =>
      new Promise<Caller | null>((resolve, reject) => {
        lookups.push({ secret, done: resolve, fail: () => reject(new Error('no primary')) });
      }),
  };
  const { clock } = virtualTime();
  const authenticator = createAuthenticator(region, clock);
  const ask = (secret = 's') => authenticator.authenticate(`Bearer c:t:${secret}`, '192.0.2.1');
  return { lookups, ask };
}

describe('the authenticator', () => {
  it('looks a key up once for all calls that wait for it, and every other key by itself', async () => {
    const { lookups, ask } = world();
    const calls = [ask(), ask(), ask('other'), ask()];
    expect(lookups.map(({ secret }) => secret)).toEqual(['s', 'other']);
    lookups[0]?.done(ADA);
    lookups[1]?.done(null);
    const answers = await Promise.all(calls);
    expect(answers.map((answer) => (isRejected(answer) ? answer.code : answer.user))).toEqual([
      'ada',
      'ada',
      'unauthenticated',
      'ada',
    ]);
  });

  it('asks anew for each that joined a lookup which found no database', async () => {
    const { lookups, ask } = world();
    const first = ask();
    const joined = [ask(), ask()];
    lookups[0]?.fail();
    await expect(first).rejects.toThrow('no primary');
    await expect.poll(() => lookups.length).toBe(3);
    lookups[1]?.done(ADA);
    lookups[2]?.fail();
    await expect(joined[0]).resolves.toEqual(ADA);
    await expect(joined[1]).rejects.toThrow('no primary');
  });

  it('looks a wrong key up again the next time', async () => {
    const { lookups, ask } = world();
    const wrong = ask();
    lookups[0]?.done(null);
    await wrong;
    const right = ask();
    lookups[1]?.done(ADA);
    expect(await right).toEqual(ADA);
  });
});
