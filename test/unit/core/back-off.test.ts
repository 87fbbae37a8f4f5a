import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../../src/core/back-off.ts';

describe('back-off', () => {
  it('doubles from the first pause to the last, in the upper half of each, whatever the number of failures', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, fraction) => {
        const pause = backOffMs(failures, { firstMs: 100, mostMs: 5000 }, { fraction: () => fraction });
        const full = failures > 5 ? 5000 : 100 * 2 ** failures;
        expect(pause).toBeGreaterThanOrEqual(full / 2);
        // The largest fraction below 1, halved, rounds up to a half: the whole pause is reached, never passed.
        expect(pause).toBeLessThanOrEqual(full);
      }),
    );
  });
});
