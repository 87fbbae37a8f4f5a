import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  type Address,
  compareAddresses,
  contains,
  firstAddress,
  formatAddress,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../../../src/core/ip.ts';
import { reverseName, describeReverseZones, reverseZoneOf, reverseZones } from '../../../../src/model/names/reverse.ts';
import {
  checkNoOverlap,
  parseHostAddress,
  parseSubnetCidr,
  usableBounds,
} from '../../../../src/model/networks/subnet.ts';

const network = (text: string): Network => parseNetwork(text) as Network;
const address = (text: string): Address => parseAddress(text) as Address;

/** A network with an address inside it. */
const inside = fc
  .oneof(
    fc.tuple(fc.constant(4 as const), fc.integer({ min: 8, max: 32 })),
    fc.tuple(fc.constant(6 as const), fc.integer({ min: 16, max: 128 })),
  )
  .chain(([family, prefix]) =>
    fc.bigInt({ min: 0n, max: 2n ** (family === 4 ? 32n : 128n) - 1n }).map((value) => ({ family, value, prefix })),
  )
  .map((item) => ({
    net: { ...firstAddress(item), prefix: item.prefix },
    item: { family: item.family, value: item.value },
  }));

describe('subnets', () => {
  it('refuse overlap and name both', () => {
    expect(checkNoOverlap(network('10.0.0.0/16'), [{ cidr: '10.0.3.0/24', name: 'lab' }])).toMatchObject({
      message: expect.stringMatching(/10\.0\.0\.0\/16.*10\.0\.3\.0\/24/),
    });
    expect(checkNoOverlap(network('10.1.0.0/16'), [{ cidr: '10.0.3.0/24', name: 'lab' }])).toBeNull();
  });

  it('refuse networks that are too large or multicast', () => {
    expect(isRejected(parseSubnetCidr('10.0.0.0/7'))).toBe(true);
    expect(isRejected(parseSubnetCidr('224.0.0.0/24'))).toBe(true);
    expect(isRejected(parseSubnetCidr('ff02::/64'))).toBe(true);
    expect(isRejected(parseSubnetCidr('10.0.0.0/8'))).toBe(false);
  });

  it.each([
    ['10.0.0.0/24', '10.0.0.1', '10.0.0.254'],
    ['10.0.0.0/31', '10.0.0.0', '10.0.0.1'],
    ['10.0.0.1/32', '10.0.0.1', '10.0.0.1'],
    ['2001:db8::/64', '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffff'],
  ])('%s has hosts from %s to %s', (cidr, first, last) => {
    const bounds = usableBounds(network(cidr));
    expect([formatAddress(bounds.first), formatAddress(bounds.last)]).toEqual([first, last]);
  });

  it('refuse an address outside, naming the subnet', () => {
    expect(parseHostAddress('10.0.1.1', { cidr: '10.0.0.0/24' })).toMatchObject({
      message: expect.stringContaining('outside the subnet 10.0.0.0/24'),
    });
    expect(parseHostAddress('10.0.0.255', { cidr: '10.0.0.0/24' })).toMatchObject({
      message: expect.stringContaining('10.0.0.1 to 10.0.0.254'),
    });
  });
});

describe('reverse zones', () => {
  it.each([
    ['10.0.0.0/8', ['10.in-addr.arpa']],
    ['10.1.2.0/24', ['2.1.10.in-addr.arpa']],
    ['10.1.4.0/22', ['4.1.10.in-addr.arpa', '5.1.10.in-addr.arpa', '6.1.10.in-addr.arpa', '7.1.10.in-addr.arpa']],
    ['10.1.2.64/26', ['2.1.10.in-addr.arpa']],
    ['2001:db8::/32', ['8.b.d.0.1.0.0.2.ip6.arpa']],
    ['2001:db8::/31', ['8.b.d.0.1.0.0.2.ip6.arpa', '9.b.d.0.1.0.0.2.ip6.arpa']],
  ])('%s is served by %j', (cidr, zones) => {
    expect(reverseZones(network(cidr))).toEqual(zones);
  });

  it.each([
    ['192.0.2.4/30', ['4.2.0.192', '5.2.0.192', '6.2.0.192', '7.2.0.192']],
    ['192.0.2.6/32', ['6.2.0.192']],
    ['192.0.2.0/24', ['2.0.192']],
  ])('%s cut by address is served by %j', (cidr, zones) => {
    expect(reverseZones(network(cidr), true)).toEqual(zones.map((zone) => `${zone}.in-addr.arpa`));
  });

  it.each([
    ['192.0.2.0/25', [], 'here', '128 zones, one per address; the rest of 192.0.2.0/24 is resolved in the public DNS'],
    ['192.0.2.0/29', ['192.0.2.53'], 'here', '8 zones, one per address; the rest of 192.0.2.0/24 is resolved upstream'],
    ['192.0.2.0/24', ['192.0.2.53'], 'here', 'zone 2.0.192.in-addr.arpa'],
    [
      '10.1.0.0/26',
      ['192.0.2.53'],
      'here',
      'zone 0.1.10.in-addr.arpa; the rest of 10.1.0.0/24 is private and has no names here',
    ],
    [
      '10.1.0.0/26',
      [],
      'upstream',
      'zone 0.1.10.in-addr.arpa; the rest of 10.1.0.0/24 is private and has no names here',
    ],
    [
      '10.1.0.0/26',
      ['192.0.2.53'],
      'upstream',
      '64 zones, one per address; the rest of 10.1.0.0/24 is resolved upstream',
    ],
    ['10.1.4.0/22', [], 'here', '4 zones, 4.1.10.in-addr.arpa to 7.1.10.in-addr.arpa'],
    [
      '2001:db8::/125',
      [],
      'here',
      '8 zones, one per address; the rest of 2001:db8::/124 is resolved in the public DNS',
    ],
    [
      '2001:db8::/65',
      [],
      'here',
      '8 zones, 0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa to 7.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
    ],
  ] as const)('%s, upstream %j, private %s: %s', (cidr, upstream_dns, dns_private_reverse, words) => {
    expect(describeReverseZones(network(cidr), { upstream_dns, dns_private_reverse })).toBe(words);
  });

  it.each([true, false])('hold every address of their network exactly once (cut: %s)', (isCut) => {
    fc.assert(
      fc.property(inside, ({ net, item }) => {
        const zones = reverseZones(net, isCut);
        const name = reverseName(item);
        expect(contains(net, item)).toBe(true);
        expect(new Set(zones).size).toBe(zones.length);
        expect(zones.filter((zone) => name === zone || name.endsWith(`.${zone}`))).toEqual([
          reverseZoneOf(item, net, isCut),
        ]);
      }),
    );
  });

  it('of two networks that do not overlap never lie inside each other', () => {
    fc.assert(
      fc.property(inside, inside, ({ net: a }, { net: b }) => {
        fc.pre(a.family === b.family && !contains(a, firstAddress(b)) && !contains(b, firstAddress(a)));
        for (const one of reverseZones(a))
          for (const other of reverseZones(b))
            expect(one.endsWith(`.${other}`) || other.endsWith(`.${one}`)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('order addresses by family and value', () => {
    expect(
      [address('::1'), address('10.0.0.2'), address('10.0.0.1')].sort(compareAddresses).map(formatAddress),
    ).toEqual(['10.0.0.1', '10.0.0.2', '::1']);
  });
});
