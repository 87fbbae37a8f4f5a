import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guard } from '../../../src/template/guard.ts';

const read = (view: object, ...names: readonly (string | number)[]): unknown =>
  names.reduce<unknown>((value, name) => Reflect.get(value as object, name), guard(view));

describe('guard', () => {
  it('lets good values through', () => {
    const view = { text: 'a"; }{ \\', count: 0, hasZones: false, zones: [{ name: 'x' }], empty: {} };
    expect(JSON.parse(JSON.stringify(guard(view)))).toEqual(view);
    expect(read(view, 'zones', 0, 'name')).toBe('x');
  });

  it.each([
    [
      'an unknown name',
      { zones: [{ name: 'x' }] },
      ['zones', 0, 'nmae'],
      /view\.zones\[0\] has no "nmae"; it has name/,
    ],
    ['a name of every object', { a: 1 }, ['hasOwnProperty'], /view has no "hasOwnProperty"/],
    ['a name of an empty object', { a: {} }, ['a', 'b'], /view\.a has no "b"; it has nothing/],
  ])('throws for %s', (_what, view, names, message) => {
    expect(() => read(view, ...names)).toThrow(message);
  });

  it.each([
    ['null', { a: [{ b: null }] }, /view\.a\[0\]\.b is null/],
    ['undefined', { a: undefined }, /view\.a is undefined/],
    ['a hole in a list', { a: Array(1) }, /view\.a\[0\] is undefined/],
    ['NaN', { ttl: Number.NaN }, /view\.ttl is NaN/],
    ['infinity', { ttl: Number.POSITIVE_INFINITY }, /view\.ttl is Infinity/],
    ['a big integer', { ttl: 1n }, /view\.ttl is a bigint/],
    ['a function', { name: () => 1 }, /view\.name is a function/],
    ['a date', { at: new Date(0) }, /view\.at is not a plain object/],
    ['a map', { at: new Map() }, /view\.at is not a plain object/],
    ['a newline', { name: 'a\nb' }, /view\.name holds a control character: "a\\nb"/],
    ['NUL', { name: 'a\0b' }, /view\.name holds a control character/],
    ['DEL', { name: '\u007f' }, /control character/],
    ['a C1 character', { name: '\u0085' }, /control character/],
    ['a Unicode line end', { name: '\u2028' }, /control character/],
    ['half a character', { name: '\ud800' }, /not well-formed/],
    ['a text named like a boolean', { isOn: 'yes' }, /has… and is… are the names of booleans/],
    ['a boolean named like a text', { on: true }, /has… and is… are the names of booleans/],
    ['a reserved name', JSON.parse('{"__proto__": 1}'), /reserved name/],
    ['a constructor', { constructor: 'x' }, /reserved name/],
  ])('refuses %s', (_what, view: object, message) => {
    expect(() => guard(view)).toThrow(message);
  });

  it('never lets a control character through, wherever it is', () => {
    const control = fc.integer({ min: 0, max: 31 }).map((code) => String.fromCharCode(code));
    const text = fc.tuple(fc.string(), control, fc.string()).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.constantFrom('a', 'b', 'c')), (bad, path) => {
        const view = path.reduceRight<object>((inner, name) => ({ [name]: [inner] }), { leaf: bad });
        expect(() => guard(view)).toThrow(/control character/);
      }),
    );
  });
});
