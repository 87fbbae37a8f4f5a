import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { BOND_MODES, parseBond, parseBridge, parseMtu } from '../../../../../src/model/machines/interfaces/settings.ts';

describe('settings of a bond', () => {
  it('are the usual ones where nobody says otherwise', () => {
    expect(parseBond({})).toEqual({ mode: 'active-backup', miimon: 100, downDelay: 0, upDelay: 0, gratuitousArps: 1 });
    expect(parseBond({ mode: '802.3ad' })).toMatchObject({ lacpRate: 'slow', hashPolicy: 'layer2' });
  });

  it.each([
    [{ mode: 'lacp' }, 'bond/mode', 'one of balance-rr'],
    [{ miimon: -1 }, 'bond/miimon', 'from 0 to 60000'],
    [{ miimon: 1.5 }, 'bond/miimon', 'from 0 to 60000'],
    [{ mode: '802.3ad', miimon: 0 }, 'bond/miimon', '1 ms or more'],
    [{ miimon: 0, downDelay: 100 }, 'bond/downDelay', '100 needs a check of the links'],
    [{ lacpRate: 'fast' }, 'bond/lacpRate', 'active-backup does not use LACP'],
    [{ mode: '802.3ad', lacpRate: 'often' }, 'bond/lacpRate', 'slow, fast'],
    [{ mode: 'balance-rr', hashPolicy: 'layer2' }, 'bond/hashPolicy', 'balance-rr does not choose a card by a hash'],
    [{ gratuitousArps: 256 }, 'bond/gratuitousArps', 'from 0 to 255'],
    [{ mode: 'balance-xor\nUnknown=1' }, 'bond/mode', 'is not known'],
  ])('%j is refused: %s', (wish, field, words) => {
    const refusal = parseBond(wish);
    expect(refusal).toMatchObject({ code: 'invalid_value', fields: [{ field }] });
    expect(isRejected(refusal) ? refusal.message : '').toContain(words);
  });

  it('of any mode with what belongs to it are taken, and read again they are the same', () => {
    const delays = fc.record({ miimon: fc.constant(50), upDelay: fc.nat(5000) });
    fc.assert(
      fc.property(fc.constantFrom(...BOND_MODES), delays, (mode, times) => {
        const bond = parseBond({ mode, ...times });
        if (isRejected(bond)) throw new Error(bond.message);
        expect(parseBond({ ...bond })).toEqual(bond);
      }),
    );
  });
});

describe('settings of a bridge, and an MTU', () => {
  it('are within what the kernel takes', () => {
    expect(parseBridge({})).toEqual({ stp: false, forwardDelay: 15 });
    expect(parseBridge({ stp: true, forwardDelay: 2 })).toEqual({ stp: true, forwardDelay: 2 });
    expect(parseBridge({ forwardDelay: 0 })).toEqual({ stp: false, forwardDelay: 0 });
    expect(parseBridge({ stp: true, forwardDelay: 1 })).toMatchObject({ fields: [{ field: 'bridge/forwardDelay' }] });
    expect(parseBridge({ forwardDelay: 31 })).toMatchObject({ fields: [{ field: 'bridge/forwardDelay' }] });
    for (const mtu of [576, 1500, 9000, 65_535]) expect(parseMtu(mtu)).toBe(mtu);
    for (const mtu of [575, 65_536, 1500.5, Number.NaN, -1]) expect(isRejected(parseMtu(mtu))).toBe(true);
  });
});
