import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainText, splitPlain } from '../../../../src/lab/machines/console.ts';

it.each([
  ['\x1b[2J\x1b[01;01HSeaBIOS\r\r\n', 'SeaBIOS\n'],
  ['\x1b[0m\x1b[37m\x1b[40m>>Start PXE over IPv4.', '>>Start PXE over IPv4.'],
  ['\x1b]0;evil title\x07login: \x07', 'login: '],
  ['\x1bc\x1b(Ba\tb\x00', 'a\tb'],
  ['50 %\r100 %\n', '50 %100 %\n'],
])('%j is shown as %j', (written, shown) => expect(plainText(written)).toBe(shown));

it('no byte that moves a terminal is left, wherever what comes is cut', () => {
  const pieces = fc.constantFrom(
    '\x1b[2J',
    '\x1b[1;31m',
    '\x1b]0;t\x07',
    '\r\n',
    '\x1b',
    '\x9b',
    'a',
    '[',
    '\x07',
    '\n',
    '\x00',
  );
  fc.assert(
    fc.property(fc.array(pieces), fc.nat(), (written, cut) => {
      const text = written.join('');
      const at = text.length === 0 ? 0 : cut % text.length;
      const first = splitPlain(text.slice(0, at));
      const shown = first.plain + plainText(first.rest + text.slice(at));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      expect(shown).toBe(plainText(text));
    }),
  );
});
