import { describe, expect, it } from 'vitest';
import { parseAnnotations, parseArchitecture, parseDescription } from '../../../../src/model/site/annotation.ts';
import { parsePoolName } from '../../../../src/model/machines/resource-pool.ts';
import { parseZoneName } from '../../../../src/model/machines/zone.ts';

describe('annotations', () => {
  it('are kept in the order of their names', () => {
    const parsed = parseAnnotations({ 'b.example/x': '2', a: '' });
    expect(Object.entries(parsed)).toEqual([
      ['a', ''],
      ['b.example/x', '2'],
    ]);
  });

  it.each([
    ['a blank in a name', { 'a b': '' }],
    ['no name', { '': '' }],
    ['a long name', { ['a'.repeat(64)]: '' }],
    ['a long text', { a: 'x'.repeat(1025) }],
    ['a line end', { a: 'x\ny' }],
    ['too many', Object.fromEntries([...Array(65).keys()].map((n) => [`n${n}`, '']))],
  ])('are refused: %s', (_, given) => {
    expect(parseAnnotations(given)).toMatchObject({ kind: 'rejected', fields: [{ field: 'annotations' }] });
  });
});

describe('a description', () => {
  it('is one line', () => {
    expect(parseDescription('Hall 2, rack 7; ask Ada.')).toBe('Hall 2, rack 7; ask Ada.');
    for (const bad of ['a\nb', 'a\u007fb', 'a'.repeat(2001)])
      expect(parseDescription(bad)).toMatchObject({ kind: 'rejected' });
  });
});

describe.each([
  ['zone', parseZoneName],
  ['resource pool', parsePoolName],
])('the name of a %s', (_, parse) => {
  it('is a part of a path', () => {
    for (const good of ['default', 'hall 1', 'a', 'A.b_c-d', 'a'.repeat(64)]) expect(parse(good)).toBe(good);
    for (const bad of ['', '7', 'a/b', ' a', 'a ', 'a:b', 'ä', 'a'.repeat(65)])
      expect(parse(bad)).toMatchObject({ kind: 'rejected', fields: [{ field: 'name' }] });
  });
});

describe('an architecture', () => {
  it('is one and what it is of it, or none', () => {
    for (const good of ['', 'amd64/generic', 'arm64/xgene-uboot', 'ppc64el/ga-22.04'])
      expect(parseArchitecture(good)).toBe(good);
    for (const bad of ['amd64', 'AMD64/generic', 'amd64/', '/generic', 'amd64/a b', `${'a'.repeat(17)}/generic`])
      expect(parseArchitecture(bad)).toMatchObject({ kind: 'rejected', fields: [{ field: 'expectedArchitecture' }] });
  });
});
