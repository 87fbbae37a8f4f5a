import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import { STRUCTURE } from './structure.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Tags of axe: WCAG 2.2 A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const OPTIONS = {
  colours: { runOnly: { type: 'rule', values: COLOUR_RULES } },
  build: {
    runOnly: { type: 'tag', values: TAGS },
    rules: Object.fromEntries(COLOUR_RULES.map((rule) => [rule, { enabled: false }])),
  },
} as const;
type Rules = keyof typeof OPTIONS;
type Root = 'html' | 'main';

type Theme = 'light' | 'dark';

/** What axe finds, one line each: WCAG 2.2 A and AA. */
export const axe = (page: Page): Promise<string[]> => judgeBoth(page, 'html');

/** Of the page's own part: its frame is the same on every page, and was looked at on others. */
export const axeMain = (page: Page): Promise<string[]> => judgeBoth(page, 'main');

/** Of contrast alone: where the structure was looked at before. */
export const axeColours = (page: Page): Promise<string[]> => coloursOf(page, 'html');

/** Of contrast in the page's own part. */
export const axeMainColours = (page: Page): Promise<string[]> => coloursOf(page, 'main');

/** All but contrast: on another width, where the colours were looked at before. */
export async function axeLayout(page: Page): Promise<string[]> {
  const [build] = await madeOf(page, 'html', ['build']);
  return judgeBuild(page, build);
}

async function coloursOf(page: Page, root: Root): Promise<string[]> {
  const [colours] = await madeOf(page, root, ['colours']);
  return judgeColours(page, colours, [null]);
}

/** What axe finds in light, and of contrast in dark: of the other theme only the colours are others. */
export const axeInBothThemes = (page: Page): Promise<string[]> => judgeBoth(page, 'html', ['light', 'dark']);

async function judgeBoth(page: Page, root: Root, themes: readonly (Theme | null)[] = [null]): Promise<string[]> {
  const [build, colours] = await madeOf(page, root, ['build', 'colours']);
  return [...(await judgeBuild(page, build)), ...(await judgeColours(page, colours, themes))];
}

/**
 * What is made as something that was found well, by the same rules, in the same colours and width, is well: it is not looked at again, in any file of tests. So
 * each page costs what is new on it.
 */
async function judgeBuild(page: Page, made: Made): Promise<string[]> {
  const known = knownIn(made, `build ${made.width}`);
  // The first key is that of the whole.
  return known.isKnown[0] === true ? [] : look(page, 'build', { ...made, ...known });
}

/** `null`: in the colours that the page has now. It is turned to others only where something of them is not known. */
async function judgeColours(page: Page, made: Made, themes: readonly (Theme | null)[]): Promise<string[]> {
  const found: string[] = [];
  for (const theme of themes) {
    const known = knownIn(made, `colours ${made.width} ${theme ?? made.theme}`);
    if (known.isKnown.every(Boolean)) continue;
    if (theme !== null) await page.emulateMedia({ colorScheme: theme });
    found.push(...(await look(page, 'colours', { ...made, ...known })));
    if (theme === 'dark') await page.emulateMedia({ colorScheme: 'light' });
  }
  return found;
}

/** What a page is made of (`structure.ts`). */
interface Made {
  readonly width: number;
  readonly theme: Theme;
  readonly keys: readonly string[];
}

interface Known {
  readonly isKnown: readonly boolean[];
  readonly nameOf: (key: string) => string;
}

/** By some rules each, all in one word to the page. */
const madeOf = <const R extends readonly Rules[]>(
  page: Page,
  root: Root,
  rules: R,
): Promise<{ [K in keyof R]: Made }> =>
  page.evaluate<{ [K in keyof R]: Made }>(
    `${STRUCTURE}; (${JSON.stringify(rules)}).map((name) => structure[name](document.querySelector('${root}')))`,
  );

function knownIn({ keys }: Made, how: string): Known {
  const known = knownKeys();
  const nameOf = (key: string) => `${how} ${key}`;
  const first = new Map(keys.map((key, index) => [key, index] as const).toReversed());
  // Of parts that are made alike one is looked at.
  return { nameOf, isKnown: keys.map((key, index) => first.get(key) !== index || known.has(nameOf(key))) };
}

async function look(page: Page, rules: Rules, { keys, isKnown, nameOf }: Made & Known): Promise<string[]> {
  const options = JSON.stringify({ ...OPTIONS[rules], resultTypes: ['violations'] });
  const run = `(async () => {
    if (typeof axe !== 'object') return null;
    const { violations } = await axe.run(structure.context('${rules}', ${JSON.stringify(isKnown)}), ${options});
    return violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ': ' + node.target.join(' ') + ': ' + node.failureSummary));
  })()`;
  let found = await page.evaluate<string[] | null>(run);
  if (found === null) {
    await page.evaluate(AXE);
    found = await page.evaluate<string[]>(run);
  }
  if (found.length === 0) remember(keys.filter((_, index) => isKnown[index] !== true).map(nameOf));
  return found;
}

const known = new Set<string>();
/** Bytes that were read of the files of each process. */
const read = new Map<string, number>();

const folderOf = () => join(dirname(inject('ui').folder), 'judged');

/** What this process and those beside it have found well. */
function knownKeys(): ReadonlySet<string> {
  mkdirSync(folderOf(), { recursive: true });
  for (const name of readdirSync(folderOf())) {
    const file = join(folderOf(), name);
    if (statSync(file).size === read.get(name)) continue;
    const text = readFileSync(file, 'utf8');
    read.set(name, Buffer.byteLength(text));
    // Of a line that is being written the end is missing: then it is none that anybody asks for.
    for (const line of text.split('\n')) known.add(line);
  }
  return known;
}

function remember(names: readonly string[]): void {
  const fresh = new Set(names);
  for (const name of fresh) known.add(name);
  appendFileSync(join(folderOf(), String(process.pid)), `${[...fresh].join('\n')}\n`);
}
