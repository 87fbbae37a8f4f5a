import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dashboardText } from '../../src/main/alarms/dashboard.ts';
import { metricsDocument } from '../../src/main/alarms/document.ts';
import { seriesDocument } from '../../src/main/alarms/series-document.ts';
import { rulesText } from '../../src/main/alarms/rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = [
  ['docs/for-operators/metrics.md', metricsDocument()],
  ['docs/for-operators/series.md', seriesDocument()],
  ['deploy/prometheus/regent.rules.yml', rulesText()],
  ['deploy/grafana/regent.json', dashboardText()],
] as const;

it.each(FILES)('%s is the committed one (npm run alarms writes it)', (path, text) => {
  expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
});
