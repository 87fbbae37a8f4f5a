import { type Rejected, rejected } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Caller, KeyOrigin } from '../../region/port.ts';
import type { Authenticator } from '../auth.ts';
import { createNonceMemory, isOAuthRefusal, parseOAuth, refuseStale } from '../oauth.ts';

const NONCES = 50_000;
const BEARER = /^\s*bearer\s/i;
/** Of what parts of our keys are made. */
const PART = /^[A-Za-z0-9]{1,128}$/;

/** Who calls, by OAuth 1.0 with PLAINTEXT or by a bearer key. */
export interface MaasAuthenticator {
  authenticate(authorization: string | undefined, origin: KeyOrigin): Promise<Caller | Rejected>;
}

/**
 * Makes it on the authenticator of API v1, which knows the keys and limits failures. Clocks may be off as far as they like: with PLAINTEXT a window keeps nobody out, and
 * machines with dead clocks in.
 */
export function createMaasAuthenticator(keys: Authenticator, clock: Clock): MaasAuthenticator {
  const nonces = createNonceMemory(NONCES);
  return {
    async authenticate(authorization, origin) {
      if (BEARER.test(authorization ?? '')) return keys.authenticate(authorization, origin);
      const read = parseOAuth(authorization);
      if (isOAuthRefusal(read)) return rejected(read.status === 400 ? 'bad_request' : 'unauthenticated', read.message);
      const { consumer, token, secret } = read;
      const known = [consumer, token, secret].every((part) => PART.test(part))
        ? `Bearer ${consumer}:${token}:${secret}`
        : 'Bearer -';
      const caller = await keys.authenticate(known, origin);
      if ('kind' in caller)
        return caller.code === 'unauthenticated'
          ? rejected('unauthenticated', 'The API key is not known, was revoked or has expired, or its secret is wrong.')
          : caller;
      // Whose key it is comes first: who guesses learns nothing of nonces.
      const stale = refuseStale(read, { windowSeconds: null, nonces }, { nowMs: clock.now(), source: origin.address });
      return stale ? rejected('unauthenticated', stale.message) : caller;
    },
  };
}
