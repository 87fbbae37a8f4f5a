import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openApiText } from '../contract/openapi.ts';

/** `npm run openapi`: writes the document of API v1 to the file that tests compare with (or to the path that is given). */
const target = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'test', 'golden', 'openapi.json');
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, openApiText());
process.stdout.write(`${target}\n`);
