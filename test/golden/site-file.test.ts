import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { SiteFile } from '../../src/contract/export.ts';
import { fileSchemaText, kindTablesText } from '../../src/contract/file-texts.ts';
import { exampleText, siteOf } from '../kit/site-file.ts';

const DOCS = join(import.meta.dirname, '../../docs');

describe('configuration files', () => {
  it('have the committed JSON Schema (npm run openapi writes it)', () => {
    expect(readFileSync(join(DOCS, 'site-file.schema.json'), 'utf8')).toBe(fileSchemaText());
  });

  it('have their kinds, and what no file has, in the tables of the operators’ page (npm run openapi writes them)', () => {
    const page = readFileSync(join(DOCS, 'configuration-files.md'), 'utf8');
    expect(/<!-- kinds.*-->\n([^]*)<!-- \/kinds -->/.exec(page)?.[1]).toBe(kindTablesText());
  });

  it('are valid by the schema as the page has them, and not with a member that is not there', () => {
    const check = Compile(SiteFile);
    expect([...check.Errors(siteOf(exampleText()))]).toEqual([]);
    expect(check.Check({ zones: [{ name: 'a', color: 'red' }] })).toBe(false);
    expect(check.Check({ zones: [{ comment: 'without a name' }] })).toBe(false);
  });
});
