import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { layoutOf } from '../../../src/lab/layout.ts';
import { labStatus } from '../../../src/lab/status.ts';
import { labOf } from '../../kit/lab.ts';
import { type Figure, most } from '../report.ts';
import { openSite, startLenientBrowser } from './page.ts';

const MINUTES = Number(process.env['MINUTES'] ?? 60);
/** Until then the page has loaded all that it loads later, min. */
const SETTLED = 2;
const MINUTE_MS = 60_000;

/** A page of a running lab (`REGENT_LAB`) stays open for `MINUTES`: how much its heap grows, garbage collected before each look. */
export async function benchHeap(): Promise<Figure[]> {
  const layout = layoutOf(process.env['REGENT_LAB'] ?? 'lab');
  const { apiKey } = await labOf(layout);
  const { ui } = labStatus(layout);
  if (ui === null) throw new Error('the lab does not forward its user interface: scripts/down, then scripts/up');
  const browser = await startLenientBrowser();
  try {
    await using open = await openSite(browser, ui, apiKey);
    await open.page.evaluate("location.hash = '#/overview'");
    const heaps: number[] = [];
    for (let minute = 0; minute <= MINUTES; minute += 1) {
      if (minute > 0) await delay(MINUTE_MS);
      heaps.push(await heapOf(open.page));
    }
    const [before, after] = [heaps[Math.min(SETTLED, MINUTES)] ?? 0, heaps.at(-1) ?? 0];
    const note = heaps.filter((_, at) => at % 10 === 0 || at === SETTLED).map((bytes) => (bytes / 1e6).toFixed(1));
    return [
      most(`heap of an open page after ${MINUTES} min, grown by`, (after / before - 1) * 100, {
        unit: '%',
        target: 20,
        note: `${note.join(', ')} MB`,
      }),
    ];
  } finally {
    await browser.close();
  }
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}
