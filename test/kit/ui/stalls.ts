import type { Page } from 'playwright-core';

/** The longest of some steps, ms of the page's own thread. */
export type Stalls = (steps: readonly (() => Promise<unknown>)[]) => Promise<number>;

/**
 * Measures steps by the page's own thread: another program that has the processor meanwhile is none of its stalls. Each step ends when the page has drawn
 * what came of it.
 */
export async function stallMeter(page: Page): Promise<Stalls> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
  };
  const drawn = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))';
  return async (steps) => {
    let longest = 0;
    for (const step of steps) {
      const before = await busy();
      await step();
      await page.evaluate(drawn);
      longest = Math.max(longest, (await busy()) - before);
    }
    return Math.round(longest);
  };
}

/** What makes a page wider than its window, and what stands on other things: one line each. */
export function overflows(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const main = document.querySelector('main');
    const found = wide > 0 ? ['the page is wider than its window by ' + wide] : [];
    // What scrolls may hold more than it shows.
    const scrolls = (element) => element !== null && element !== main && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    for (const element of main.querySelectorAll('*')) {
      const box = element.getBoundingClientRect();
      if (box.width > 0 && box.right > innerWidth + 1 && !scrolls(element.parentElement)) found.push(element.tagName + ' ' + element.className + ' ends at ' + Math.round(box.right));
    }
    return found.slice(0, 10);
  })()`);
}
