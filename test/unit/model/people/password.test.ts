import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { canonicalPassword, PASSWORD_BOUNDS, parsePassword } from '../../../../src/model/people/password.ts';

describe('a password', () => {
  it.each([
    ['of the least length', 'horsecab'.slice(0, PASSWORD_BOUNDS.least)],
    ['of the greatest length', 'horse cab'.repeat(30).slice(0, PASSWORD_BOUNDS.most)],
    ['of other letters', 'пароль паровоза'],
    ['of eight symbols beyond the basic plane', '🚂🚃🚄🚅🚆🚇🚈🚉🚂'],
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

describe('a password that everybody tries first', () => {
  it.each([
    'password',
    'Password1',
    'P@ssw0rd!',
    'p a s s w o r d',
    '12345678',
    '1234567890',
    '87654321',
    'abcdefgh',
    'aaaaaaaa',
    'abababab',
    'qwertyuiop',
    'letmein1',
    'changeme',
    'Admin123',
    'regent2026',
    'maas1234',
    'Welcome1!',
    'test1234',
    'Ada12345',
    '123ada!!',
  ])('%s is refused with the reason', (text) => {
    const refusal = parsePassword(text, 'ada');
    expect(isRejected(refusal) && refusal.message).toMatch(/^password: .*Rule: 8 to 256 characters/);
    expect(isRejected(refusal) && refusal.message.slice('password'.length)).not.toContain(text);
  });
  it.each(['ada', 'ADA', 'password', 'admin', '1234', 'secret'])(
    '%s is refused though short ones are allowed',
    (text) => {
      expect(isRejected(parsePassword(text, 'ada', { allowShort: true }))).toBe(true);
    },
  );
  it.each(['correct horse', 'tr0ub4dor&3', 'analytical engine', 'passwords are hard', 'master of puppets'])(
    '%s is taken',
    (text) => expect(parsePassword(text, 'ada')).toBe(text),
  );
});
