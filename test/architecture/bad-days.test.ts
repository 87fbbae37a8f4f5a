import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const TEST = join(import.meta.dirname, '..');
const ROW = /^\| (?<day>[^|]+) \| `(?<file>[^`|]+)` \| (?<title>[^|]+) \|$/;
const ROWS_MIN = 30;

/** Rows whose file is not there, or has no such title. Pure but for `read`: null: there is no such file. */
function strayRows(table: string, read: (file: string) => string | null): string[] {
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| bad day'));
  return rows.flatMap((line) => {
    const { day, file = '', title = '' } = ROW.exec(line)?.groups ?? {};
    if (day === undefined) return [`not a row: ${line}`];
    const source = read(file);
    if (source === null) return [`${day}: there is no ${file}`];
    return source.includes(title) ? [] : [`${day}: ${file} has no test "${title}"`];
  });
}

const readTest = (file: string) => (existsSync(join(TEST, file)) ? readFileSync(join(TEST, file), 'utf8') : null);

it('every bad day has the test that the table names', () => {
  const table = readFileSync(join(TEST, 'bad-days.md'), 'utf8');
  expect(table.split('\n').filter((line) => ROW.test(line)).length).toBeGreaterThan(ROWS_MIN);
  expect(strayRows(table, readTest)).toEqual([]);
});

it('a test that is gone is noticed', () => {
  const row = (file: string, title: string) => `| a day | \`${file}\` | ${title} |`;
  const read = (file: string) => (file === 'a.test.ts' ? "it('is well')" : null);
  const table = [row('a.test.ts', 'is well'), row('a.test.ts', 'is ill'), row('b.test.ts', 'is well'), '| a | b |'];
  expect(strayRows(table.join('\n'), read)).toEqual([
    'a day: a.test.ts has no test "is ill"',
    'a day: there is no b.test.ts',
    'not a row: | a | b |',
  ]);
});
