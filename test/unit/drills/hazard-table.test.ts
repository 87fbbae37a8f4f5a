import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/drills/hazards/catalogue.ts';
import { rowsIn, rowsOf } from './hazard-rows.ts';

const ROOT = join(import.meta.dirname, '../../..');
const readme = (folder: string) => readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
const README = readme('ha');

describe('the hazard table of ha/README.md', () => {
  it('has a line for each row of the catalogue, its drills and their deadlines, and no other', () => {
    expect(rowsIn(README)).toEqual(rowsOf(CATALOGUE));
  });

  it('says of each hazard who notices and who acts', () => {
    const lines = README.split('\n').filter((line) => line.startsWith('| '));
    const cells = lines.slice(1).map((line) => line.split('|').map((cell) => cell.trim()));
    for (const [, hazard, notices, acts] of cells) {
      expect(`${hazard}: ${notices}`).toMatch(/: .+/);
      expect(`${hazard}: ${acts}`).toMatch(/: .+/);
    }
    expect(cells.length).toBe(rowsIn(README).length);
  });

  it('would be seen to be out of step', () => {
    const rows = rowsOf(CATALOGUE);
    expect(rowsIn(README.replace('{primary,primary-leader}', '{primary}'))).not.toEqual(rows);
    expect(rowsIn(README.replace('calls 90 s', 'calls 9 s'))).not.toEqual(rows);
    expect(rowsIn(README.replace(/\| a rack's host dies.*\n/, ''))).not.toEqual(rows);
    expect(rowsOf(CATALOGUE.filter(({ id }) => id !== 'net-cut-rack'))).not.toEqual(rowsIn(README));
  });
});

describe('the hazard tables of single parts', () => {
  it.each(['ha/squid', 'ha/kea', 'ha/chrony'])('%s names a test for each line', (folder) => {
    const lines = readme(folder)
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const tests = lines.slice(1).map((line) => /`(test\/[^`]+)` \|$/.exec(line)?.[1] ?? line);
    expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(tests.length).toBeGreaterThan(0);
  });
});
