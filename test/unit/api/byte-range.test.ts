import { expect, it } from 'vitest';
import { parseRange } from '../../../src/api/agent/byte-range.ts';

it.each([
  [undefined, null],
  ['', null],
  ['bytes=', null],
  ['bytes=-', null],
  ['items=0-1', null],
  ['bytes=0-1,3-4', null],
  ['bytes=5-2', null],
  ['bytes=a-b', null],
  ['bytes=0-9999999999999999999', null],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-5', { start: 2, end: 5 }],
  [' Bytes = 2 - 5 ', { start: 2, end: 5 }],
  ['bytes=8-', { start: 8, end: 9 }],
  ['bytes=8-99', { start: 8, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=10-12', 'unsatisfiable'],
])('of ten bytes %s is %j', (header, range) => {
  expect(parseRange(header, 10)).toEqual(range);
});
