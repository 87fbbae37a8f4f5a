import type { XmlNode } from './node.ts';
import { XPathError } from './tokens.ts';

/** A value of XPath 1.0: nodes are in the order of the document, each once. */
export type XPathValue = readonly XmlNode[] | string | number | boolean;

/** What an evaluation may still cost: nodes visited, and texts made. */
export type Budget = { left: number };

/** Takes a cost off the budget. Throws `XPathError` when nothing is left. */
export function spend(budget: Budget, cost: number): void {
  budget.left -= cost;
  if (budget.left < 0) throw new XPathError('it takes too long');
}

/** Characters that cost as much as one node. */
const TEXT_COST = 64;

/** Takes the cost of a text that is made. */
export function spendText(budget: Budget, text: string): string {
  spend(budget, 1 + Math.floor(text.length / TEXT_COST));
  return text;
}

export const isNodes = (value: XPathValue): value is readonly XmlNode[] => Array.isArray(value);

/** The string-value of a node (§5): of an element and of the document all texts below it. */
export function stringOf(node: XmlNode, budget: Budget): string {
  if (node.kind === 'attribute' || node.kind === 'text') return spendText(budget, node.value);
  const texts: string[] = [];
  collect(node, texts, budget);
  return spendText(budget, texts.join(''));
}

function collect(node: XmlNode, texts: string[], budget: Budget): void {
  spend(budget, 1);
  for (const child of node.children) {
    if (child.kind === 'text') texts.push(child.value);
    else collect(child, texts, budget);
  }
}

/** §4.2 `string`. */
export function toText(value: XPathValue, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  const [first] = value;
  return first === undefined ? '' : stringOf(first, budget);
}

/** Without an exponent, as XPath 1.0 writes numbers. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '0';
  const text = String(value);
  if (!text.includes('e')) return text;
  if (Math.abs(value) >= 1) return BigInt(value).toString();
  const [digits = '', exponent = '0'] = text.replace('-', '').split('e');
  const zeros = '0'.repeat(Math.abs(Number(exponent)) - 1);
  return `${value < 0 ? '-' : ''}0.${zeros}${digits.replace('.', '')}`;
}

/** §4.4 `number`: a text that is no number is NaN. */
export function toNumber(value: XPathValue, budget: Budget): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toText(value, budget).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  return /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

/** §4.3 `boolean`. */
export function toBoolean(value: XPathValue): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return value.length > 0;
}

/** The operators of §3.4. */
export function compare(operator: string, left: XPathValue, right: XPathValue, budget: Budget): boolean {
  if (isNodes(left))
    return isNodes(right) ? compareSets(operator, left, right, budget) : compareSet(operator, left, right, budget);
  if (isNodes(right)) return compareSet(MIRRORED[operator] ?? operator, right, left, budget);
  return holds(operator, left, right, budget);
}

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function compareSets(operator: string, left: readonly XmlNode[], right: readonly XmlNode[], budget: Budget): boolean {
  const others = right.map((node) => stringOf(node, budget));
  return left.some((node) => {
    const text = stringOf(node, budget);
    return others.some((other) => {
      spend(budget, 1);
      return holds(operator, text, other, budget);
    });
  });
}

function compareSet(
  operator: string,
  nodes: readonly XmlNode[],
  value: string | number | boolean,
  budget: Budget,
): boolean {
  if (typeof value === 'boolean') return holds(operator, toBoolean(nodes), value, budget);
  return nodes.some((node) => holds(operator, stringOf(node, budget), value, budget));
}

type Plain = string | number | boolean;

function holds(operator: string, left: Plain, right: Plain, budget: Budget): boolean {
  if (operator === '=' || operator === '!=') return isEqual(left, right, budget) === (operator === '=');
  const [one, other] = [toNumber(left, budget), toNumber(right, budget)];
  if (operator === '<') return one < other;
  if (operator === '<=') return one <= other;
  return operator === '>' ? one > other : one >= other;
}

function isEqual(left: Plain, right: Plain, budget: Budget): boolean {
  if (typeof left === 'boolean' || typeof right === 'boolean') return toBoolean(left) === toBoolean(right);
  if (typeof left === 'number' || typeof right === 'number') return toNumber(left, budget) === toNumber(right, budget);
  return left === right;
}
