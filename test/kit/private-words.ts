import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/**
 * Words that leave the tree, and how often each may stand: in identifiers (their parts), comments and texts of `src`, `ha` and `scripts`. A number
 * here may only fall. The plain word takes the place: a report, a request, a check, a result.
 */
export const WORDS_LEFT: Readonly<Record<string, number>> = {
  told: 47,
  look: 47,
  word: 63,
  asked: 82,
  kept: 42,
  said: 12,
  way: 65,
  wish: 3,
  heard: 6,
  anew: 3,
  begun: 16,
  stranger: 0,
};

/** How often a name of a type may stand in `src`: two types of one name are read as one. */
export const TYPE_NAMES_MOST = 2;

const FORMS: Readonly<Record<string, string>> = {
  tell: 'told',
  tells: 'told',
  teller: 'told',
  looks: 'look',
  looked: 'look',
  words: 'word',
  ways: 'way',
  strangers: 'stranger',
  wishes: 'wish',
  hear: 'heard',
};
const CODE = ['.ts', '.tsx', '.mjs', '.sh', ''];

/** A file as far as this law reads it. */
export interface ReadFile {
  readonly path: string;
  readonly text: string;
}

/** Every program and every module of the product. `root`: of the checkout. */
export function readProduct(root: string): readonly ReadFile[] {
  return ['src', 'ha', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && CODE.includes(extname(entry.name)))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path: path.slice(root.length + 1), text: readFileSync(path, 'utf8') })),
  );
}

/** How often each of the words stands there; a word inside a name counts (`readWish`), a part of another word does not (`password`). Pure. */
export function countWords(files: readonly ReadFile[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = Object.fromEntries(Object.keys(WORDS_LEFT).map((word) => [word, 0]));
  for (const { text } of files)
    for (const [part] of text.matchAll(/[A-Z]?[a-z]+/g)) {
      const lower = part.toLowerCase();
      const word = FORMS[lower] ?? lower;
      if (word in counts) counts[word] = (counts[word] ?? 0) + 1;
    }
  return counts;
}

/** Names that more types have than may, with their number. Pure. */
export function doubledTypes(files: readonly ReadFile[]): readonly string[] {
  const names = files
    .filter(({ path }) => path.startsWith('src/'))
    .flatMap(({ text }) =>
      Array.from(text.matchAll(/^(?:export )?(?:interface|type) (\w+)/gm), ([, name = '']) => name),
    );
  return Array.from(Map.groupBy(names, (name) => name))
    .flatMap(([name, all]) => (all.length > TYPE_NAMES_MOST ? [`${name} ${all.length}`] : []))
    .sort();
}
