import { describe, expect, it } from 'vitest';
import {
  BAD_MS,
  burdenOf,
  isTooFull,
  type Reach,
  type Steady,
  steady,
  USELESS,
  WELL_MS,
} from '../../../../ha/dhcp/reach.ts';

const WELL: Reach = { missing: [], isCut: false, isFull: false, isDrained: false, aheadMs: 0 };

/** What counts after these looks, one each 200 ms, that began at 0. */
function after(looks: readonly (readonly [isBad: boolean, forMs: number])[]): boolean {
  let [now, counts]: [number, Steady | undefined] = [0, undefined];
  for (const [isBad, forMs] of looks)
    for (const end = now + forMs; now <= end; now += 200) counts = steady(counts, isBad, now);
  return counts?.isBad === true;
}

describe('an interface that comes and goes', () => {
  it.for<readonly [string, Parameters<typeof after>[0], boolean]>([
    ['bad at the beginning counts at once', [[true, 0]], true],
    [
      '... and is forgotten soon: a host that begins looks before its links are up',
      [
        [true, 400],
        [false, BAD_MS],
      ],
      false,
    ],
    ['well counts at once', [[false, 0]], false],
    [
      'bad for a moment does not count',
      [
        [false, 3000],
        [true, BAD_MS - 400],
      ],
      false,
    ],
    [
      'bad for a second does',
      [
        [false, 3000],
        [true, BAD_MS + 400],
      ],
      true,
    ],
    [
      'well for a moment does not count',
      [
        [false, 3000],
        [true, 3000],
        [false, WELL_MS - 1000],
      ],
      true,
    ],
    [
      'well for ten seconds does',
      [
        [false, 3000],
        [true, 3000],
        [false, WELL_MS + 400],
      ],
      false,
    ],
    [
      'a loose cable stays bad',
      [
        [true, 3000],
        [false, 8000],
        [true, 200],
        [false, 8000],
      ],
      true,
    ],
  ])('%s', ([, looks, expected]) => expect(after(looks)).toBe(expected));
});

describe('room for leases', () => {
  const [MIB, size] = [1_048_576, 100 * 1_048_576];
  it.each([
    ['is enough above a megabyte', false, { free: MIB, size }, false],
    ['is too little below it', false, { free: MIB - 1, size }, true],
    ['is enough again only with four times as much', true, { free: 4 * MIB - 1, size }, true],
    ['is enough again', true, { free: 4 * MIB, size }, false],
    ['of a small disk is judged by its size', false, { free: 320_000, size: 16 * MIB }, true],
    ['of a small disk is enough', false, { free: 340_000, size: 16 * MIB }, false],
    ['of a disk of which nothing is known is enough', false, { free: 0, size: 0 }, false],
  ])('%s', (_, was, space, expected) => expect(isTooFull(was, space)).toBe(expected));
});

describe('of two racks the one with less serves', () => {
  it('nothing is best, then an operator’s wish, then links, then a wrong clock; who has no link or no room is of no use', () => {
    const burdens = [
      WELL,
      { ...WELL, isDrained: true },
      { ...WELL, missing: ['eth1'] },
      { ...WELL, missing: ['eth1'], isDrained: true },
      { ...WELL, missing: ['eth1', 'eth2'] },
      { ...WELL, aheadMs: -60_000 },
      { ...WELL, missing: ['eth1'], isCut: true },
    ].map(burdenOf);
    expect(burdens).toEqual(burdens.toSorted((a, b) => a - b));
    expect(new Set(burdens).size).toBe(burdens.length);
    expect(burdenOf({ ...WELL, isFull: true })).toBe(USELESS);
  });
});
