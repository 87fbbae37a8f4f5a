import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { checkDhcpPossible, parseVid } from '../../../../src/model/networks/vlan.ts';

describe('a VLAN', () => {
  it('has a number of IEEE 802.1Q', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -10, max: 5000 }), fc.double()), (value) => {
        expect(isRejected(parseVid(value))).toBe(!(Number.isInteger(value) && value >= 0 && value <= 4094));
      }),
    );
    expect(parseVid(4095)).toMatchObject({
      code: 'invalid_value',
      message: expect.stringContaining('0 (untagged) to 4094'),
    });
  });

  it('serves DHCP exactly when an IPv4 subnet of it has a dynamic range', () => {
    const subnet = fc.record({
      id: fc.integer({ min: 1, max: 4 }),
      vlanId: fc.integer({ min: 1, max: 2 }),
      cidr: fc.constantFrom('10.0.0.0/24', '10.0.1.0/24', '2001:db8::/64'),
    });
    const range = fc.record({
      subnetId: fc.integer({ min: 1, max: 4 }),
      kind: fc.constantFrom<'dynamic' | 'reserved'>('dynamic', 'reserved'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(subnet, { selector: (item) => item.id }), fc.array(range), (subnets, ranges) => {
        const isPossible = subnets.some(
          (item) =>
            item.vlanId === 1 &&
            item.cidr.startsWith('10.') &&
            ranges.some((other) => other.subnetId === item.id && other.kind === 'dynamic'),
        );
        expect(checkDhcpPossible({ id: 1, name: 'vlan10' }, subnets, ranges) === null).toBe(isPossible);
      }),
    );
  });

  it('says what is missing for DHCP', () => {
    const vlan = { id: 1, name: 'fabric-1/vlan10' };
    expect(checkDhcpPossible(vlan, [], [])?.message).toBe(
      'The VLAN fabric-1/vlan10 has no IPv4 subnet. Rule: DHCP needs a dynamic range in an IPv4 subnet of the VLAN.',
    );
    const subnets = [{ id: 1, vlanId: 1, cidr: '10.0.0.0/24' }];
    expect(checkDhcpPossible(vlan, subnets, [{ subnetId: 1, kind: 'reserved' }])?.message).toBe(
      'The VLAN fabric-1/vlan10 has no dynamic range in 10.0.0.0/24. Rule: DHCP needs a dynamic range in an IPv4 subnet of the VLAN.',
    );
  });
});
