import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import {
  type Address,
  bareAddress,
  contains,
  firstAddress,
  formatAddress,
  formatNetwork,
  lastAddress,
  type Network,
  orderedNetworks,
  overlaps,
  parseAddress,
  parseNetwork,
  plainAddress,
  sizeOf,
} from '../../../src/core/ip.ts';

const address: fc.Arbitrary<Address> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: 4 as const, value })),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => ({ family: 6 as const, value })),
);
const network: fc.Arbitrary<Network> = address.chain((item) =>
  fc
    .integer({ min: 0, max: item.family === 4 ? 32 : 128 })
    .map((prefix) => ({ ...firstAddress({ ...item, prefix }), prefix })),
);

describe('the address of a client', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['256.0.0.1', '256.0.0.1'],
    ['10.0.0.1.', '10.0.0.1.'],
    ['', ''],
  ])('%s is %s', (text, plain) => expect(plainAddress(text)).toBe(plain));

  it('is what parsing and writing make of it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(plainAddress(text)).toBe(formatAddress(parseAddress(text) as Address));
      }),
    );
  });
});

describe('addresses', () => {
  it('survive writing and reading', () => {
    fc.assert(
      fc.property(address, (item) => {
        expect(parseAddress(formatAddress(item))).toEqual(item);
      }),
    );
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['fe80::0001', 'fe80::1'],
  ])('%s is written %s', (text, canonical) => {
    const parsed = parseAddress(text);
    expect(isRejected(parsed) ? parsed : formatAddress(parsed)).toBe(canonical);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.1.',
    '0x0a.0.0.1',
    '167772161',
    ' 10.0.0.1',
    '10.0.0.1\n',
    'fe80::1%eth0',
    '::g',
    '1:2:3:4:5:6:7:8:9',
  ])('%j is refused with the rule', (text) => {
    expect(parseAddress(text)).toMatchObject({ code: 'invalid_value', message: expect.stringContaining('Rule:') });
  });
});

it('one address has one value in both notations, also below ::/96 (ipaddr.js 2.5.0 makes two of them)', () => {
  expect(parseAddress('::192.0.2.1')).toEqual(parseAddress('::c000:201'));
  expect(parseAddress('::192.0.2.1')).not.toEqual(parseAddress('::ffff:192.0.2.1'));
});

describe('networks', () => {
  it('survive writing and reading', () => {
    fc.assert(
      fc.property(network, (item) => {
        expect(parseNetwork(formatNetwork(item))).toEqual(item);
      }),
    );
  });

  it('hold exactly the addresses between first and last', () => {
    fc.assert(
      fc.property(network, address, (net, item) => {
        expect(lastAddress(net).value - firstAddress(net).value + 1n).toBe(sizeOf(net));
        const inside =
          item.family === net.family && item.value >= firstAddress(net).value && item.value <= lastAddress(net).value;
        expect(contains(net, item)).toBe(inside);
      }),
    );
  });

  it('overlap in both directions or not at all, and only when one holds the other', () => {
    fc.assert(
      fc.property(network, network, (a, b) => {
        expect(overlaps(a, b)).toBe(overlaps(b, a));
        expect(overlaps(a, b)).toBe(contains(a, firstAddress(b)) || contains(b, firstAddress(a)));
      }),
    );
  });

  it('name the network that was meant when host bits are set', () => {
    expect(parseNetwork('10.0.0.7/24')).toMatchObject({ message: expect.stringContaining('10.0.0.0/24') });
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/024', '10.0.0.0/24/1', '::/129', '/8'])(
    '%j is refused',
    (text) => {
      expect(isRejected(parseNetwork(text))).toBe(true);
    },
  );

  it('come once each, IPv4 first, by address and then by prefix; what is none is a fault', () => {
    expect(orderedNetworks(['2001:db8::/32', '10.2.0.0/16', '10.0.0.0/16', '10.0.0.0/8', '10.2.0.0/16'])).toEqual([
      '10.0.0.0/8',
      '10.0.0.0/16',
      '10.2.0.0/16',
      '2001:db8::/32',
    ]);
    expect(() => orderedNetworks(['10.0.0.7/24'])).toThrow('10.0.0.0/24');
  });

  it('are left behind by a bare address', () => {
    expect(['10.0.0.7/24', '10.0.0.7', '2001:db8::1/64'].map(bareAddress)).toEqual([
      '10.0.0.7',
      '10.0.0.7',
      '2001:db8::1',
    ]);
  });
});
