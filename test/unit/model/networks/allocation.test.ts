import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressSpan, formatAddress, formatSpan, type Network, parseNetwork } from '../../../../src/core/ip.ts';
import { mergeSpans, nextFreeAddress, subtractSpans } from '../../../../src/model/networks/allocation.ts';
import { spanOf } from '../../../../src/model/networks/ip-range.ts';
import { usableBounds } from '../../../../src/model/networks/subnet.ts';

/** Small numbers, so that spans meet, touch and overlap often; both families. */
const span = (family: 4 | 6) =>
  fc
    .tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 12 }))
    .map(([first, more]): AddressSpan => of(family, first, first + more));
const spans = fc.constantFrom<4 | 6>(4, 6).chain((family) => fc.tuple(span(family), fc.array(span(family))));
const strangers = fc.array(fc.oneof(span(4), span(6)));

function of(family: 4 | 6, first: number, last: number): AddressSpan {
  return { first: { family, value: BigInt(first) }, last: { family, value: BigInt(last) } };
}

/** Every address of the spans, the slow and certain way. */
function addresses(list: readonly AddressSpan[]): Set<bigint> {
  const all = new Set<bigint>();
  for (const { first, last } of list) for (let value = first.value; value <= last.value; value += 1n) all.add(value);
  return all;
}

describe('merged spans', () => {
  it('hold the same addresses, in order, with a gap between each two', () => {
    fc.assert(
      fc.property(spans, ([, list]) => {
        const merged = mergeSpans(list);
        expect(addresses(merged)).toEqual(addresses(list));
        const gaps = merged.slice(1).map((item, index) => item.first.value - (merged[index]?.last.value ?? 0n));
        expect(gaps.every((gap) => gap > 1n)).toBe(true);
      }),
    );
  });

  it('keep the families apart', () => {
    const merged = mergeSpans([of(6, 5, 9), of(4, 8, 9), of(4, 0, 7)]);
    expect(merged.map((item) => [item.first.family, formatSpan(item)])).toEqual([
      [4, '0.0.0.0-0.0.0.9'],
      [6, '::5-::9'],
    ]);
  });
});

describe('what is left of a span', () => {
  it('is exactly what was not taken, in order', () => {
    fc.assert(
      fc.property(spans, ([from, taken]) => {
        const left = subtractSpans(from, taken);
        const gone = addresses(taken);
        const expected = [...addresses([from])].filter((value) => !gone.has(value));
        expect([...addresses(left)]).toEqual(expected);
        for (const item of left) expect(item.first.value).toBeLessThanOrEqual(item.last.value);
      }),
    );
  });

  it('is the whole when nothing of its family is taken', () => {
    expect(subtractSpans(of(4, 1, 9), [of(6, 0, 20)])).toEqual([of(4, 1, 9)]);
  });
});

describe('the next free address', () => {
  const network = fc
    .tuple(fc.constantFrom<4 | 6>(4, 6), fc.integer({ min: 0, max: 6 }))
    .map(([family, bits]): Network => ({ family, value: 0n, prefix: (family === 4 ? 32 : 128) - bits }));

  it('is the lowest usable one that is nowhere taken; null only when there is none', () => {
    fc.assert(
      fc.property(network, strangers, (net, taken) => {
        const { first, last } = usableBounds(net);
        const gone = addresses(taken.filter((item) => item.first.family === net.family));
        let expected: bigint | null = null;
        for (let value = first.value; value <= last.value && expected === null; value += 1n)
          if (!gone.has(value)) expected = value;
        expect(nextFreeAddress(net, taken)?.value ?? null).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('taken again and again gives every usable address once, in order, then none', () => {
    fc.assert(
      fc.property(network, strangers, (net, taken) => {
        const given: AddressSpan[] = [];
        for (;;) {
          const free = nextFreeAddress(net, [...given, ...taken]);
          if (free === null) break;
          given.push({ first: free, last: free });
        }
        const values = given.map((item) => item.first.value);
        expect(values).toEqual([...new Set(values)].sort((a, b) => (a < b ? -1 : 1)));
        const { first, last } = usableBounds(net);
        const gone = addresses(taken.filter((item) => item.first.family === net.family));
        expect(values.length + [...addresses([{ first, last }])].filter((value) => gone.has(value)).length).toBe(
          Number(last.value - first.value + 1n),
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['10.0.0.0/24', ['10.0.0.1-10.0.0.9'], '10.0.0.10'],
    ['10.0.0.0/24', ['10.0.0.2-10.0.0.9'], '10.0.0.1'],
    ['10.0.0.0/24', ['10.0.0.1-10.0.0.254'], null],
    ['10.0.0.0/31', ['10.0.0.0-10.0.0.0'], '10.0.0.1'],
    ['10.0.0.7/32', [], '10.0.0.7'],
    ['10.0.0.7/32', ['10.0.0.7-10.0.0.7'], null],
    ['2001:db8::/64', ['2001:db8::1-2001:db8::ffff'], '2001:db8::1:0'],
    ['0.0.0.0/8', ['0.0.0.1-0.255.255.253'], '0.255.255.254'],
  ])('%s without %j: %s', (cidr, ranges, expected) => {
    const taken = ranges.map((range) => {
      const [first = '', last = ''] = range.split('-');
      return spanOf({ first, last });
    });
    const free = nextFreeAddress(parseNetwork(cidr) as Network, taken);
    expect(free && formatAddress(free)).toBe(expected);
  });

  it('is found among 10,000 taken ones in no time', () => {
    const taken = Array.from({ length: 10_000 }, (_, index) => of(4, index * 2, index * 2)).reverse();
    const started = performance.now();
    expect(nextFreeAddress({ family: 4, value: 0n, prefix: 8 }, taken)?.value).toBe(1n);
    expect(performance.now() - started).toBeLessThan(250);
  });
});
