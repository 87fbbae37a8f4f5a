import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dashboardText } from './alarms/dashboard.ts';
import { metricsDocument } from './alarms/document.ts';
import { seriesDocument } from './alarms/series-document.ts';
import { rulesText } from './alarms/rules.ts';

/** `npm run alarms`: writes what is made from the tables of metrics and findings. test/golden/alarms.test.ts compares. */
const root = join(import.meta.dirname, '..', '..');
write('docs/for-operators/metrics.md', metricsDocument());
write('docs/for-operators/series.md', seriesDocument());
write('deploy/prometheus/regent.rules.yml', rulesText());
write('deploy/grafana/regent.json', dashboardText());

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  process.stdout.write(`${path}\n`);
}
