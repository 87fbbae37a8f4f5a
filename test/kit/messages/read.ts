import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'rolldown/utils';
import { type Context, type Kind, kindOf } from './kinds.ts';

/** A text that a user reads. `line`: of its first letter. `text`: on one line; a value is `{name}`. */
export interface Message {
  readonly file: string;
  readonly line: number;
  readonly kind: Kind;
  readonly text: string;
}

/** A node of the syntax tree, as far as this module reads it. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Texts for other programs, not for people: patches of stand-ins, styles, tables of other projects' names. */
const NO_MESSAGES = [
  /^src\/ui\//,
  /^src\/drills\/overlay\//,
  /^src\/drills\/report\/page\/(?:style|legend|drawing)\.ts$/,
  /^src\/model\/machines\/tags\/lshw/,
  /^src\/api\/maas\/catalog\//,
  /^src\/cli\/completion\.ts$/,
];
/** Two words or more, and nothing of a language for machines: markup, styles, SQL, shell, options of a command. */
const WORDS = /[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}/;
const CODE =
  /^(?:[^\s.,;:]+ ){25,}[^\s.,;:]*$|^\s*select .*(?: from |\()|<\/?[a-z][\w-]*[\s>/]|[;{]\s*\\n|^\s*(?:select|insert|update|delete|with|create|alter|drop|lock|set|begin|commit) [a-z_*]+ (?:from|into|table|on|where|set|to|local|function)\b|^#!|^(?:ip|nft|systemctl|env|set|chroot) -|^\/\w+\/\S*$|=[^ ]+ \w+=/;

/** Every message of the product, the web UI apart, in the order of files and lines. `root`: of the checkout. */
export function readMessages(root: string): readonly Message[] {
  return ['src', 'ha'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => `${folder}/${String(name)}`)
      .filter((path) => path.endsWith('.ts') && !NO_MESSAGES.some((pattern) => pattern.test(path)))
      .sort()
      .flatMap((path) => messagesOf(path, readFileSync(join(root, path), 'utf8'))),
  );
}

/** The messages of one module. Pure. */
export function messagesOf(file: string, source: string): readonly Message[] {
  const starts = [0, ...Array.from(source.matchAll(/\n/g), ({ index }) => index + 1)];
  const found: Message[] = [];
  const visit = (value: unknown, parents: readonly SyntaxNode[]): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, parents);
    if (!isNode(value) || isSilent(value)) return;
    const text = textOf(value, source);
    if (text === null) {
      for (const child of Object.values(value)) visit(child, [...parents, value]);
      return;
    }
    if (WORDS.test(text) && !CODE.test(text)) {
      const line = starts.findLastIndex((start) => start <= value.start) + 1;
      const kind = kindOf(contextOf(file, value, parents));
      if (kind !== null) found.push({ file, line, kind, text });
    }
    // Texts inside a value: `${isLost ? 'was lost' : 'stays'}`.
    for (const child of valuesOf(value)) visit(child, [...parents, value]);
  };
  visit(parseSync(file, source, { lang: 'ts' }).program, []);
  return found;
}

/** A line of the list: file and line, kind, text, with tabs between. */
export function lineOf({ file, line, kind, text }: Message): string {
  return [`${file}:${line}`, kind, text].join('\t');
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Types, imports, SQL and other tagged texts, and what is compared, have no messages. */
function isSilent({ type, operator }: SyntaxNode): boolean {
  if (type === 'BinaryExpression' && operator !== '+') return true;
  return /^(?:TS(?!As|Satisfies|NonNull)|Import|ExportAll|TaggedTemplate|SwitchCase\.test)/.test(type);
}

/** The text of a literal, a template, or a sum of them; null: another expression. */
function textOf(node: SyntaxNode, source: string): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? oneLine(node.value) : null;
  if (node.type === 'TemplateLiteral') {
    const texts = childrenOf(node.quasis).map(({ value }) => cookedOf(value));
    const values = valuesOf(node).map((value) => `{${nameOf(value, source)}}`);
    return oneLine(texts.map((text, at) => text + (values[at] ?? '')).join(''));
  }
  if (node.type !== 'BinaryExpression' || !isNode(node.left) || !isNode(node.right)) return null;
  const [left, right] = [textOf(node.left, source), textOf(node.right, source)];
  if (left === null && right === null) return null;
  return (left ?? `{${nameOf(node.left, source)}}`) + (right ?? `{${nameOf(node.right, source)}}`);
}

/** What stands in a text in place of a value: its last name; of a choice, the name of its condition. */
function nameOf({ start, end, test }: SyntaxNode, source: string): string {
  if (isNode(test)) return nameOf(test, source);
  const code = source.slice(start, end).replace(/\(.*$/s, '');
  return /(\w+)\W*$/.exec(code)?.[1] ?? 'value';
}

/** The values inside a text. */
function valuesOf(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.type === 'TemplateLiteral') return childrenOf(node.expressions);
  if (node.type !== 'BinaryExpression') return [];
  return [node.left, node.right].flatMap((side) => {
    if (!isNode(side)) return [];
    return ['Literal', 'TemplateLiteral', 'BinaryExpression'].includes(side.type) ? valuesOf(side) : [side];
  });
}

function childrenOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function cookedOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'cooked' in value ? String(value.cooked) : '';
}

/** Line breaks and other control characters as escapes: a message is one line. */
const oneLine = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));

/** What a text stands in: the nearest call, property, name or returned value, and the calls and names outside. */
function contextOf(file: string, node: SyntaxNode, parents: readonly SyntaxNode[]): Context {
  const names: string[] = [];
  let inner = node;
  for (const parent of parents.toReversed()) {
    if (parent.type === 'CallExpression' || parent.type === 'NewExpression') {
      if (isNode(parent.callee) && parent.callee !== inner) names.push(`${calleeOf(parent.callee)}()`);
    } else if (parent.type === 'Property' && isNode(parent.key)) names.push(`${identifierOf(parent.key)}:`);
    else if (parent.type === 'VariableDeclarator' && isNode(parent.id)) names.push(identifierOf(parent.id));
    else if (parent.type === 'FunctionDeclaration' && isNode(parent.id))
      names.push(`${identifierOf(parent.id)} returns`);
    inner = parent;
  }
  return { file, names };
}

function calleeOf({ type, object, property, name }: SyntaxNode): string {
  if (type !== 'MemberExpression' || !isNode(property)) return partOf(name);
  const owner = isNode(object) ? (isNode(object.property) ? identifierOf(object.property) : identifierOf(object)) : '';
  return `${owner}.${identifierOf(property)}`;
}

const identifierOf = ({ name, value }: SyntaxNode): string => partOf(name ?? value);

const partOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
