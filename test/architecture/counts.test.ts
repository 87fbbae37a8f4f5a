import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/drills/hazards/catalogue.ts';
import { documents, linesOf, readDocument, ROOT } from '../kit/documents.ts';

describe('the number of hazards', () => {
  /** What was played on a day that the sentence names; another number than today's. */
  const OF_A_DAY = [/98 hazards each/, /69 hazards, many/];
  const counts = (text: string) => {
    const prose = text.replaceAll(/\s+/g, ' ');
    return Array.from(
      prose.matchAll(/\b(\d+) (?:kinds|hazards|kinds of hazards|drills)\b.{0,10}/g),
      ([all, number]) => ({
        all,
        number: Number(number),
      }),
    ).filter(({ all }) => !OF_A_DAY.some((one) => one.test(all)));
  };

  it('is that of the catalogue wherever a document states it', () => {
    const stated = documents()
      .filter((path) => path !== 'CHANGELOG.md')
      .flatMap((path) => counts(readDocument(path)).map(({ all, number }) => ({ path, all, number })));
    expect(stated.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/drills.md']));
    expect(stated.filter(({ number }) => number !== CATALOGUE.length)).toEqual([]);
    expect(counts('scripts/drill list has 7\nkinds; 98 hazards each')).toEqual([
      { all: '7 kinds; 98 hazar', number: 7 },
    ]);
  });
});

describe('dependencies', () => {
  it('have one reason each in README.md', () => {
    const manifest: Record<string, Record<string, string> | undefined> = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    const names = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    );
    const section =
      readDocument('README.md')
        .split(/^## /m)
        .find((part) => part.startsWith('Dependencies')) ?? '';
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
    const rows = linesOf(section).filter(({ text }) => text.startsWith('| `'));
    expect(rows.filter(({ text }) => !/^\| `[^|]+ \| .{8,} \|$/.test(text))).toEqual([]);
  });
});
