import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { canonicalPassword, PASSWORD_BOUNDS, parsePassword } from '../../../../src/model/trust/password.ts';

describe('a password', () => {
  it.each([
    ['of the least length', 'a'.repeat(PASSWORD_BOUNDS.least)],
    ['of the greatest length', 'b'.repeat(PASSWORD_BOUNDS.most)],
    ['of other letters', 'пароль паровоза'],
    ['of eight symbols beyond the basic plane', '🚂'.repeat(8)],
    ['with blanks at its ends', '  two blanks  '],
  ])('is taken: %s', (_, text) => {
    expect(parsePassword(text, 'ada')).toBe(canonicalPassword(text));
  });

  it.each([
    ['short', 'a'.repeat(PASSWORD_BOUNDS.least - 1), 'has 7 characters'],
    ['long', 'a'.repeat(PASSWORD_BOUNDS.most + 1), 'too long'],
    ['seven symbols of two code units', '🚂'.repeat(7), 'has 7 characters'],
    ['a control character', 'tabs\tand more', 'control character'],
    ['the name in another case', 'AdaLovelace', 'name'],
  ])('is refused: %s', (_, text, why) => {
    const refusal = parsePassword(text, 'adalovelace');
    if (!isRejected(refusal)) throw new Error('it was taken');
    expect(refusal.message).toContain(why);
    expect(refusal.message).not.toContain(text);
    expect(refusal.fields).toMatchObject([{ field: 'password' }]);
  });

  it('is short where somebody answers for it, and never empty', () => {
    expect(parsePassword('john123', 'ada', { allowShort: true })).toBe('john123');
    expect(isRejected(parsePassword('', 'ada', { allowShort: true }))).toBe(true);
  });

  it('is one and the same from every keyboard', () => {
    expect(canonicalPassword('cafe\u0301 ﬁne')).toBe(canonicalPassword('café fine'));
  });
});
