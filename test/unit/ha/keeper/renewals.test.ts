import { describe, expect, it } from 'vitest';
import { Renewals } from '../../../../ha/keeper/renewals.ts';

describe('renewals of a lease', () => {
  it('do not wait for one that an etcd without a leader keeps', async () => {
    const renewals = new Renewals();
    const kept = Promise.withResolvers<boolean>();
    const first = renewals.renew(1_000, () => kept.promise);
    expect(await renewals.renew(1_100, async () => true)).toBeNull();
    expect(await renewals.renew(1_200, async () => true)).toBe(true);
    kept.resolve(false);
    expect(await first).toBe(false);
  });

  it('are six at a time at most, also after failures', async () => {
    const renewals = new Renewals();
    const kept = Array.from({ length: 6 }, () => Promise.withResolvers<boolean>());
    const open = kept.map((one, turn) => renewals.renew(1_000 + 200 * turn, () => one.promise));
    expect(await renewals.renew(3_000, async () => true)).toBeNull();
    kept[0]?.reject(new Error('no answer in time'));
    await expect(open[0]).rejects.toThrow('no answer in time');
    expect(await renewals.renew(3_000, async () => true)).toBe(true);
    for (const one of kept.slice(1)) one.resolve(true);
    await Promise.all(open.slice(1));
  });
});
