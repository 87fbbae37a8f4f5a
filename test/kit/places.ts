import { basename } from 'node:path';
import type { Declaration } from '../../src/contract/base/declare.ts';

/** A product file: path below `src`, and its text. */
export interface ProductFile {
  readonly path: string;
  readonly text: string;
}

/** What a noun is called in code. */
export interface NounNames {
  readonly noun: string;
  readonly plural: string;
  /** Of its type, such as `Space`. */
  readonly component: string;
  /** Other words for it, such as its table. */
  readonly aliases?: readonly string[];
}

/** Rooms that know nouns of the API; elsewhere a word such as `space` is one of the language. */
const ROOMS = ['model', 'contract', 'store', 'region', 'api', 'cli', 'join', 'main'];

/**
 * The files that somebody has to write or change for a noun: those that are called after it, and those that name its calls, its table, its
 * type or its declaration. Files of another noun, which may refer to this one as anybody may, do not count.
 */
export function placesOf(own: NounNames, all: readonly NounNames[], files: readonly ProductFile[]): string[] {
  const others = new Set(all.filter(({ noun }) => noun !== own.noun).flatMap(fileNames));
  const mine = new Set(fileNames(own));
  const pattern = patternOf(own);
  return files
    .filter(({ path, text }) => {
      if (!ROOMS.includes(path.split('/')[0] ?? '')) return false;
      const name = basename(path).replace(/\.\w+$/, '');
      if (mine.has(name)) return true;
      return !others.has(name) && pattern.test(codeOf(text));
    })
    .map(({ path }) => path)
    .sort();
}

/** The names of a declaration. */
export function namesOf({ noun, plural, component }: Declaration): NounNames {
  return { noun, plural, component };
}

function fileNames({ noun, plural, aliases }: NounNames): string[] {
  return [noun, plural, ...(aliases ?? [])];
}

function patternOf({ noun, plural, component, aliases }: NounNames): RegExp {
  const tables = [plural, ...(aliases ?? [])].join('|');
  const constant = noun.toUpperCase().replaceAll('-', '_');
  return new RegExp(
    [
      // Calls, kinds, labels; a member of the same name, as in `Pick<Vlan, 'name' | 'fabric'>`, is none of these.
      `'${noun}\\.[a-z-]+'`,
      `\\bcase '${noun}'`,
      `^\\s*\\| '${noun}'`,
      `\\b(?:noun|kind|label|complete): '${noun}'`,
      `\\b(?:noSuch|reference)\\('${noun}'`,
      `/${noun}\\.ts'`,
      `['\`]/${plural}\\b`,
      `\\b(?:from|into|update|table|on) (?:${tables})\\b`,
      `['"](?:${tables})['"]`,
      `\\b(?:${tables})_\\w+:`,
      `\\b(?:${component}|${constant})\\b(?![.'’/])`,
    ].join('|'),
    'm',
  );
}

/** Comments may speak of anything. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*(?:\/\/|--).*$/gm, ' ');
}
