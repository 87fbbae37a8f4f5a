import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tarOf } from '../../../src/core/tar.ts';

const FILES = [
  { path: 'commissioning-scripts/00-cpu', mode: 0o755, content: Buffer.from('#!/bin/sh\n') },
  { path: 'empty', mode: 0o644, content: Buffer.alloc(0) },
  { path: 'block', mode: 0o600, content: Buffer.alloc(1024, 'x') },
];

describe('an archive', () => {
  it('is what tar reads, with its permissions', () => {
    const list = execFileSync('tar', ['-tvf', '-'], { input: tarOf(FILES), encoding: 'utf8' });
    expect(
      list
        .trim()
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      expect.stringMatching(/^-rwxr-xr-x 0\/0 10 .*commissioning-scripts\/00-cpu$/),
      expect.stringMatching(/^-rw-r--r-- 0\/0 0 .*empty$/),
      expect.stringMatching(/^-rw------- 0\/0 1024 .*block$/),
    ]);
    const text = execFileSync('tar', ['-xOf', '-', 'commissioning-scripts/00-cpu'], {
      input: tarOf(FILES),
      encoding: 'utf8',
    });
    expect(text).toBe('#!/bin/sh\n');
  });

  it('is the same for the same files, whole records long, and none of them is left out', () => {
    expect(Buffer.from(tarOf(FILES)).equals(Buffer.from(tarOf(FILES)))).toBe(true);
    expect([tarOf([]).length, tarOf(FILES).length % 10_240]).toEqual([10_240, 0]);
  });

  it.each(['', 'a b', 'x'.repeat(101), 'a\n', 'ä'])('takes no path %j', (path) => {
    expect(() => tarOf([{ path, mode: 0o644, content: Buffer.alloc(0) }])).toThrow('is not usable');
  });
});
