import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, sentenceOf, show } from '../../../src/core/errors.ts';
import { digestOf, stableJson } from '../../../src/core/stable-json.ts';

describe('stable JSON', () => {
  it('does not depend on the order of keys and reads back the same', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).reverse());
        expect(stableJson(shuffled)).toBe(stableJson(value));
        expect(digestOf(shuffled)).toBe(digestOf(value));
        expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses what JSON would silently change', () => {
    expect(() => stableJson({ a: Number.NaN })).toThrow(/finite/);
    expect(() => stableJson({ a: () => 1 })).toThrow(/function/);
  });
});

describe('error texts', () => {
  it('name every cause', () => {
    expect(sentenceOf(new AppError('io', 'cannot write', { cause: new Error('disk full') }))).toBe(
      'cannot write: disk full',
    );
  });

  it('cannot be forged by a value', () => {
    expect(show('x\nFAKE LINE\u0000')).toBe('"x\\nFAKE LINE\\u0000"');
    expect(show('a'.repeat(500)).length).toBeLessThan(70);
  });
});
