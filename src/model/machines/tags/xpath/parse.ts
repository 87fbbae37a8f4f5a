import { FUNCTIONS } from './functions.ts';
import { type XPathToken, tokenize, XPathError } from './tokens.ts';

/** The axes of XPath 1.0 §2.2. */
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

/** A step of a path. Its node test is either a `name` or a `type`; the other one is null. */
export interface PathStep {
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
  /** `from`: null: the path starts at the context node; `root`: it starts at the document. */
  | { readonly kind: 'path'; readonly from: Expression | 'root' | null; readonly steps: readonly PathStep[] }
  | { readonly kind: 'filter'; readonly of: Expression; readonly predicates: readonly Expression[] };

const TYPES: readonly string[] = ['node', 'text', 'comment', 'processing-instruction'];
/** Binary operators by precedence, the lowest first (XPath 1.0 §3.4, §3.5). */
const LEVELS = [['or'], ['and'], ['=', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', 'div', 'mod']] as const;
/** Most levels of nested expressions. */
const DEPTH_MAX = 40;

type TokenReader = { readonly tokens: readonly XPathToken[]; at: number; depth: number };

/** Parses an expression. Throws `XPathError`, whose message names the fault and its position. */
export function parseXPath(text: string): Expression {
  const reader: TokenReader = { tokens: tokenize(text), at: 0, depth: 0 };
  const expression = readExpression(reader);
  const rest = peek(reader);
  if (rest.kind !== 'end') throw errorAt(rest, 'is after the end of the expression');
  return expression;
}

const peek = ({ tokens, at }: TokenReader): XPathToken => tokens[at] ?? { kind: 'end', text: '', at: 0 };

function errorAt({ kind, text, at }: XPathToken, why: string): XPathError {
  return new XPathError(kind === 'end' ? 'it ends too early' : `${text} at ${at} ${why}`);
}

function is(reader: TokenReader, ...texts: readonly string[]): boolean {
  const { kind, text } = peek(reader);
  return (kind === 'mark' || kind === 'operator') && texts.includes(text);
}

function take(reader: TokenReader): XPathToken {
  const token = peek(reader);
  reader.at += 1;
  return token;
}

function expect(reader: TokenReader, text: string): void {
  if (!is(reader, text)) throw errorAt(peek(reader), `is there instead of ${text}`);
  take(reader);
}

function readExpression(reader: TokenReader): Expression {
  reader.depth += 1;
  if (reader.depth > DEPTH_MAX) throw new XPathError(`it has more than ${DEPTH_MAX} levels`);
  const expression = readLevel(reader, 0);
  reader.depth -= 1;
  return expression;
}

function readLevel(reader: TokenReader, level: number): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return readUnary(reader);
  let left = readLevel(reader, level + 1);
  while (peek(reader).kind === 'operator' && is(reader, ...operators)) {
    const operator = take(reader).text;
    left = { kind: 'binary', operator, left, right: readLevel(reader, level + 1) };
  }
  return left;
}

function readUnary(reader: TokenReader): Expression {
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

function readPath(reader: TokenReader): Expression {
  if (is(reader, '/')) {
    take(reader);
    return { kind: 'path', from: 'root', steps: startsStep(reader) ? readSteps(reader) : [] };
  }
  if (is(reader, '//')) return { kind: 'path', from: 'root', steps: readSlashSteps(reader) };
  const from = readFilter(reader);
  if (from === null) return { kind: 'path', from: null, steps: readSteps(reader) };
  return is(reader, '/', '//') ? { kind: 'path', from, steps: readSlashSteps(reader) } : from;
}

/**
 * Reads a literal, a number, a call or an expression in parentheses, with its predicates. Null: a step of a path starts
 * here.
 */
function readFilter(reader: TokenReader): Expression | null {
  const token = peek(reader);
  const primary = readPrimary(reader, token);
  if (primary === null) return null;
  const predicates = readPredicates(reader);
  return predicates.length === 0 ? primary : { kind: 'filter', of: primary, predicates };
}

function readPrimary(reader: TokenReader, token: XPathToken): Expression | null {
  if (token.kind === 'number') return { kind: 'number', value: Number(take(reader).text) };
  if (token.kind === 'text') return { kind: 'text', value: take(reader).text };
  if (token.kind === 'function' && !TYPES.includes(token.text)) return readCall(reader);
  if (is(reader, '$')) throw errorAt(token, 'is a variable, and variables are not supported');
  if (!is(reader, '(')) return null;
  take(reader);
  const inner = readExpression(reader);
  expect(reader, ')');
  return inner;
}

function readCall(reader: TokenReader): Expression {
  const token = take(reader);
  const definition = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined;
  if (definition === undefined)
    throw errorAt(token, `is not a function. The functions are ${Object.keys(FUNCTIONS).join(', ')}`);
  expect(reader, '(');
  const found: Expression[] = [];
  while (!is(reader, ')')) {
    if (found.length > 0) expect(reader, ',');
    found.push(readExpression(reader));
  }
  take(reader);
  const [least, most] = definition.arity;
  if (found.length < least || found.length > most) {
    const expected = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
    throw errorAt(token, `has ${found.length} arguments and takes ${expected}`);
  }
  return { kind: 'call', name: token.text, arguments: found };
}

const ANY: PathStep = { axis: 'descendant-or-self', name: null, type: 'node', predicates: [] };

/** Reads steps that start with `/` or `//`. */
function readSlashSteps(reader: TokenReader): PathStep[] {
  const isDeep = take(reader).text === '//';
  return [...(isDeep ? [ANY] : []), ...readSteps(reader)];
}

function readSteps(reader: TokenReader): PathStep[] {
  const steps = [readStep(reader)];
  while (is(reader, '/', '//')) {
    if (take(reader).text === '//') steps.push(ANY);
    steps.push(readStep(reader));
  }
  return steps;
}

function startsStep(reader: TokenReader): boolean {
  const { kind } = peek(reader);
  return kind === 'name' || kind === 'function' || kind === 'axis' || is(reader, '@', '.', '..');
}

function readStep(reader: TokenReader): PathStep {
  if (is(reader, '.', '..')) {
    const axis = take(reader).text === '.' ? 'self' : 'parent';
    return { axis, name: null, type: 'node', predicates: [] };
  }
  const axis = readAxis(reader);
  const test = readTest(reader);
  return { axis, ...test, predicates: readPredicates(reader) };
}

function readAxis(reader: TokenReader): Axis {
  if (is(reader, '@')) {
    take(reader);
    return 'attribute';
  }
  if (peek(reader).kind !== 'axis') return 'child';
  const token = take(reader);
  const axis = AXES.find((one) => one === token.text);
  if (axis === undefined) throw errorAt(token, `is not an axis. The axes are ${AXES.join(', ')}`);
  expect(reader, '::');
  return axis;
}

function readTest(reader: TokenReader): Pick<PathStep, 'name' | 'type'> {
  const token = take(reader);
  if (token.kind === 'name') {
    if (token.text.includes(':')) throw errorAt(token, 'has a prefix, but the document has no namespaces');
    return { name: token.text, type: null };
  }
  if (token.kind !== 'function' || !TYPES.includes(token.text)) throw errorAt(token, 'is not a step of a path');
  expect(reader, '(');
  if (token.text === 'processing-instruction' && peek(reader).kind === 'text') take(reader);
  expect(reader, ')');
  return { name: null, type: token.text as NodeType };
}

function readPredicates(reader: TokenReader): Expression[] {
  const predicates: Expression[] = [];
  while (is(reader, '[')) {
    take(reader);
    predicates.push(readExpression(reader));
    expect(reader, ']');
  }
  return predicates;
}
