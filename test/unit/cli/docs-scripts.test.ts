import { describe, expect, it } from 'vitest';
import { commandsIn, programOf } from '../../kit/doc-commands.ts';
import { documents } from '../../kit/documents.ts';
import { complaintOfScript, labForms } from '../../kit/script-grammar.ts';

/** Every command line of the documents that runs a script of the checkout is one that the script takes. */
const shown = documents()
  .filter((path) => path !== 'CHANGELOG.md')
  .flatMap(commandsIn)
  .flatMap(({ place, words, isMention }) => {
    const { program, argv } = programOf(words);
    const complaint = complaintOfScript(program, argv, isMention);
    return complaint === null ? [] : [{ place, line: words.join(' '), complaint }];
  });

describe('scripts that the documents show', () => {
  it('are found, and each is one', () => {
    expect(shown.length).toBeGreaterThan(100);
    expect(shown.filter(({ complaint }) => complaint !== '')).toEqual([]);
  });

  it('have the verbs of the help of scripts/lab', () => {
    const forms = labForms();
    expect(new Set(forms.map(({ verb }) => verb)).size).toBeGreaterThan(20);
    expect(forms).toContainEqual({ verb: 'stop', required: [null], optional: 0 });
    expect(forms).toContainEqual({ verb: 'logs', required: [null], optional: 1 });
    expect(forms).toContainEqual({
      verb: 'machine',
      required: [['power'], null, ['on', 'off', 'status']],
      optional: 0,
    });
  });

  it.each([
    ['scripts/lab', ['kil', 'r1'], /no verb "kil"/],
    ['scripts/lab', ['kill'], /does not take/],
    ['scripts/lab', ['loss', 'r1', '5', '6'], /does not take/],
    ['scripts/lab', ['machine', 'power', 'm1', 'onn'], /does not take/],
    ['scripts/lab', ['client', 'vlan10', '--dchp'], /--dchp/],
    ['scripts/drill', ['run', 'host-kil'], /no hazard "host-kil"/],
    ['scripts/drill', ['all', '--clinets', '3'], /clinets/],
    ['scripts/test', ['--only', 'no-such-test'], /no step, project or test file/],
    ['scripts/up', ['--singel'], /does not know "--singel"/],
    ['scripts/build-image', ['tiny-one'], /does not know "tiny-one"/],
    ['scripts/upp', [], /there is no scripts\/upp/],
    ['npm', ['run', 'bnech'], /no script "bnech"/],
  ])('%s %j is refused', (program, argv, words) => {
    expect(complaintOfScript(program, argv, false)).toMatch(words);
  });
});
