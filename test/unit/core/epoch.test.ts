import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, recoveriesOf } from '../../../ha/epoch/statement.ts';
import { compareEpochs, type Epoch, describeEpoch, formatEpoch, parseEpoch } from '../../../src/core/epoch.ts';

const [A, B, C] = [
  { id: '0000000a', at: 1000 },
  { id: '0000000b', at: 2000 },
  { id: '0000000c', at: 3000 },
];
// Few values, so that epochs often share their beginning.
const recovery = fc.record({
  id: fc.constantFrom('0000000a', '0000000b', '0000000c'),
  at: fc.integer({ min: 1, max: 3 }),
});
const epochs = fc.array(recovery, { maxLength: 4 });

describe('the epoch of a cluster', () => {
  it.each<[string, Epoch, Epoch, number]>([
    ['a recovery counts more than none', [A], [], 1],
    ['the next one counts more than the one before', [A, C], [A], 1],
    ['of two that recovered apart the earlier counts', [A], [B], 1],
    ['with all that came after it, however often the later one recovered', [A], [B, C], 1],
    ['at the same moment: one of them, for everybody', [A], [{ id: '0000000b', at: 1000 }], 1],
    ['the same', [A, B], [A, B], 0],
  ])('%s', (_, a, b, expected) => {
    expect(Math.sign(compareEpochs(a, b))).toBe(expected);
    expect(Math.sign(compareEpochs(b, a))).toBe(expected === 0 ? 0 : -expected);
  });

  it('is an order in which everybody comes to the same end, in our programs and in those of ha', () => {
    fc.assert(
      fc.property(epochs, epochs, epochs, (a, b, c) => {
        const sign = (x: Epoch, y: Epoch) => Math.sign(compareEpochs(x, y));
        expect(sign(a, b) + sign(b, a)).toBe(0);
        expect(sign(a, b) === 0).toBe(formatEpoch(a) === formatEpoch(b));
        expect(sign(a, b) > 0 && sign(b, c) > 0 && sign(a, c) <= 0).toBe(false);
        expect(Math.sign(compare(a, b))).toBe(sign(a, b));
        expect(sign([...a, C], a)).toBe(1);
      }),
    );
  });

  it('is read as it was written, here and in ha', () => {
    fc.assert(
      fc.property(epochs, (epoch) => {
        expect(parseEpoch(formatEpoch(epoch))).toEqual(epoch);
        expect(recoveriesOf(formatEpoch(epoch))).toEqual(epoch);
      }),
    );
  });

  it.each(['', '2', '1/0000000a@1000', '3/0000000a@1000', '2/0000000A@1000', '2/0000000a@', '2/0000000a@-1', 'x'])(
    'is not %j',
    (text) => {
      expect(parseEpoch(text)).toMatchObject({ code: 'invalid_value', message: expect.stringContaining('Rule:') });
      expect(recoveriesOf(text)).toBeNull();
    },
  );

  it('has words', () => {
    expect(describeEpoch([])).toBe('epoch 1');
    expect(describeEpoch([A])).toBe('epoch 2 (0000000a)');
  });
});
