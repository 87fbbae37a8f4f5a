import { describe, expect, it } from 'vitest';
import { parseCall, topologyOf, USAGE } from '../../../src/lab/call.ts';
import { layoutOf } from '../../../src/lab/layout.ts';

/** No lab of this name is there. */
const NOWHERE = layoutOf('nowhere-at-all');
const named = (...words: string[]) => topologyOf(parseCall(['up', ...words]), NOWHERE).name;

describe('the command line of scripts/lab', () => {
  it('up means the cluster, or what it is told', () => {
    expect([named(), named('--single'), named('--mixed')]).toEqual([
      '3 regions, 2 racks',
      'single',
      '3 regions, r2 a rack too, 0 more racks',
    ]);
    expect([named('--regions', '5', '--racks', '1'), named('--regions', '1')]).toEqual([
      '5 regions, 1 racks',
      '1 regions, 2 racks',
    ]);
  });

  it.each([
    [['--single', '--mixed'], /one of/],
    [['--single', '--racks', '1'], /one of/],
    [['--regions', 'many'], /NaN regions is not possible/],
    [['--regions', '0'], /0 regions is not possible/],
  ])('up %j is refused', (words, text) => expect(() => named(...words)).toThrow(text));

  it('words after -- are the command’s', () => {
    const call = parseCall(['exec', '--timeout', '0', 'r1', '--', 'ls', '--help']);
    expect(call).toMatchObject({ verb: 'exec', args: ['r1'], command: ['ls', '--help'], timeoutMs: 86_400_000 });
    expect(() => parseCall(['exec', '--timeout', 'soon', 'r1'])).toThrow(/no.? a number/);
  });

  it.each([['up', '--help'], ['down', '--purge', '-h'], ['--help']])(
    '%s %s asks for help and does nothing',
    (...words) => expect(parseCall(words)).toMatchObject({ verb: 'help', args: [] }),
  );

  it('every verb of the issue is in the help', () => {
    for (const verb of 'up down status exec logs kill start stop cut heal partition oneway loss pause resume fill empty client'.split(
      ' ',
    )) {
      expect(USAGE).toMatch(new RegExp(`^ {2}(\\S+ \\| )*${verb}\\b`, 'm'));
    }
  });
});
