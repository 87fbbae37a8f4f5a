/** What is wrong with an expression, as a clause. */
export class XPathError extends Error {}

/** A token of an expression and the number of its first character, from 1. */
export interface XPathToken {
  readonly kind: 'number' | 'text' | 'name' | 'operator' | 'function' | 'axis' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d*)?|\.\d+)|(?<text>"[^"]*"|'[^']*')|(?<name>[A-Za-z_][\w.-]*(?::(?!:)(?:[A-Za-z_][\w.-]*|\*))?)|(?<mark>::|\.\.|\/\/|!=|<=|>=|[()[\].@,/|+=<>*$-]))/y;
const NAMED = ['and', 'or', 'mod', 'div'];
const OPERATORS = ['/', '//', '|', '+', '-', '=', '!=', '<', '<=', '>', '>='];
/** After these no operator can stand (XPath 1.0 §3.7), so `*` and `and` are names there. */
const BEGINS = ['@', '::', '(', '[', ','];

/** Cuts an expression into its tokens (XPath 1.0 §3.7). */
export function tokenize(text: string): XPathToken[] {
  const tokens: XPathToken[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    const [whole] = found;
    const tokenText = whole.trimStart();
    const at = end - tokenText.length + 1;
    tokens.push({ ...kindOf(found.groups ?? {}, tokenText, tokens.at(-1), text.slice(end)), at });
  }
  const rest = text.slice(end).trim();
  if (rest !== '') {
    const isOpen = rest.startsWith('"') || rest.startsWith("'");
    const at = text.length - text.slice(end).trimStart().length + 1;
    throw new XPathError(isOpen ? `the quote at ${at} has no end` : `${rest.slice(0, 1)} at ${at} is not understood`);
  }
  return [...tokens, { kind: 'end', text: '', at: text.length + 1 }];
}

const isBegin = ({ kind, text }: XPathToken): boolean => kind === 'mark' && BEGINS.includes(text);

function kindOf(
  groups: Readonly<Record<string, string | undefined>>,
  tokenText: string,
  before: XPathToken | undefined,
  after: string,
): Omit<XPathToken, 'at'> {
  if (groups['number'] !== undefined) return { kind: 'number', text: tokenText };
  if (groups['text'] !== undefined) return { kind: 'text', text: tokenText.slice(1, -1) };
  const isAfterOperand = before !== undefined && before.kind !== 'operator' && !isBegin(before);
  if (tokenText === '*') return { kind: isAfterOperand ? 'operator' : 'name', text: '*' };
  if (groups['mark'] !== undefined)
    return { kind: OPERATORS.includes(tokenText) ? 'operator' : 'mark', text: tokenText };
  if (isAfterOperand && NAMED.includes(tokenText)) return { kind: 'operator', text: tokenText };
  if (/^\s*\(/.test(after)) return { kind: 'function', text: tokenText };
  if (/^\s*::/.test(after)) return { kind: 'axis', text: tokenText };
  return { kind: 'name', text: tokenText };
}
