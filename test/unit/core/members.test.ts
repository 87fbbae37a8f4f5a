import { expect, it } from 'vitest';
import { defined, filled } from '../../../src/core/members.ts';

it('leaves out what is undefined, and nothing else', () => {
  expect(Object.keys(defined({ b: 1, a: undefined, c: null, d: [], e: '', f: false }))).toEqual([
    'b',
    'c',
    'd',
    'e',
    'f',
  ]);
});

it('leaves out what is undefined, null or an empty list, and nothing else', () => {
  expect(Object.keys(filled({ b: 1, a: undefined, c: null, d: [], e: '', f: false, g: [0] }))).toEqual([
    'b',
    'e',
    'f',
    'g',
  ]);
});
