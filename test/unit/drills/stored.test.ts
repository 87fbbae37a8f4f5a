import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { page } from '../../../src/drills/report/page/page.ts';
import { parseStored } from '../../../src/drills/report/stored.ts';
import { hazard, RUN, round } from './report-rounds.ts';

const small = () => round({ probes: ['write', 'vip'] });
/** As a database gives it back. */
const stored = (): Record<'verdict' | 'timeline', Record<string, unknown>> => {
  const { verdict, timeline } = small();
  return JSON.parse(JSON.stringify({ verdict, timeline }));
};

describe('a stored round', () => {
  it('comes back as it was', () => {
    const { verdict, timeline } = stored();
    expect(parseStored('round 1', verdict, timeline)).toEqual({ verdict, timeline });
  });

  it('comes back with how busy the machine was', () => {
    const { verdict, timeline } = JSON.parse(
      JSON.stringify(round({ probes: ['write'], timeline: { busy: { before: 40, after: 80 } } })),
    );
    expect(verdict.busy).toEqual({ before: 40, after: 80 });
    expect(parseStored('round 1', verdict, timeline)).toEqual({ verdict, timeline });
    const refusal = parseStored('round 1', { ...verdict, busy: { before: 140, after: 80 } }, timeline);
    expect(isRejected(refusal) && refusal.message).toContain('verdict/busy/before is not a percentage');
  });

  it.each([
    ['no list', { marks: 'x' }, 'timeline/marks is not a list'],
    ['an item of another shape', { deeds: [7] }, 'timeline/deeds/0 is not an object'],
    ['an unknown word', { marks: [{ at: 1, kind: 'x', host: null, text: '' }] }, 'timeline/marks/0/kind is not one of'],
    ['a moment beyond a day', { endedAt: 1e300 }, 'timeline/endedAt is not a time within a day, ms'],
    ['a member that is missing', { cast: {} }, 'timeline/cast/regions is missing'],
    ['a name of the language', { ledger: { ...small().timeline?.ledger, found: { constructor: 1 } } }, 'is not a list'],
  ])('with %s is refused', (_what, part, sentence) => {
    const { verdict, timeline } = stored();
    const refusal = parseStored('round 1', verdict, { ...timeline, ...part });
    expect(isRejected(refusal) && refusal.message).toContain(sentence);
  });

  it('of any JSON is refused, or can be drawn', () => {
    const { verdict, timeline } = stored();
    const keys = Object.keys(timeline);
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        const parsed = parseStored('round 1', verdict, { ...timeline, [key]: value });
        return isRejected(parsed) || page(RUN, [{ ...parsed, hazard: hazard() }]).includes('</html>');
      }),
    );
  });
});
