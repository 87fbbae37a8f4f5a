import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { formatAddress, parseAddress, spansOverlap } from '../../../../src/core/ip.ts';
import {
  checkAddressFree,
  checkRangeAlone,
  checkRangeUnclaimed,
  parseRange,
  type RangeKind,
  sizeOfSpan,
  spanOf,
} from '../../../../src/model/networks/ip-range.ts';
import { parseGateway, parseResolvers } from '../../../../src/model/networks/subnet.ts';

const SUBNET = { cidr: '10.0.0.0/24' };
const read = (first: string, last: string, kind: RangeKind = 'dynamic', subnet = SUBNET) =>
  parseRange({ first, last, kind }, subnet);
const host = (value: number) => formatAddress({ family: 4, value: 0x0a000000n + BigInt(value) });
const range = (first: number, last: number, kind: RangeKind = 'dynamic') => ({
  first: host(first),
  last: host(last),
  kind,
});

describe('a range', () => {
  it('is canonical, with both ends as numbers', () => {
    expect(read('2001:DB8::0:1', '2001:db8::F', 'reserved', { cidr: '2001:db8::/64' })).toMatchObject({
      first: '2001:db8::1',
      last: '2001:db8::f',
    });
    expect(read('10.0.0.7', '10.0.0.7')).toMatchObject({ first: '10.0.0.7', last: '10.0.0.7' });
  });

  it.each([
    ['10.0.1.1', '10.0.1.9', 'first: 10.0.1.1 is outside the subnet 10.0.0.0/24'],
    ['10.0.0.1', '10.0.1.9', 'last: 10.0.1.9 is outside the subnet 10.0.0.0/24'],
    ['10.0.0.0', '10.0.0.9', 'first: 10.0.0.0 is not a host'],
    ['10.0.0.9', '10.0.0.255', 'last: 10.0.0.255 is not a host'],
    ['10.0.0.9', '10.0.0.1', 'last: 10.0.0.1 lies before 10.0.0.9'],
    ['10.0.0.9', 'many', 'last: "many" is not an IP address'],
    ['10.0.0.1', '2001:db8::1', 'last: 2001:db8::1 is outside the subnet 10.0.0.0/24'],
  ])('%s-%s is refused: %s', (first, last, sentence) => {
    expect(read(first, last)).toMatchObject({ code: 'invalid_value', message: expect.stringContaining(sentence) });
  });

  it('of IPv6 is reserved only', () => {
    const six = { cidr: '2001:db8::/64' };
    expect(read('2001:db8::1', '2001:db8::9', 'dynamic', six)).toMatchObject({
      message: expect.stringContaining('a dynamic range is IPv4'),
    });
    expect(isRejected(read('2001:db8::1', '2001:db8::9', 'reserved', six))).toBe(false);
  });

  it('has a size, as far as numbers are exact', () => {
    expect(sizeOfSpan(spanOf({ first: '10.0.0.10', last: '10.0.0.19' }))).toBe(10);
    expect(sizeOfSpan(spanOf({ first: '2001:db8::', last: '2001:db8::ffff:ffff:ffff:ffff' }))).toBe(2 ** 53);
  });

  it('stands alone, whatever the kinds: refused exactly where a number would be in both, naming both', () => {
    const ends = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20 }));
    const kind = fc.constantFrom<RangeKind>('dynamic', 'reserved');
    fc.assert(
      fc.property(ends, fc.array(fc.tuple(ends, kind), { maxLength: 5 }), ([first, more], others) => {
        const mine = spanOf(range(first, first + more));
        const list = others.map(([[from, count], of]) => range(from, from + count, of));
        const answer = checkRangeAlone(mine, list);
        const clash = list.find((item) => spansOverlap(mine, spanOf(item)));
        const sentence = clash
          ? `overlaps the ${clash.kind} range ${clash.first}-${clash.last}. Rule: ranges share no address.`
          : undefined;
        expect(answer?.message.replace(/^\S+ /, '')).toBe(sentence);
        expect(answer?.message.startsWith(host(first))).toBe(clash && true);
      }),
    );
  });

  it('that DHCP gives out holds nobody, and a fixed address lies outside of it', () => {
    const claim = {
      what: '10.0.0.1, the gateway of 10.0.0.0/24',
      span: spanOf({ first: '10.0.0.1', last: '10.0.0.1' }),
    };
    expect(checkRangeUnclaimed(spanOf(range(1, 9)), [claim])?.message).toMatch(
      /10\.0\.0\.1-10\.0\.0\.9 holds 10\.0\.0\.1, the gateway of 10\.0\.0\.0\/24/,
    );
    expect(checkRangeUnclaimed(spanOf(range(2, 9)), [claim])).toBeNull();
    const five = spanOf(range(5, 5));
    expect(checkAddressFree(five, [range(2, 9)], [])?.message).toContain('the dynamic range 10.0.0.2-10.0.0.9');
    expect(checkAddressFree(five, [range(2, 9, 'reserved')], [])).toBeNull();
    expect(checkAddressFree(spanOf(range(1, 1)), [], [claim])?.message).toBe(
      'The address is taken: 10.0.0.1, the gateway of 10.0.0.0/24.',
    );
  });
});

describe('a gateway and resolvers', () => {
  it.each([
    ['10.0.0.1', '10.0.0.0/24', '10.0.0.1'],
    ['10.0.0.0', '10.0.0.0/31', '10.0.0.0'],
    ['2001:DB8::1', '2001:db8::/64', '2001:db8::1'],
  ])('%s of %s', (text, cidr, expected) => {
    expect(parseGateway(text, { cidr })).toBe(expected);
  });

  it.each([
    ['10.0.1.1', '10.0.0.0/24', 'outside the subnet 10.0.0.0/24'],
    ['10.0.0.255', '10.0.0.0/24', '10.0.0.1 to 10.0.0.254'],
    ['10.0.0.7', '10.0.0.7/32', '10.0.0.7/32 has only one address'],
    ['gw', '10.0.0.0/24', 'is not an IP address'],
  ])('%s of %s is refused: %s', (text, cidr, sentence) => {
    expect(parseGateway(text, { cidr })).toMatchObject({
      code: 'invalid_value',
      message: expect.stringContaining(sentence),
      fields: [{ field: 'gateway' }],
    });
  });

  it('resolvers are addresses of the family, each once', () => {
    expect(parseResolvers(['192.0.2.1', '192.0.2.2'], SUBNET)).toEqual(['192.0.2.1', '192.0.2.2']);
    for (const bad of [['192.0.2.1', '192.0.2.1'], ['::1'], ['dns.example.test']])
      expect(parseResolvers(bad, SUBNET)).toMatchObject({ code: 'invalid_value' });
    expect(parseAddress('192.0.2.1')).toMatchObject({ family: 4 });
  });
});
