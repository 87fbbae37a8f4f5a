import { argon2, type Argon2Parameters, timingSafeEqual } from 'node:crypto';
import { type Rejected, rejected } from '../../core/errors.ts';
import type { Random } from '../../core/ports.ts';
import type { PasswordHasher } from '../../region/people/accounts/port.ts';

/** OWASP's smallest recommended argon2id: 19 MiB, two passes, one lane. 57 ms on a core of 2024. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_BYTES = 32;
const SALT_BYTES = 16;
/** Hashes at one time: each takes its memory and a thread of the pool that also reads files. */
const AT_ONCE = 2;
/** Hashes that wait: two seconds of work. What is more is refused at no cost. */
const WAITING_MOST = 64;
/** Costs that a stored hash may name: what a later release may have raised them to. */
const MOST = { memory: 262_144, passes: 16, parallelism: 8 } as const;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,64})\$([A-Za-z0-9+/]{16,128})$/;

type Cost = Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>;

/** Hashes passwords by argon2id (RFC 9106), in threads beside the event loop. */
export function createPasswordHasher(random: Pick<Random, 'hex'>): PasswordHasher {
  const within = createQueue();
  return {
    hash: (password) =>
      within(async () => {
        const salt = Buffer.from(random.hex(SALT_BYTES), 'hex');
        const tag = await derive(password, salt, COST, TAG_BYTES);
        const { memory, passes, parallelism } = COST;
        return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
      }),
    isRight: (password, stored) =>
      within(async () => {
        const parsed = stored === null ? null : parsePhc(stored);
        const salt = parsed?.salt ?? Buffer.alloc(SALT_BYTES);
        const tag = await derive(password, salt, parsed?.cost ?? COST, parsed?.tag.length ?? TAG_BYTES);
        return parsed !== null && timingSafeEqual(tag, parsed.tag);
      }),
  };
}

function parsePhc(text: string): { readonly cost: Cost; readonly salt: Buffer; readonly tag: Buffer } | null {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(text) ?? [];
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const isAffordable = cost.memory <= MOST.memory && cost.passes <= MOST.passes && cost.parallelism <= MOST.parallelism;
  return isAffordable ? { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') } : null;
}

function derive(password: string, nonce: Buffer, cost: Cost, tagLength: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { ...cost, message: password, nonce, tagLength }, (error, tag) =>
      error === null ? resolve(tag) : reject(error),
    );
  });
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function createQueue() {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T | Rejected> => {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING_MOST)
        return rejected('too_many_requests', 'Too many passwords are being checked. Try again in a few seconds.');
      // Whoever ends hands its place on, so that nobody comes between.
      await new Promise<void>((go) => waiting.push(go));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
