import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { createPasswordHasher } from '../../../src/main/region/passwords.ts';

/** argon2id by `node:crypto`: what is stored, what is right, and how much may wait. */
const random = { hex: (bytes: number) => randomBytes(bytes).toString('hex') };

describe('the hasher', () => {
  it('knows its own hashes, and no others', async () => {
    const hasher = createPasswordHasher(random);
    const stored = await hasher.hash('correct horse');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(stored).not.toBe(await hasher.hash('correct horse'));
    expect(await hasher.isRight('correct horse', stored as string)).toBe(true);
    expect(await hasher.isRight('correct horse ', stored as string)).toBe(false);
    expect(await hasher.isRight('', stored as string)).toBe(false);
    expect(await hasher.isRight('correct horse', null)).toBe(false);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['another algorithm', '$argon2d$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAAAA'],
    ['a cost that nobody can pay', '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAAAA'],
  ])('takes %s for no hash', async (_, stored) => {
    expect(await createPasswordHasher(random).isRight('correct horse', stored)).toBe(false);
  });

  it('refuses what would wait too long, and goes on', async () => {
    const hasher = createPasswordHasher(random);
    const answers = await Promise.all(Array.from({ length: 80 }, () => hasher.isRight('x', null)));
    expect(answers.filter(isRejected).map(({ code }) => code)).toEqual(Array(14).fill('too_many_requests'));
    expect(await hasher.isRight('x', null)).toBe(false);
  }, 120_000);
});
