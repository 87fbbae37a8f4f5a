import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  BUNDLE_MAX,
  type BundleContents,
  PART_MAX,
  supportBundle,
  type SupportPart,
} from '../../../src/core/support-bundle.ts';
import { filesOfTar } from '../../kit/tar.ts';

const SUBJECT = {
  madeAt: '2026-03-01T10:00:00.000Z',
  since: '2026-02-28T10:00:00.000Z',
  version: '1.2.3',
  source: 'https://site.test',
  nodes: [{ name: 'k1', why: 'silent' }],
  notes: [],
};
const bundle = (parts: readonly SupportPart[], known: readonly string[] = []) => {
  const { contents, archive } = supportBundle(SUBJECT, parts, {
    missing: [{ path: 'nodes/k1/', why: 'silent' }],
    known,
  });
  return { contents, archive, files: filesOfTar(Buffer.from(archive)) };
};

describe('a support bundle', () => {
  it('begins with its contents: every file with its size and digest, and what is missing', () => {
    const { contents, files } = bundle([
      { path: 'site/status.json', value: { state: 'ok' } },
      { path: 'nodes/r1/log-dns.txt', text: 'a line\n', cut: 'only the newest 1 lines' },
    ]);

    const [first, ...others] = Object.keys(files);
    expect(first).toBe('contents.json');
    expect(others).toEqual(['site/status.json', 'nodes/r1/log-dns.txt']);
    expect(JSON.parse(files['contents.json']?.toString() ?? '') as BundleContents).toEqual(contents);
    for (const { path, bytes, sha256 } of contents.files) {
      const content = files[path] ?? Buffer.alloc(0);
      expect([content.length, createHash('sha256').update(content).digest('hex')], path).toEqual([bytes, sha256]);
    }
    expect(contents.files[1]?.cut).toBe('only the newest 1 lines');
    expect(contents.missing).toEqual([{ path: 'nodes/k1/', why: 'silent' }]);
  });

  it('has no secret that is known, whatever stands around it, and counts what it masked', () => {
    const { archive, contents } = bundle(
      [
        { path: 'a.txt', text: 'left-hunter2!-right' },
        { path: 'b.json', value: { note: 'is hunter2!', power_pass: 'other', list: ['password=x1y2z3'] } },
      ],
      ['hunter2!'],
    );
    for (const secret of ['hunter2!', 'other', 'x1y2z3']) expect(Buffer.from(archive).includes(secret)).toBe(false);
    expect(contents.files.map(({ masked }) => masked)).toEqual([1, 3]);
  });

  it('keeps the newest of a text that is too long, from the start of a line, and says what it left out', () => {
    const line = `${'x y '.repeat(25)}\n`;
    const text = line.repeat(Math.ceil((PART_MAX * 2) / line.length));
    const { contents, files } = bundle([{ path: 'log.txt', text: `first\n${text}last\n` }]);

    const content = files['log.txt']?.toString() ?? '';
    expect(content.length).toBeLessThanOrEqual(PART_MAX);
    expect(content.startsWith(line)).toBe(true);
    expect(content.endsWith('last\n')).toBe(true);
    expect(contents.files[0]?.cut).toMatch(/^the first \d+ of \d+ bytes are left out$/);
  });

  it('is never larger than its limit: what comes last is missing with the reason', () => {
    const text = `${'a b '.repeat(31)}a b\n`.repeat(PART_MAX / 128);
    const parts = Array.from({ length: 60 }, (_, index) => ({ path: `n${index}.txt`, text }));
    const { archive, contents } = bundle(parts);

    expect(archive.length).toBeLessThanOrEqual(BUNDLE_MAX);
    expect(contents.files.length + contents.missing.length).toBe(61);
    expect(contents.missing.at(-1)).toEqual({ path: 'n59.txt', why: 'the bundle has its 100 MiB' });
  }, 60_000);
});
