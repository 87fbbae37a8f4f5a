/** What is wrong with an expression, in words. */
export class XPathError extends Error {}

/** A word of an expression and the number of its first character, from 1. */
export interface Word {
  readonly kind: 'number' | 'text' | 'name' | 'operator' | 'function' | 'axis' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

const WORD =
  /\s*(?:(?<number>\d+(?:\.\d*)?|\.\d+)|(?<text>"[^"]*"|'[^']*')|(?<name>[A-Za-z_][\w.-]*(?::(?!:)(?:[A-Za-z_][\w.-]*|\*))?)|(?<mark>::|\.\.|\/\/|!=|<=|>=|[()[\].@,/|+=<>*$-]))/y;
const NAMED = ['and', 'or', 'mod', 'div'];
const OPERATORS = ['/', '//', '|', '+', '-', '=', '!=', '<', '<=', '>', '>='];
/** After these no operator can stand (XPath 1.0 §3.7), so `*` and `and` are names there. */
const BEGINS = ['@', '::', '(', '[', ','];

/** Cuts an expression into its words (XPath 1.0 §3.7). */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  WORD.lastIndex = 0;
  let end = 0;
  for (let found = WORD.exec(text); found !== null; found = WORD.exec(text)) {
    end = WORD.lastIndex;
    const [whole] = found;
    const said = whole.trimStart();
    const at = end - said.length + 1;
    words.push({ ...kindOf(found.groups ?? {}, said, words.at(-1), text.slice(end)), at });
  }
  const rest = text.slice(end).trim();
  if (rest !== '') {
    const isOpen = rest.startsWith('"') || rest.startsWith("'");
    const at = text.length - text.slice(end).trimStart().length + 1;
    throw new XPathError(isOpen ? `the quote at ${at} has no end` : `${rest.slice(0, 1)} at ${at} is not understood`);
  }
  return [...words, { kind: 'end', text: '', at: text.length + 1 }];
}

function isBegin({ kind, text }: Word): boolean {
  return kind === 'mark' && BEGINS.includes(text);
}

function kindOf(
  groups: Readonly<Record<string, string | undefined>>,
  said: string,
  before: Word | undefined,
  after: string,
): Omit<Word, 'at'> {
  if (groups['number'] !== undefined) return { kind: 'number', text: said };
  if (groups['text'] !== undefined) return { kind: 'text', text: said.slice(1, -1) };
  const isAfterOperand = before !== undefined && before.kind !== 'operator' && !isBegin(before);
  if (said === '*') return { kind: isAfterOperand ? 'operator' : 'name', text: '*' };
  if (groups['mark'] !== undefined) return { kind: OPERATORS.includes(said) ? 'operator' : 'mark', text: said };
  if (isAfterOperand && NAMED.includes(said)) return { kind: 'operator', text: said };
  if (/^\s*\(/.test(after)) return { kind: 'function', text: said };
  if (/^\s*::/.test(after)) return { kind: 'axis', text: said };
  return { kind: 'name', text: said };
}
