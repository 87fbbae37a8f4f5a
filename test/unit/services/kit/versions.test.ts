import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Version } from '../../../../src/model/snapshot.ts';
import { nextVersions, VERSION_MAX } from '../../../../src/services/kit/versions.ts';

const row = (key: string, digest: string, version: number): Version => ({ service: 'dns', key, digest, version });
const want = (key: string, digest: string) => ({ service: 'dns', key, digest });

describe('nextVersions', () => {
  it('keeps the number of unchanged content', () => {
    expect(nextVersions([row('a', 'x', 7)], [want('a', 'x')], 1000)).toEqual([row('a', 'x', 7)]);
  });

  it('gives changed content the time, or one more when the clock is behind', () => {
    expect(nextVersions([row('a', 'x', 7)], [want('a', 'y')], 1000)).toEqual([row('a', 'y', 1000)]);
    expect(nextVersions([row('a', 'x', 2000)], [want('a', 'y')], 1000)).toEqual([row('a', 'y', 2001)]);
    expect(nextVersions([], [want('b', 'y'), want('a', 'x')], 1000.9)).toEqual([
      row('a', 'x', 1000),
      row('b', 'y', 1000),
    ]);
  });

  it('keeps the row of a thing that is gone, and goes on from there when it returns', () => {
    const gone = nextVersions([row('a', 'x', 2000)], [], 1000);
    expect(gone).toEqual([row('a', 'x', 2000)]);
    expect(nextVersions(gone, [want('a', 'z')], 1000)).toEqual([row('a', 'z', 2001)]);
  });

  it('leaves a row at the end of its numbers as it is', () => {
    expect(nextVersions([row('a', 'x', VERSION_MAX - 1)], [want('a', 'y')], 1)).toEqual([row('a', 'y', VERSION_MAX)]);
    expect(nextVersions([row('a', 'x', VERSION_MAX)], [want('a', 'y')], 1)).toEqual([row('a', 'x', VERSION_MAX)]);
  });

  it('keeps services apart', () => {
    const rows = nextVersions([row('a', 'x', 7)], [{ service: 'other', key: 'a', digest: 'x' }], 9);
    expect(rows).toEqual([row('a', 'x', 7), { service: 'other', key: 'a', digest: 'x', version: 9 }]);
  });

  it('never goes back and never reuses a number for other content, whatever the clock and the zones do', () => {
    const step = fc.record({
      now: fc.integer({ min: 0, max: 5000 }),
      zones: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3')),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let rows: readonly Version[] = [];
        const seen = new Map<string, string>();
        for (const { now, zones } of steps) {
          const wanted = Object.entries(zones).map(([key, digest]) => want(key, digest));
          const next = nextVersions(rows, wanted, now);
          for (const old of rows) {
            const found = next.find((item) => item.key === old.key);
            expect(found?.version).toBeGreaterThanOrEqual(old.version);
            expect(found?.digest === old.digest || (found?.version ?? 0) > old.version).toBe(true);
          }
          for (const { key, digest } of wanted) expect(next.find((item) => item.key === key)?.digest).toBe(digest);
          for (const item of next) {
            const id = `${item.key} ${item.version}`;
            expect(seen.get(id) ?? item.digest).toBe(item.digest);
            seen.set(id, item.digest);
          }
          expect(nextVersions(next, wanted, now + 100)).toEqual(next);
          rows = next;
        }
      }),
    );
  });
});
