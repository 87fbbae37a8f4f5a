import type { XmlNode } from './node.ts';
import { type Budget, isNodes, spendText, stringOf, toBoolean, toNumber, toText, type XPathValue } from './values.ts';
import { XPathError } from './tokens.ts';

/** The node that an expression is evaluated for, its position and the number of nodes. */
export interface EvaluationContext {
  readonly node: XmlNode;
  readonly position: number;
  readonly size: number;
  readonly budget: Budget;
}

interface FunctionDefinition {
  readonly arity: readonly [least: number, most: number];
  run(context: EvaluationContext, given: readonly XPathValue[]): XPathValue;
}

const define = (least: number, most: number, run: FunctionDefinition['run']): FunctionDefinition => ({
  arity: [least, most],
  run,
});
/** Defines a function of texts. */
const ofTexts = (count: number, run: (...texts: string[]) => XPathValue): FunctionDefinition =>
  define(count, count, ({ budget }, given) => run(...given.map((one) => spendText(budget, toText(one, budget)))));
/** Defines a function of one text; without an argument, of the text of the context node. */
const ofText = (run: (text: string) => XPathValue): FunctionDefinition =>
  define(0, 1, ({ node, budget }, [given]) =>
    run(spendText(budget, given === undefined ? stringOf(node, budget) : toText(given, budget))),
  );
const ofNumber = (run: (value: number) => number): FunctionDefinition =>
  define(1, 1, ({ budget }, [given = '']) => run(toNumber(given, budget)));
/** Defines a function of the first node of a set; without an argument, of the context node. */
const ofNode = (name: string, run: (node: XmlNode | undefined) => XPathValue): FunctionDefinition =>
  define(0, 1, ({ node }, [given]) => run(given === undefined ? node : nodesOf(name, given)[0]));

function nodesOf(name: string, value: XPathValue | undefined): readonly XmlNode[] {
  if (value !== undefined && isNodes(value)) return value;
  throw new XPathError(`${name} takes nodes`);
}

/** The functions of XPath 1.0 §4. None reads a document or loops. */
export const FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  last: define(0, 0, ({ size }) => size),
  position: define(0, 0, ({ position }) => position),
  count: define(1, 1, (_, [given]) => nodesOf('count', given).length),
  // Without a document type no attribute is an ID.
  id: define(1, 1, () => []),
  'local-name': ofNode('local-name', (node) => node?.name ?? ''),
  'namespace-uri': ofNode('namespace-uri', () => ''),
  name: ofNode('name', (node) => node?.name ?? ''),
  string: ofText((text) => text),
  concat: define(2, Infinity, ({ budget }, given) =>
    spendText(budget, given.map((one) => toText(one, budget)).join('')),
  ),
  'starts-with': ofTexts(2, (text = '', part = '') => text.startsWith(part)),
  contains: ofTexts(2, (text = '', part = '') => text.includes(part)),
  'substring-before': ofTexts(2, (text = '', part = '') => text.slice(0, Math.max(0, text.indexOf(part)))),
  'substring-after': ofTexts(2, (text = '', part = '') =>
    text.includes(part) ? text.slice(text.indexOf(part) + part.length) : '',
  ),
  substring: define(2, 3, ({ budget }, [text = '', from = '', length]) =>
    substring(
      spendText(budget, toText(text, budget)),
      toNumber(from, budget),
      length === undefined ? Infinity : toNumber(length, budget),
    ),
  ),
  'string-length': ofText((text) => Array.from(text).length),
  'normalize-space': ofText((text) => text.replace(/[ \t\r\n]+/g, ' ').trim()),
  translate: ofTexts(3, (text = '', from = '', to = '') => translate(text, Array.from(from), Array.from(to))),
  boolean: define(1, 1, (_, [given = '']) => toBoolean(given)),
  not: define(1, 1, (_, [given = '']) => !toBoolean(given)),
  true: define(0, 0, () => true),
  false: define(0, 0, () => false),
  lang: define(1, 1, () => false),
  number: define(0, 1, ({ node, budget }, [given]) => toNumber(given ?? [node], budget)),
  sum: define(1, 1, ({ budget }, [given]) =>
    nodesOf('sum', given).reduce((sum, node) => sum + toNumber([node], budget), 0),
  ),
  floor: ofNumber(Math.floor),
  ceiling: ofNumber(Math.ceil),
  round: ofNumber(Math.round),
};

/** §4.2: positions from 1, rounded; NaN takes nothing. */
function substring(text: string, from: number, length: number): string {
  const first = Math.round(from);
  const end = length === Infinity ? Infinity : first + Math.round(length);
  return Array.from(text)
    .filter((_, index) => index + 1 >= first && index + 1 < end)
    .join('');
}

function translate(text: string, from: readonly string[], to: readonly string[]): string {
  const map = new Map(from.map((letter, index) => [letter, to[index] ?? ''] as const).toReversed());
  return Array.from(text)
    .map((letter) => map.get(letter) ?? letter)
    .join('');
}
