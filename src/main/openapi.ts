import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { callTableText, nounPagesText, nounTableText } from '../contract/browser-tables.ts';
import { openApiText } from '../contract/openapi.ts';
import { fileSchemaText, kindTablesText } from '../contract/file-texts.ts';

/**
 * `npm run openapi`: writes what is made from the table of calls: the document of API v1 to the file that tests compare with (or to the path that is
 * given, alone), the browser's tables, and the schema and the tables of configuration files.
 */
const root = join(import.meta.dirname, '..', '..');
const target = process.argv[2] ?? join(root, 'test', 'golden', 'openapi.json');
write(target, openApiText());
if (process.argv[2] === undefined) {
  write(join(root, 'src', 'ui', 'live', 'call-table.ts'), callTableText());
  write(join(root, 'src', 'ui', 'models', 'base', 'nouns', 'noun-table.ts'), nounTableText());
  write(join(root, 'src', 'ui', 'models', 'base', 'nouns', 'noun-pages.ts'), nounPagesText());
  write(join(root, 'docs', 'site-file.schema.json'), fileSchemaText());
  const page = join(root, 'docs', 'configuration-files.md');
  const [before, after] = readFileSync(page, 'utf8').split(/(?<=<!-- kinds.*-->\n)[^]*(?=<!-- \/kinds -->)/);
  write(page, `${before}${kindTablesText()}${after}`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`${path}\n`);
}
