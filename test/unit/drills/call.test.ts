import { describe, expect, it } from 'vitest';
import { CATALOGUE, shortSelection } from '../../../src/drills/hazards/catalogue.ts';
import { COMPARED } from '../../../src/drills/hazards/compared.ts';
import { chosen, parseDrillCall } from '../../../src/drills/run/call.ts';
import { chanceOf, seedOfRound } from '../../../src/drills/run/chance.ts';

const words = (text: string) => (text === '' ? [] : text.split(' '));
const SHORT = shortSelection(chanceOf(1));

describe('the words of scripts/drill', () => {
  it.each([
    ['', { verb: 'help' }],
    ['--help', { verb: 'help' }],
    ['list', { verb: 'list', ids: [] }],
    ['run net-cut-primary', { verb: 'run', ids: ['net-cut-primary'], rounds: 1, seed: null, isStored: true }],
    ['run a b --rounds 30 --seed 7 --no-store', { ids: ['a', 'b'], rounds: 30, seed: 7, isStored: false }],
    ['all --group disk --short --out /x', { verb: 'all', group: 'disk', isShort: true, out: '/x' }],
    ['baseline --rounds 3 --stock-only', { verb: 'baseline', ids: [], rounds: 3, isStockOnly: true }],
    ['random --minutes 5 --seed 9', { verb: 'random', minutes: 5, seed: 9 }],
    ['random', { minutes: 30 }],
    ['run a --clients 190', { clients: 190 }],
    ['baseline', { clients: 0, asksMaas: false }],
    ['run a --maas', { asksMaas: true }],
    [
      'table --since 2026-11-20 --build 0.3.0+a --keep measured',
      { verb: 'table', since: '2026-11-20T00:00:00.000Z', build: '0.3.0+a', keep: 'measured', out: null },
    ],
  ])('"%s" is understood', (text, call) => expect(parseDrillCall(words(text))).toMatchObject(call));

  it.each([
    ['fly', /no verb "fly"/],
    ['run', /name a hazard/],
    ['all net-cut-primary', /takes no names/],
    ['run a --short', /of `all`/],
    ['run a --clients 191', /whole number from 0 to 190/],
    ['random --maas', /--maas is of run, all, baseline/],
    ['random --clients 5', /--clients is of run, all, baseline/],
    ['all --rounds 0', /whole number from 1/],
    ['all --rounds 1.5', /whole number from 1/],
    ['all --seed -1', /seed/],
    ['all --bogus', /bogus/],
    ['run a --stock-only', /of `baseline`/],
    ['all --minutes 5', /of `random`/],
    ['random --minutes 0', /whole number from 1/],
    ['random net-cut-primary', /takes no names/],
    ['run a --keep measured', /of `table`/],
    ['table --since yesterday', /give a date/],
    ['all --since 2026-11-20', /of `table`/],
  ])('"%s" is refused', (text, why) => expect(() => parseDrillCall(words(text))).toThrow(why));

  it('choose from the catalogue, in its order', () => {
    const ids = (text: string) => chosen(parseDrillCall(words(text)), CATALOGUE, SHORT).map(({ id }) => id);
    expect(ids('run net-cut-primary host-kill-primary')).toEqual(['host-kill-primary', 'net-cut-primary']);
    expect(ids('all')).toEqual(CATALOGUE.map(({ id }) => id));
    expect(ids('all --short')).toEqual(SHORT.map(({ id }) => id));
    expect(ids('baseline').toSorted()).toEqual(COMPARED.toSorted());
    expect(ids('baseline host-kill-rack')).toEqual(['host-kill-rack']);
    expect(ids('all --group disk').every((id) => id.startsWith('disk-'))).toBe(true);
    expect(() => ids('run nothing')).toThrow(/no hazard "nothing"/);
    expect(() => ids('all --group nothing')).toThrow(/no group "nothing".*host, process/s);
  });
});

describe('chance', () => {
  it('is the same for the same seed, and lies in [0, 1)', () => {
    const many = (seed: number) => Array.from({ length: 100 }, chanceOf(seed));
    expect(many(42)).toEqual(many(42));
    expect(many(42)).not.toEqual(many(43));
    expect(many(42).every((number) => number >= 0 && number < 1)).toBe(true);
  });

  it('gives every round of every hazard a seed of its own, which its command line takes', () => {
    const seeds = CATALOGUE.flatMap(({ id }) =>
      Array.from({ length: 30 }, (_, index) => seedOfRound(7, id, index + 1)),
    );
    expect(new Set(seeds).size).toBe(seeds.length);
    for (const seed of seeds) expect(parseDrillCall(['run', 'x', '--seed', String(seed)]).seed).toBe(seed);
  });
});
