import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { inject } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Tags of axe: WCAG 2.2 A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const WITHOUT_COLOURS = Object.fromEntries(COLOUR_RULES.map((rule) => [rule, { enabled: false }]));

/** What is looked at: by which rules, and where. */
interface Look {
  readonly rules: 'all' | 'colours' | 'layout';
  readonly root: 'html' | 'main';
}

const OPTIONS = {
  all: { runOnly: { type: 'tag', values: TAGS } },
  colours: { runOnly: { type: 'rule', values: COLOUR_RULES } },
  layout: { runOnly: { type: 'tag', values: TAGS }, rules: WITHOUT_COLOURS },
} as const;

/** What axe finds, one line each: WCAG 2.2 A and AA. */
export const axe = (page: Page): Promise<string[]> => judge(page, { rules: 'all', root: 'html' });

/** Of the page's own part: its frame is the same on every page, and was looked at on others. */
export const axeMain = (page: Page): Promise<string[]> => judge(page, { rules: 'all', root: 'main' });

/** Of contrast alone: where the structure was looked at before. */
export const axeColours = (page: Page): Promise<string[]> => judge(page, { rules: 'colours', root: 'html' });

/** Of contrast in the page's own part. */
export const axeMainColours = (page: Page): Promise<string[]> => judge(page, { rules: 'colours', root: 'main' });

/** All but contrast, which takes longest: on another width, where the colours were looked at before. */
export const axeLayout = (page: Page): Promise<string[]> => judge(page, { rules: 'layout', root: 'html' });

/**
 * Tells what a page is made of, as far as axe and the style of the page can tell: elements, classes, roles, states, and where there is text. Which words these
 * are is left out; names and ids are numbers, so that it still shows which are the same. Of siblings that are made alike the first two stand for
 * all, and `twins` are the others.
 */
const STRUCTURE = `globalThis.structureOf ??= (root) => {
  const NUMBERED = new Set(['id', 'for', 'name', 'title', 'alt', 'headers', 'aria-label', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns']);
  const LEFT_OUT = new Set(['href', 'value', 'datetime', 'data-row', 'aria-rowindex', 'aria-rowcount', 'placeholder', 'd', 'x', 'y', 'cx', 'cy']);
  const numbers = new Map();
  const twins = [];
  const numberOf = (text) => numbers.get(text) ?? (numbers.set(text, numbers.size), numbers.size - 1);
  const headOf = (element, isNumbered) => {
    const length = [...element.childNodes].reduce((sum, node) => sum + (node.nodeType === 3 ? node.data.trim().length : 0), 0);
    const attributes = [...element.attributes].map(({ name, value }) =>
      LEFT_OUT.has(name) ? name : NUMBERED.has(name) ? name + '#' + (isNumbered && value !== '' ? numberOf(value) : value === '') : name + '=' + value);
    return element.tagName + ' ' + attributes.sort().join(' ') + (length > 1 ? ' text' : length === 1 ? ' letter' : '');
  };
  const plain = (element) => headOf(element, false) + '<' + [...element.children].map(plain).join('') + '>';
  const whole = (element) => {
    let [before, count] = [null, 0];
    const children = [];
    for (const child of element.children) {
      const own = plain(child);
      count = own === before ? count + 1 : 1;
      before = own;
      if (count > 2 && child.id === '' && child.querySelector('[id]') === null) twins.push(child);
      else children.push(whole(child));
    }
    return headOf(element, true) + '<' + children.join('') + '>';
  };
  return { text: whole(root), twins };
};`;

/** What is made as something that was found well, by the same rules, in the same colours and width, is well: it is not looked at again, in any file of tests. */
async function judge(page: Page, { rules, root }: Look): Promise<string[]> {
  await page.evaluate(STRUCTURE);
  const key = await page.evaluate<string>(`(async () => {
    const look = [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, document.documentElement.dataset.theme];
    const text = JSON.stringify(look) + structureOf(document.querySelector('${root}')).text;
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  })()`);
  const folder = join(dirname(inject('ui').folder), 'judged');
  const mark = join(folder, `${rules}-${root}-${key}`);
  if (existsSync(mark)) return [];
  if (!(await page.evaluate<boolean>('typeof axe === "object"'))) await page.evaluate(AXE);
  const found = await page.evaluate<string[]>(`(async () => {
    const root = document.querySelector('${root}');
    const context = { include: [root], exclude: structureOf(root).twins };
    const { violations } = await axe.run(context, { ...${JSON.stringify(OPTIONS[rules])}, resultTypes: ['violations'] });
    return violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ': ' + node.target.join(' ') + ': ' + node.failureSummary));
  })()`);
  if (found.length > 0) return found;
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, '');
  return [];
}
