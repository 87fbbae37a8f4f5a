import { type EvaluationContext, FUNCTIONS } from './functions.ts';
import type { XmlNode } from './node.ts';
import type { Axis, Expression, PathStep } from './parse.ts';
import { type Budget, compare, isNodes, spend, toBoolean, toNumber, type XPathValue } from './values.ts';
import { XPathError } from './tokens.ts';

/**
 * The value of an expression for the document. Throws `XPathError` if it is not usable, or costs more than the budget.
 */
export function evaluate(expression: Expression, root: XmlNode, budget: Budget): XPathValue {
  return valueOf(expression, { node: root, position: 1, size: 1, budget });
}

function valueOf(expression: Expression, context: EvaluationContext): XPathValue {
  const { budget } = context;
  spend(budget, 1);
  switch (expression.kind) {
    case 'number':
    case 'text':
      return expression.value;
    case 'negative':
      return -toNumber(valueOf(expression.of, context), budget);
    case 'binary':
      return binary(expression, context);
    case 'call':
      return call(expression, context);
    case 'filter':
      return expression.predicates.reduce(
        (nodes, predicate) => filtered(nodes, predicate, budget),
        nodesOf(expression.of, context),
      );
    case 'path':
      return path(expression, context);
  }
}

function call(
  { name, arguments: given }: Extract<Expression, { kind: 'call' }>,
  context: EvaluationContext,
): XPathValue {
  const definition = FUNCTIONS[name];
  if (definition === undefined) throw new XPathError(`${name} is not a function`);
  return definition.run(
    context,
    given.map((one) => valueOf(one, context)),
  );
}

function binary(
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  context: EvaluationContext,
): XPathValue {
  const { budget } = context;
  if (operator === 'or') return toBoolean(valueOf(left, context)) || toBoolean(valueOf(right, context));
  if (operator === 'and') return toBoolean(valueOf(left, context)) && toBoolean(valueOf(right, context));
  if (operator === '|') return ordered([...nodesOf(left, context), ...nodesOf(right, context)], budget);
  const [one, other] = [valueOf(left, context), valueOf(right, context)];
  const arithmetic = ARITHMETIC[operator];
  return arithmetic === undefined
    ? compare(operator, one, other, budget)
    : arithmetic(toNumber(one, budget), toNumber(other, budget));
}

const ARITHMETIC: Readonly<Record<string, (one: number, other: number) => number>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  div: (one, other) => one / other,
  mod: (one, other) => one % other,
};

function nodesOf(expression: Expression, context: EvaluationContext): readonly XmlNode[] {
  const value = valueOf(expression, context);
  if (isNodes(value)) return value;
  throw new XPathError('a text, a number or a boolean stands in place of nodes');
}

function path({ from, steps }: Extract<Expression, { kind: 'path' }>, context: EvaluationContext): XPathValue {
  let nodes = from === null ? [context.node] : from === 'root' ? [rootOf(context.node)] : nodesOf(from, context);
  for (const step of steps) {
    const found: XmlNode[] = [];
    for (const node of nodes) for (const one of stepFrom(node, step, context.budget)) found.push(one);
    nodes = ordered(found, context.budget);
  }
  return nodes;
}

function rootOf(node: XmlNode): XmlNode {
  let at = node;
  while (at.parent !== null) at = at.parent;
  return at;
}

/** What a step finds from one node: in the order of its axis, since predicates count along that. */
function stepFrom(node: XmlNode, { axis, name, type, predicates }: PathStep, budget: Budget): readonly XmlNode[] {
  let found: readonly XmlNode[] = onAxis(node, axis, budget).filter((one) => fits(one, axis, name, type));
  for (const predicate of predicates) found = filtered(found, predicate, budget);
  return found;
}

function fits(node: XmlNode, axis: Axis, name: string | null, type: PathStep['type']): boolean {
  if (name === null) return type === 'node' || type === node.kind;
  const isPrincipal = node.kind === (axis === 'attribute' ? 'attribute' : 'element');
  return isPrincipal && (name === '*' || name === node.name);
}

function filtered(nodes: readonly XmlNode[], predicate: Expression, budget: Budget): readonly XmlNode[] {
  const size = nodes.length;
  return nodes.filter((node, index) => {
    const value = valueOf(predicate, { node, position: index + 1, size, budget });
    return typeof value === 'number' ? value === index + 1 : toBoolean(value);
  });
}

/** Each node once, in the order of the document. */
function ordered(nodes: readonly XmlNode[], budget: Budget): readonly XmlNode[] {
  spend(budget, nodes.length);
  const isOrdered = nodes.every((node, index) => index === 0 || (nodes[index - 1]?.order ?? 0) < node.order);
  return isOrdered ? nodes : [...new Set(nodes)].sort((one, other) => one.order - other.order);
}

function onAxis(node: XmlNode, axis: Axis, budget: Budget): readonly XmlNode[] {
  const found: XmlNode[] = [];
  const add = (one: XmlNode) => {
    spend(budget, 1);
    found.push(one);
  };
  const addBelow = (one: XmlNode) => {
    for (const child of one.children) {
      add(child);
      addBelow(child);
    }
  };
  const addAbove = (one: XmlNode) => {
    for (let at = one.parent; at !== null; at = at.parent) add(at);
  };
  switch (axis) {
    case 'self':
      add(node);
      break;
    case 'child':
      node.children.forEach(add);
      break;
    case 'attribute':
      node.attributes.forEach(add);
      break;
    case 'parent':
      if (node.parent !== null) add(node.parent);
      break;
    case 'descendant-or-self':
      add(node);
      addBelow(node);
      break;
    case 'descendant':
      addBelow(node);
      break;
    case 'ancestor-or-self':
      add(node);
      addAbove(node);
      break;
    case 'ancestor':
      addAbove(node);
      break;
    case 'following-sibling':
    case 'preceding-sibling':
      siblings(node, axis === 'following-sibling').forEach(add);
      break;
    case 'following':
    case 'preceding':
      return beyond(node, axis === 'following', budget);
    case 'namespace':
      break;
  }
  return found;
}

function siblings(node: XmlNode, isAfter: boolean): readonly XmlNode[] {
  if (node.parent === null || node.kind === 'attribute') return [];
  const all = node.parent.children;
  const at = all.indexOf(node);
  return isAfter ? all.slice(at + 1) : all.slice(0, at).reverse();
}

/** All that begins after a node ends, or ends before it begins, the nearest first (§2.2): without attributes, and without what it is in. */
function beyond(node: XmlNode, isAfter: boolean, budget: Budget): readonly XmlNode[] {
  const found: XmlNode[] = [];
  const walk = (one: XmlNode) => {
    spend(budget, 1);
    const isBeyond = isAfter ? one.order > node.end : one.end < node.order;
    if (isBeyond) found.push(one);
    one.children.forEach(walk);
  };
  walk(rootOf(node));
  return isAfter ? found : found.reverse();
}
