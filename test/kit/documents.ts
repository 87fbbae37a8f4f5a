import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
/** Folders of the repository that hold documents; what is generated (`golden`) or installed is none. */
const FOLDERS = ['docs', 'ha', 'findings', 'scripts', 'src', 'systemd', 'templates', 'test'];
const MOST_COLUMNS = 120;

/** Paths of every Markdown file that people write, from the root of the repository. */
export function documents(): string[] {
  const markdown = (names: readonly string[]) => names.filter((name) => name.endsWith('.md'));
  const inFolders = FOLDERS.flatMap((folder) =>
    markdown(readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })).map((name) => `${folder}/${name}`),
  );
  return [...markdown(readdirSync(ROOT)), ...inFolders.filter((path) => !path.includes('/golden/'))].sort();
}

/** The text of a document. */
export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A line of a document; `isBlock`: within a block of code. */
export interface DocumentLine {
  readonly number: number;
  readonly text: string;
  readonly isBlock: boolean;
}

/** The lines of a document, without the fences of its blocks. */
export function linesOf(text: string): DocumentLine[] {
  let isBlock = false;
  return text.split('\n').flatMap((line, index) => {
    if (!/^\s*```/.test(line)) return [{ number: index + 1, text: line, isBlock }];
    isBlock = !isBlock;
    return [];
  });
}

/** Numbers of the lines of prose that are wider than 120 columns; tables, blocks of code and addresses may be. */
export function wideLines(text: string): number[] {
  return linesOf(text)
    .filter(({ text: line, isBlock }) => !isBlock && !line.trimStart().startsWith('|'))
    .filter(({ text: line }) => Array.from(line.replaceAll(/https?:\/\/\S+/g, '')).length > MOST_COLUMNS)
    .map(({ number }) => number);
}
