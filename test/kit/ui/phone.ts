import type { Page } from 'playwright-core';
import { axeLayout } from './axe.ts';

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 900 };

/** What is wrong with a page in a phone's window, one line each: it is wider, or what axe finds there. */
export async function faultsOnPhone(page: Page): Promise<string[]> {
  await page.setViewportSize(PHONE);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  const faults = await axeLayout(page);
  await page.setViewportSize(WIDE);
  return [...(width > PHONE.width ? [`the page is ${width} wide`] : []), ...faults];
}
