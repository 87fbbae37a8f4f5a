import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../../src/reconcile/check.ts';

const said = (stderr: string, stdout = '') =>
  wordsOf({ code: 1, signal: null, stdout, stderr, timedOut: false, failure: null });

describe('words of a checker', () => {
  it('are its own, or its status', () => {
    expect(said(' no \n', 'not so\n')).toBe('no\nnot so');
    expect(said('')).toBe('status 1');
  });

  it('are cut in their middle, for the reason often stands at the end', () => {
    const words = said(`first ${'x'.repeat(9000)} FATAL: the reason`);
    expect(words).toMatch(/^first x+\n\[…\]\nx+ FATAL: the reason$/);
    expect(words.length).toBeLessThanOrEqual(2000);
  });
});
