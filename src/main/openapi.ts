import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { callTableText, nounPagesText, nounTableText } from '../contract/browser-tables.ts';
import { openApiText } from '../contract/openapi.ts';

/**
 * `npm run openapi`: writes what is made from the table of calls: the document of API v1 to the file that tests compare with (or to the path that is
 * given, alone), and the browser's tables.
 */
const root = join(import.meta.dirname, '..', '..');
const target = process.argv[2] ?? join(root, 'test', 'golden', 'openapi.json');
write(target, openApiText());
if (process.argv[2] === undefined) {
  write(join(root, 'src', 'ui', 'live', 'call-table.ts'), callTableText());
  write(join(root, 'src', 'ui', 'models', 'base', 'nouns', 'noun-table.ts'), nounTableText());
  write(join(root, 'src', 'ui', 'models', 'base', 'nouns', 'noun-pages.ts'), nounPagesText());
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`${path}\n`);
}
