import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { type Figure, most } from '../report.ts';
import { withLabPage } from './page.ts';

const MINUTES = Number(process.env['MINUTES'] ?? 60);
/** Until then the page has loaded all that it loads later, min. */
const SETTLED = 2;
const MINUTE_MS = 60_000;

/** A page of a running lab (`REGENT_LAB`) stays open for `MINUTES`: how much its heap grows, garbage collected before each look. */
export async function benchHeap(): Promise<Figure[]> {
  return withLabPage(async ({ open }) => {
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
  });
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}
