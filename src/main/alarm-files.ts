import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { metricsDocument } from './alarms/document.ts';

/** `npm run alarms`: writes what is made from the tables of metrics and findings. test/golden/alarms.test.ts compares. */
const root = join(import.meta.dirname, '..', '..');
write('docs/for-operators/metrics.md', metricsDocument());

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  process.stdout.write(`${path}\n`);
}
