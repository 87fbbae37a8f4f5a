import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedString, bareToken, zoneStrings } from '../../../src/template/quoting.ts';

/** Reads character strings as RFC 1035 §5.1 says: the bytes of every string. */
function readStrings(text: string): number[][] {
  const strings: number[][] = [];
  let bytes: number[] | null = null;
  for (const [token] of text.matchAll(/\\\d{3}|\\.|./gs)) {
    if (token === '"') {
      if (bytes) strings.push(bytes);
      bytes = bytes ? null : [];
    } else if (bytes) {
      bytes.push(token.length === 4 ? Number(token.slice(1)) : token.charCodeAt(token.length - 1));
    } else if (token !== ' ') {
      throw new Error(`${token} between two strings`);
    }
  }
  if (bytes) throw new Error('the last string is open');
  return strings;
}

describe('zoneStrings', () => {
  it('comes back byte for byte, in strings of at most 255 bytes', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: fc.constantFrom('"', '\\', ';', '0', 'x', '\n', '\0', 'ü', '€'), maxLength: 400 }),
    );
    fc.assert(
      fc.property(text, (value) => {
        const written = zoneStrings(value);
        expect(written).toMatch(/^[\x20-\x7e]*$/);
        const strings = readStrings(written);
        expect(strings.every((bytes) => bytes.length <= 255)).toBe(true);
        expect(Buffer.from(strings.flat()).toString()).toBe(value);
      }),
    );
  });

  it.each([
    ['', '""'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\0\n', '"\\000\\010"'],
    ['x'.repeat(255), `"${'x'.repeat(255)}"`],
    ['x'.repeat(256), `"${'x'.repeat(255)}" "x"`],
  ])('%j', (text, written) => {
    expect(zoneStrings(text)).toBe(written);
  });
});

describe('word and namedString', () => {
  it.each(['example.test', '_dmarc', '*.apps', '@', '10.0.0.0/8', '2001:db8::1', '/etc/bind/regent', 'a-b'])(
    '%s',
    (text) => {
      expect(bareToken(text)).toBe(text);
      expect(namedString(text)).toBe(`"${text}"`);
    },
  );

  it.each(['', 'a b', 'a;', 'a"', 'a\\', '{', '}', 'a\n', 'a\0', '#', '$INCLUDE', 'ü', '!x', '%'])(
    '%j is no word',
    (text) => {
      expect(() => bareToken(text)).toThrow(/is not a plain token/);
    },
  );

  it.each(['a"', '\\', 'a\\', 'a\nb', '\0'])('%j is no string of named.conf', (text) => {
    expect(() => namedString(text)).toThrow(/cannot stand in named\.conf/);
  });
});
