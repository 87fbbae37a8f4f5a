import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeDesired } from '../../../src/agent/accept.ts';
import { parseRegionUrl } from '../../../src/agent/channel/targets.ts';
import { desiredOf } from '../../kit/fake-region.ts';

const at = (generation: number, serial: number) => desiredOf('n', generation, { dns: { desired: { serial } } });

describe('what arrives', () => {
  it('is taken only when it is newer', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (held, next, isSame) => {
          const verdict = judgeDesired(at(next, isSame ? 1 : 2), 'n', at(held, 1));
          const expected = next > held ? 'accepted' : next === held && isSame ? 'same' : 'refused';
          expect(verdict.kind).toBe(expected);
        },
      ),
    );
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), (value) => judgeDesired(value, 'n', null).kind === 'refused'));
  });

  it('is whole and this node’s', () => {
    expect(judgeDesired(at(1, 1), 'n', null).kind).toBe('accepted');
    expect(judgeDesired(at(1, 1), 'm', null)).toMatchObject({ code: 'wrong_node' });
    expect(judgeDesired({ ...at(1, 1), body: at(1, 2).body }, 'n', null)).toMatchObject({ code: 'wrong_digest' });
  });
});

describe('addresses of regions', () => {
  it('are sockets or URLs', () => {
    expect(parseRegionUrl('unix:/run/x.sock').socketPath).toBe('/run/x.sock');
    expect(parseRegionUrl('http://10.0.0.1:5250').base.port).toBe('5250');
    for (const bad of ['', 'unix:relative', 'ftp://x', '10.0.0.1:5250'])
      expect(() => parseRegionUrl(bad)).toThrow(/Rule/);
  });
});
