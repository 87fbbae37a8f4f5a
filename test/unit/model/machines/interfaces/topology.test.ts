import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkTopology,
  isTagged,
  type LinkedShape,
  lowestFirst,
  mastersFirst,
  mtuOf,
} from '../../../../../src/model/machines/interfaces/topology.ts';

const VLANS = [
  { id: 1, name: 'untagged', vid: 0, fabricId: 1 },
  { id: 2, name: 'storage', vid: 100, fabricId: 1 },
  { id: 3, name: 'office', vid: 200, fabricId: 1 },
  { id: 9, name: 'elsewhere', vid: 100, fabricId: 2 },
];
type More = Partial<LinkedShape>;
const card = (name: string, more: More = {}): LinkedShape => ({
  name,
  kind: 'physical',
  vlanId: 1,
  isLinked: false,
  ...more,
});
const on = (kind: LinkedShape['kind'], name: string, parents: string[], more: More = {}): LinkedShape =>
  card(name, { kind, parents, ...(kind === 'vlan' ? { vlanId: 2 } : {}), ...more });
const names = (all: readonly LinkedShape[]) => all.map(({ name }) => name).join(' ');

describe('interfaces that stand on others', () => {
  it.each<[string, LinkedShape[]]>([
    [
      'a bond of two cards with a VLAN and a bridge on that',
      [
        card('eth0'),
        card('eth1'),
        on('bond', 'bond0', ['eth0', 'eth1'], { isLinked: true }),
        on('vlan', 'bond0-100', ['bond0']),
        on('bridge', 'br0', ['bond0-100'], { vlanId: 2, isLinked: true }),
      ],
    ],
    [
      'a bridge of a card, and a VLAN interface of that card',
      [card('eth0'), on('bridge', 'br0', ['eth0'], { isLinked: true }), on('vlan', 'v', ['eth0'])],
    ],
    [
      'a VLAN interface on a bridge',
      [card('eth0'), on('bridge', 'br0', ['eth0']), on('vlan', 'v', ['br0'], { isLinked: true })],
    ],
    ['a card whose VLAN nobody knows', [card('eth0', { vlanId: null }), on('vlan', 'v', ['eth0'])]],
    [
      'two VLANs on a card',
      [card('eth0', { isLinked: true }), on('vlan', 'a', ['eth0']), on('vlan', 'b', ['eth0'], { vlanId: 3 })],
    ],
  ])('%s are taken', (_, all) => {
    expect(checkTopology(all, VLANS)).toBeNull();
  });

  it.each<[string, LinkedShape[], string, string]>([
    [
      'a card on a card',
      [card('a'), card('b', { parents: ['a'] })],
      'interfaces/1/parents',
      'a card stands on nothing',
    ],
    ['a bond of nothing', [on('bond', 'b', [])], 'interfaces/0/parents', 'b stands on nothing'],
    [
      'a bond of a bond',
      [card('a'), on('bond', 'b', ['a']), on('bond', 'c', ['b'])],
      'interfaces/2/parents',
      'b is a bond interface',
    ],
    ['a bond of a card twice', [card('a'), on('bond', 'b', ['a', 'a'])], 'interfaces/1/parents', 'a is there twice'],
    [
      'a bond of another machine’s card',
      [card('a'), on('bond', 'b', ['x'])],
      'interfaces/1/parents',
      'the machine has no interface x',
    ],
    [
      'a VLAN interface on two',
      [card('a'), card('b'), on('vlan', 'v', ['a', 'b'])],
      'interfaces/2/parents',
      'one card, bond or bridge',
    ],
    [
      'a VLAN in a VLAN',
      [card('a'), on('vlan', 'v', ['a']), on('vlan', 'w', ['v'], { vlanId: 3 })],
      'interfaces/2/parents',
      'v is a vlan interface',
    ],
    [
      'a card in two',
      [card('a'), on('bond', 'b', ['a']), on('bridge', 'c', ['a'])],
      'interfaces/0/parents',
      'a is in b and in c',
    ],
    [
      'an address on a card of a bond',
      [card('a', { isLinked: true }), on('bond', 'b', ['a'])],
      'interfaces/0/addresses',
      'a is in b',
    ],
    [
      'a VLAN on a card of a bond',
      [card('a'), on('bond', 'b', ['a']), on('vlan', 'v', ['a'])],
      'interfaces/0/parents',
      'v stands on a',
    ],
    [
      'a card on another VLAN than its bond',
      [card('a', { vlanId: 3 }), on('bond', 'b', ['a'])],
      'interfaces/0/vlan',
      'another VLAN than b',
    ],
    [
      'a bridge on another VLAN than its port',
      [card('a'), on('vlan', 'v', ['a']), on('bridge', 'c', ['v'])],
      'interfaces/2/vlan',
      'another VLAN than v',
    ],
    [
      'a VLAN interface without a VLAN',
      [card('a'), on('vlan', 'v', ['a'], { vlanId: null })],
      'interfaces/1/vlan',
      'it is missing',
    ],
    [
      'an untagged VLAN interface',
      [card('a', { vlanId: 2 }), on('vlan', 'v', ['a'], { vlanId: 1 })],
      'interfaces/1/vlan',
      'untagged is untagged',
    ],
    [
      'one VLAN twice',
      [card('a'), on('vlan', 'v', ['a']), on('vlan', 'w', ['a'])],
      'interfaces/1/vlan',
      'w speaks in storage on a already',
    ],
    [
      'a VLAN in itself',
      [card('a', { vlanId: 2 }), on('vlan', 'v', ['a'])],
      'interfaces/1/vlan',
      'a is on storage itself',
    ],
    [
      'a VLAN of another fabric',
      [card('a'), on('vlan', 'v', ['a'], { vlanId: 9 })],
      'interfaces/1/vlan',
      'another fabric than untagged',
    ],
    [
      'two MTUs in a bond',
      [card('a', { mtu: 9000 }), card('b', { mtu: 1500 }), on('bond', 'c', ['a', 'b'])],
      'interfaces/2/mtu',
      'c has 9000, b below has 1500',
    ],
    [
      'a circle',
      [card('a'), on('bridge', 'c', ['w'], { vlanId: 2 }), on('vlan', 'w', ['c'])],
      'interfaces/1/parents',
      'c stands on itself',
    ],
  ])('%s is refused', (_, all, field, words) => {
    const refusal = checkTopology(all, VLANS);
    expect(refusal).toMatchObject({ code: 'invalid_value', fields: [{ field }] });
    expect(refusal?.message).toContain(words);
  });

  it('have an order from the lowest, and one in which the first carries the name', () => {
    const all = [
      card('eth0'),
      card('eth1'),
      on('vlan', 'v', ['bond0']),
      on('bond', 'bond0', ['eth0', 'eth1']),
      on('bridge', 'br0', ['v']),
    ];
    expect(names(lowestFirst(all))).toBe('eth0 eth1 bond0 v br0');
    expect(names(mastersFirst(all))).toBe('bond0 eth0 eth1 br0 v');
    expect(names(mastersFirst(mastersFirst(all)))).toBe(names(mastersFirst(all)));
    const nested = [card('eth0'), on('bridge', 'br0', ['bond0']), on('bond', 'bond0', ['eth0'])];
    expect(names(mastersFirst(nested))).toBe('br0 bond0 eth0');
  });

  it('are all in both orders unless they are in a circle, whatever the order they come in', () => {
    const all = [
      card('eth0'),
      card('eth1'),
      on('bond', 'bond0', ['eth0', 'eth1']),
      on('vlan', 'v', ['bond0']),
      on('bridge', 'br0', ['v']),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 5 }), (some) => {
        expect(lowestFirst(some)).toHaveLength(5);
        const order = mastersFirst(some).map(({ name }) => name);
        expect(order.indexOf('bond0')).toBeLessThan(Math.min(order.indexOf('eth0'), order.indexOf('eth1')));
        expect(order.indexOf('br0')).toBeLessThan(order.indexOf('v'));
      }),
    );
  });

  it('have the MTU of their bond, and the smallest below', () => {
    const all = [
      card('a'),
      card('b', { mtu: 1400 }),
      on('bond', 'c', ['a'], { mtu: 9000 }),
      on('vlan', 'v', ['c']),
      on('bridge', 'd', ['v', 'b'], { vlanId: 2 }),
    ];
    expect(all.map((one) => mtuOf(all, one))).toEqual([9000, 1400, 9000, 9000, 1400]);
  });

  it('carry what was set for any that stands on them', () => {
    const all = [
      card('a', { mtu: 1400 }),
      card('b'),
      on('bridge', 'c', ['b'], { mtu: 9000 }),
      on('vlan', 'v', ['a']),
      on('bridge', 'd', ['v'], { vlanId: 2, mtu: 4000 }),
      on('vlan', 'w', ['a'], { vlanId: 3, mtu: 1300 }),
    ];
    expect(all.map((one) => mtuOf(all, one))).toEqual([4000, 9000, 9000, 4000, 4000, 1300]);
    expect(
      checkTopology(
        all.map((one) => ({ ...one, isLinked: false })),
        VLANS,
      ),
    ).toBeNull();
  });

  it('speak tagged on a VLAN interface and on its bridge', () => {
    const all = [card('a'), on('vlan', 'v', ['a']), on('bridge', 'c', ['v'], { vlanId: 2 }), on('bridge', 'd', ['a'])];
    expect(all.map((one) => isTagged(all, one))).toEqual([false, true, true, false]);
  });
});
