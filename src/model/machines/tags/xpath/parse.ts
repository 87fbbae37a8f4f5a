import { FUNCTIONS } from './functions.ts';
import { type Word, wordsOf, XPathError } from './words.ts';

export const AXES = [
  'ancestor',
  'ancestor-or-self',
  'attribute',
  'child',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'namespace',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
] as const;
export type Axis = (typeof AXES)[number];
type NodeType = 'node' | 'text' | 'comment' | 'processing-instruction';

/** A step of a path. `name`: null where the test is of a type. */
export interface Step {
  readonly axis: Axis;
  readonly name: string | null;
  readonly type: NodeType | null;
  readonly predicates: readonly Expression[];
}

/** A parsed expression of XPath 1.0. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'negative'; readonly of: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  /** `from`: null for the node that it is asked for, `root` for the document. */
  | { readonly kind: 'path'; readonly from: Expression | 'root' | null; readonly steps: readonly Step[] }
  | { readonly kind: 'filter'; readonly of: Expression; readonly predicates: readonly Expression[] };

const TYPES: readonly string[] = ['node', 'text', 'comment', 'processing-instruction'];
/** Operators by how tightly they bind, the loosest first (XPath 1.0 §3.4, §3.5). */
const LEVELS = [['or'], ['and'], ['=', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', 'div', 'mod']] as const;
/** Levels of an expression in another one. */
const DEPTH_MAX = 40;

interface Reader {
  readonly words: readonly Word[];
  at: number;
  depth: number;
}

/** Parses an expression. Throws `XPathError` with what is wrong and where. */
export function parseXPath(text: string): Expression {
  const reader: Reader = { words: wordsOf(text), at: 0, depth: 0 };
  const expression = readExpression(reader);
  const rest = peek(reader);
  if (rest.kind !== 'end') throw wrong(rest, 'follows the end of the expression');
  return expression;
}

function peek({ words, at }: Reader): Word {
  return words[at] ?? { kind: 'end', text: '', at: 0 };
}

function wrong({ kind, text, at }: Word, why: string): XPathError {
  return new XPathError(kind === 'end' ? 'it ends too early' : `${text} at ${at} ${why}`);
}

function is(reader: Reader, ...texts: readonly string[]): boolean {
  const { kind, text } = peek(reader);
  return (kind === 'mark' || kind === 'operator') && texts.includes(text);
}

function take(reader: Reader): Word {
  const word = peek(reader);
  reader.at += 1;
  return word;
}

function expect(reader: Reader, text: string): void {
  if (!is(reader, text)) throw wrong(peek(reader), `is not the ${text} that has to stand there`);
  take(reader);
}

function readExpression(reader: Reader): Expression {
  reader.depth += 1;
  if (reader.depth > DEPTH_MAX) throw new XPathError(`it has more than ${DEPTH_MAX} levels`);
  const expression = readLevel(reader, 0);
  reader.depth -= 1;
  return expression;
}

function readLevel(reader: Reader, level: number): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return readUnary(reader);
  let left = readLevel(reader, level + 1);
  while (peek(reader).kind === 'operator' && is(reader, ...operators)) {
    const operator = take(reader).text;
    left = { kind: 'binary', operator, left, right: readLevel(reader, level + 1) };
  }
  return left;
}

function readUnary(reader: Reader): Expression {
  let isNegative = false;
  let signs = 0;
  for (; is(reader, '-'); signs++) {
    take(reader);
    isNegative = !isNegative;
  }
  let left = readPath(reader);
  while (is(reader, '|')) {
    take(reader);
    left = { kind: 'binary', operator: '|', left, right: readPath(reader) };
  }
  const number: Expression = signs === 0 ? left : { kind: 'negative', of: left };
  return signs === 0 || isNegative ? number : { kind: 'negative', of: number };
}

function readPath(reader: Reader): Expression {
  if (is(reader, '/')) {
    take(reader);
    return { kind: 'path', from: 'root', steps: beginsStep(reader) ? readSteps(reader) : [] };
  }
  if (is(reader, '//')) return { kind: 'path', from: 'root', steps: readMore(reader) };
  const from = readFilter(reader);
  if (from === null) return { kind: 'path', from: null, steps: readSteps(reader) };
  return is(reader, '/', '//') ? { kind: 'path', from, steps: readMore(reader) } : from;
}

/** A literal, a number, a call or what stands in brackets, with its predicates; null: a step begins here. */
function readFilter(reader: Reader): Expression | null {
  const word = peek(reader);
  const primary = readPrimary(reader, word);
  if (primary === null) return null;
  const predicates = readPredicates(reader);
  return predicates.length === 0 ? primary : { kind: 'filter', of: primary, predicates };
}

function readPrimary(reader: Reader, word: Word): Expression | null {
  if (word.kind === 'number') return { kind: 'number', value: Number(take(reader).text) };
  if (word.kind === 'text') return { kind: 'text', value: take(reader).text };
  if (word.kind === 'function' && !TYPES.includes(word.text)) return readCall(reader);
  if (is(reader, '$')) throw wrong(word, 'is a variable, and there are none');
  if (!is(reader, '(')) return null;
  take(reader);
  const inner = readExpression(reader);
  expect(reader, ')');
  return inner;
}

function readCall(reader: Reader): Expression {
  const word = take(reader);
  const law = Object.hasOwn(FUNCTIONS, word.text) ? FUNCTIONS[word.text] : undefined;
  if (law === undefined) throw wrong(word, `is no function. There are ${Object.keys(FUNCTIONS).join(', ')}`);
  expect(reader, '(');
  const given: Expression[] = [];
  while (!is(reader, ')')) {
    if (given.length > 0) expect(reader, ',');
    given.push(readExpression(reader));
  }
  take(reader);
  const [least, most] = law.arity;
  if (given.length < least || given.length > most) {
    const wanted = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
    throw wrong(word, `has ${given.length} arguments and takes ${wanted}`);
  }
  return { kind: 'call', name: word.text, arguments: given };
}

const ANY: Step = { axis: 'descendant-or-self', name: null, type: 'node', predicates: [] };

/** Steps that begin with `/` or `//`. */
function readMore(reader: Reader): Step[] {
  const isDeep = take(reader).text === '//';
  return [...(isDeep ? [ANY] : []), ...readSteps(reader)];
}

function readSteps(reader: Reader): Step[] {
  const steps = [readStep(reader)];
  while (is(reader, '/', '//')) {
    if (take(reader).text === '//') steps.push(ANY);
    steps.push(readStep(reader));
  }
  return steps;
}

function beginsStep(reader: Reader): boolean {
  const { kind } = peek(reader);
  return kind === 'name' || kind === 'function' || kind === 'axis' || is(reader, '@', '.', '..');
}

function readStep(reader: Reader): Step {
  if (is(reader, '.', '..')) {
    const axis = take(reader).text === '.' ? 'self' : 'parent';
    return { axis, name: null, type: 'node', predicates: [] };
  }
  const axis = readAxis(reader);
  const test = readTest(reader);
  return { axis, ...test, predicates: readPredicates(reader) };
}

function readAxis(reader: Reader): Axis {
  if (is(reader, '@')) {
    take(reader);
    return 'attribute';
  }
  if (peek(reader).kind !== 'axis') return 'child';
  const word = take(reader);
  const axis = AXES.find((one) => one === word.text);
  if (axis === undefined) throw wrong(word, `is no axis. There are ${AXES.join(', ')}`);
  expect(reader, '::');
  return axis;
}

function readTest(reader: Reader): Pick<Step, 'name' | 'type'> {
  const word = take(reader);
  if (word.kind === 'name') {
    if (word.text.includes(':')) throw wrong(word, 'has a prefix, and the document has no namespaces');
    return { name: word.text, type: null };
  }
  if (word.kind !== 'function' || !TYPES.includes(word.text)) throw wrong(word, 'is no step of a path');
  expect(reader, '(');
  if (word.text === 'processing-instruction' && peek(reader).kind === 'text') take(reader);
  expect(reader, ')');
  return { name: null, type: word.text as NodeType };
}

function readPredicates(reader: Reader): Expression[] {
  const predicates: Expression[] = [];
  while (is(reader, '[')) {
    take(reader);
    predicates.push(readExpression(reader));
    expect(reader, ']');
  }
  return predicates;
}
