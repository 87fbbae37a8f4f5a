import { describe, expect, it } from 'vitest';
import { createLimiter, sourceOf } from '../../../src/api/limiter.ts';
import type { Clock } from '../../../src/core/ports.ts';

describe('a limiter', () => {
  it('lets a burst through, then what comes back with time, each name for itself, in bounded memory', () => {
    let ms = 0;
    const clock: Clock = { now: () => ms, monotonic: () => ms };
    const limiter = createLimiter(clock, { burst: 3, perSecond: 0.5, names: 2 });
    const use = (name: string) => {
      const may = limiter.mayTry(name);
      if (may) limiter.count(name);
      return may;
    };
    expect([1, 2, 3, 4].map(() => use('a'))).toEqual([true, true, true, false]);
    expect(use('b')).toBe(true);
    ms += 1999;
    expect(use('a')).toBe(false);
    ms += 1;
    expect([1, 2].map(() => use('a'))).toEqual([true, false]);
    // A third name: the one that was counted longest ago is forgotten.
    use('c');
    expect(use('a')).toBe(false);
    use('d');
    use('e');
    expect(use('a')).toBe(true);
  });
});

describe('the source of a request', () => {
  it.each([
    [undefined, 'unix'],
    ['', 'unix'],
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
