import { isRejected, type Rejected, rejected } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Caller, KeyOrigin, PresentedKey, Region } from '../region/port.ts';
import { createLimiter } from './limiter.ts';

/** How long a verified key is trusted without asking the database: also how long a revoked one may still work. */
const TRUST_MS = 2000;
/**
 * … and for so long more while calls are held because nobody has a primary. Nothing can be revoked then; and of a hundred calls that have waited
 * each would ask who it is before the first write is made.
 */
const HELD_TRUST_MS = 10_000;
const TRUSTED_MAX = 1000;
/** Failures that an address may have at once, and how many per second it gets back. */
const FAILURES = { burst: 20, perSecond: 1, names: 10_000 } as const;

const KEY_FORM = /^Bearer +([A-Za-z0-9]{1,64}):([A-Za-z0-9]{1,64}):([A-Za-z0-9]{1,128})$/i;

/** Finds out who calls. */
export interface Authenticator {
  /** `authorization` is the header's text. */
  authenticate(authorization: string | undefined, origin: KeyOrigin): Promise<Caller | Rejected>;
}

/**
 * Makes the authenticator of API v1: `Authorization: Bearer consumer:token:secret`. An address with too many failures gets 429 before any
 * query; keys that were right a moment ago go on working, so that an unknown caller behind the same proxy locks nobody out.
 */
export function createAuthenticator(region: Pick<Region, 'authenticate' | 'isHeld'>, clock: Clock): Authenticator {
  const trusted = new Map<string, { caller: Caller; until: number }>();
  const failures = createLimiter(clock, FAILURES);

  async function verify(key: PresentedKey, name: string, origin: KeyOrigin): Promise<Caller | Rejected | null> {
    const caller = await region.authenticate(key, origin);
    if (caller !== null && !isRejected(caller)) {
      const oldest = trusted.keys().next();
      if (trusted.size >= TRUSTED_MAX && !oldest.done) trusted.delete(oldest.value);
      trusted.set(name, { caller, until: clock.monotonic() + TRUST_MS });
    } else {
      trusted.delete(name);
    }
    return caller;
  }

  return {
    async authenticate(authorization, origin) {
      const { address, isTls } = origin;
      const match = KEY_FORM.exec(authorization ?? '');
      const [, consumer, token, secret] = match ?? [];
      const key = consumer && token && secret ? { consumer, token, secret } : null;
      // What is allowed over TLS may be refused without it, and to one address.
      const from = isTls ? 'tls' : address;
      const name = key ? `${key.consumer}:${key.token}:${key.secret} ${from}` : '';
      const known = key ? trusted.get(name) : undefined;
      const graceMs = region.isHeld() ? HELD_TRUST_MS : 0;
      if (known && known.until + graceMs > clock.monotonic()) return known.caller;
      if (!failures.mayTry(address))
        return rejected(
          'too_many_requests',
          `There were too many wrong API keys from ${address}. Try again in a few seconds.`,
        );
      const caller = key ? await verify(key, name, origin) : null;
      if (caller) return caller;
      failures.count(address);
      return rejected('unauthenticated', sentenceOf(authorization, key));
    },
  };
}

function sentenceOf(authorization: string | undefined, key: PresentedKey | null): string {
  if (!authorization) return 'There is no API key. Send the header "Authorization: Bearer consumer:token:secret".';
  if (!key) return 'The header Authorization is not of the form "Bearer consumer:token:secret".';
  return 'The API key is not known, was revoked or has expired, or its secret is wrong.';
}
