import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../src/api/auth.ts';
import { isRejected } from '../../../src/core/errors.ts';
import type { Caller } from '../../../src/region/port.ts';
import { virtualTime } from '../../kit/virtual-time.ts';

const ADA: Caller = { user: 'ada', role: 'admin' };

/** An authenticator of a region that knows one key while it is not revoked, and counts how often it is asked. */
function world() {
  const state = { isHeld: false, isRevoked: false, lookups: 0 };
  const { clock, step } = virtualTime();
  const region = {
    authenticate: async ({ secret }: { readonly secret: string }) => {
      state.lookups += 1;
      return secret === 'right' && !state.isRevoked ? ADA : null;
    },
    isHeld: () => state.isHeld,
  };
  const authenticator = createAuthenticator(region, clock);
  const ask = async (secret = 'right') => {
    const answer = await authenticator.authenticate(`Bearer c:t:${secret}`, { address: '192.0.2.1', isTls: false });
    return isRejected(answer) ? answer.code : answer.user;
  };
  return { state, step, ask };
}

describe('the authenticator', () => {
  it('trusts a right key for two seconds, then asks again', async () => {
    const { state, step, ask } = world();
    expect(await ask()).toBe('ada');
    state.isRevoked = true;
    step(1999);
    expect([await ask(), state.lookups]).toEqual(['ada', 1]);
    step(1);
    expect([await ask(), state.lookups]).toEqual(['unauthenticated', 2]);
  });

  it('trusts it for ten seconds more while calls are held, and no key that it had not seen', async () => {
    const { state, step, ask } = world();
    await ask();
    state.isHeld = true;
    step(11_999);
    expect([await ask(), state.lookups]).toEqual(['ada', 1]);
    expect([await ask('wrong'), state.lookups]).toEqual(['unauthenticated', 2]);
    step(1);
    expect([await ask(), state.lookups]).toEqual(['ada', 3]);
  });

  it('asks at once when calls are held no longer', async () => {
    const { state, step, ask } = world();
    await ask();
    state.isHeld = true;
    step(5000);
    await ask();
    state.isHeld = false;
    state.isRevoked = true;
    expect(await ask()).toBe('unauthenticated');
  });
});
