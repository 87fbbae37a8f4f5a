import { describe, expect, it } from 'vitest';
import { hasOtherRoute, rankRoutes } from '../../../../../src/region/machines/power/choose.ts';
import { stepsOf } from '../../../../../src/region/machines/power/order.ts';
import type { ReachRow } from '../../../../../src/store/queries/machines/power-states.ts';

const row = (node: string, given: Partial<ReachRow> = {}): ReachRow => ({
  nodeId: node,
  node,
  isDrained: false,
  silentMs: 1000,
  isOnSubnet: false,
  isReachable: null,
  ms: null,
  agoMs: null,
  workedMs: null,
  ...given,
});
const reached = { isReachable: true, agoMs: 1000, ms: 5 };
const order = (...rows: readonly ReachRow[]) => rankRoutes(rows).map(({ node }) => node);

describe('the node that asks a BMC', () => {
  it('is the one whose order came about last, then the quickest that reaches it, then those of its subnet, then others', () => {
    expect(
      order(
        row('failed', { isReachable: false, agoMs: 1000, isOnSubnet: true }),
        row('other'),
        row('near', { isOnSubnet: true }),
        row('slow', { ...reached, ms: 50 }),
        row('quick', reached),
        row('worked-long-ago', { ...reached, workedMs: 9000 }),
        row('worked', { ...reached, workedMs: 1000, ms: 90 }),
      ),
    ).toEqual(['worked', 'worked-long-ago', 'quick', 'slow', 'near', 'other', 'failed']);
  });

  it('reports: a silent one, and a drained one, come after all others, whatever they did before', () => {
    const worked = { ...reached, workedMs: 1 };
    expect(
      order(
        row('silent', { ...worked, silentMs: 60_000 }),
        row('never', { silentMs: null }),
        row('drained', { ...worked, isDrained: true }),
        row('new', { isReachable: false, agoMs: 1 }),
      ),
    ).toEqual(['new', 'drained', 'silent', 'never']);
  });

  it('is probed first unless its way was seen within ten minutes', () => {
    const isKnown = (given: Partial<ReachRow>) => rankRoutes([row('k1', given)])[0]?.isKnown;
    expect(isKnown(reached)).toBe(true);
    expect(isKnown({ ...reached, agoMs: 600_001 })).toBe(false);
    expect(isKnown({ ...reached, silentMs: 60_000 })).toBe(false);
    expect(isKnown({ isReachable: false, agoMs: 1 })).toBe(false);
    expect(isKnown({})).toBe(false);
  });

  it('may be one that failed long ago', () => {
    const failed = { isReachable: false, agoMs: 1000 };
    expect(hasOtherRoute([row('k1', failed)])).toBe(false);
    expect(hasOtherRoute([row('k1', { ...failed, agoMs: 700_000 })])).toBe(true);
    expect(hasOtherRoute([row('k1', failed), row('k2', { silentMs: 60_000 })])).toBe(false);
    expect(hasOtherRoute([row('k1', failed), row('k2')])).toBe(true);
    expect(order(row('k1', failed), row('k2', { ...failed, agoMs: 700_000 }))).toEqual(['k2', 'k1']);
  });
});

describe('the steps of an order', () => {
  it('of a cycle are two, of which the first cuts the power unless it was told otherwise', () => {
    expect(stepsOf({ verb: 'cycle', boot: 'pxe' })).toEqual([
      { verb: 'off', stopMode: 'hard' },
      { verb: 'on', boot: 'pxe' },
    ]);
    expect(stepsOf({ verb: 'cycle', stopMode: 'soft' })[0]).toEqual({ verb: 'off', stopMode: 'soft' });
  });

  it('of all others are one', () => {
    expect(stepsOf({ verb: 'off' })).toEqual([{ verb: 'off' }]);
    expect(stepsOf({ verb: 'off', stopMode: 'soft' })).toEqual([{ verb: 'off', stopMode: 'soft' }]);
    expect(stepsOf({ verb: 'on', boot: 'disk' })).toEqual([{ verb: 'on', boot: 'disk' }]);
    expect(stepsOf({ verb: 'query' })).toEqual([{ verb: 'query' }]);
  });
});
