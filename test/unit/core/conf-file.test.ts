import { describe, expect, it } from 'vitest';
import { parseConfEntries, parseConfFile } from '../../../src/core/conf-file.ts';
import { isRejected } from '../../../src/core/errors.ts';

const read = (text: string) => {
  const parsed = parseConfFile('regent.conf', text);
  return isRejected(parsed) ? parsed.message : Object.fromEntries(parsed);
};

describe('a KEY=VALUE file', () => {
  it('accepts what people write', () => {
    const text =
      '\uFEFF# comment\r\n\r\nA=1\r\nexport B = "two words" # why\nC=\'it is # not a comment\'\nD=x # comment\nA=2\nE=\n';
    expect(read(text)).toEqual({ A: '2', B: 'two words', C: 'it is # not a comment', D: 'x', E: '' });
  });

  it('knows the line of every value: of equal keys the last one', () => {
    const entries = parseConfEntries('rack.conf', '# x\r\n\r\n  export\tA = 1\r\nB="x"\nA=2');
    expect(isRejected(entries) ? entries : Object.fromEntries(entries)).toEqual({
      A: { value: '2', line: 5 },
      B: { value: 'x', line: 4 },
    });
  });

  it.each([
    ['A=1\nnonsense', 'line 2: there is no "="'],
    ['A-B=1', 'line 1: the key must be'],
    ['A="open', 'line 1: the quote " is not closed'],
    ['A="x" y', 'line 1: there is text after the closing quote'],
    ['A=two words', 'line 1: a value with blanks needs quotes'],
    ['A=x\u0000y', 'line 1: the value holds a control character'],
  ])('%j is refused with its line', (text, sentence) => {
    expect(read(text)).toContain(sentence);
  });

  it('never repeats a value in the error: it may be a password', () => {
    expect(read('DATABASE_URL=postgres://u:secret word@h/d')).not.toContain('secret');
  });
});
