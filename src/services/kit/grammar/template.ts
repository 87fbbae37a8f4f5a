import { literal } from './patterns.ts';

/** A part of a template: a line, what may be left out or repeated, or one of two. */
export type TemplatePart =
  | { readonly kind: 'line'; readonly pattern: RegExp }
  | { readonly kind: 'repeated' | 'optional'; readonly parts: readonly TemplatePart[] }
  | { readonly kind: 'either'; readonly one: readonly TemplatePart[]; readonly other: readonly TemplatePart[] };

/** A template, read: its parts, and its values by name (`regions.name`: of a list's elements; `regions`: the elements themselves). */
export type TemplateGrammar = { readonly parts: readonly TemplatePart[]; readonly holes: ReadonlySet<string> };

/** Helpers that render a value; all others are unknown here, and so is a template that uses them. */
const VALUE_HELPERS = new Set(['word', 'json', 'jsonText', 'namedString', 'zoneStrings', 'base64']);
const COMMENT = /\{\{!(?:--[\s\S]*?--|[^}]*)\}\}/g;
const COMMENT_LINE = /^[ \t]*\{\{!(?:--[\s\S]*?--|[^}]*)\}\}[ \t]*\n/gm;
const TAG = /\{\{([^}]+)\}\}/g;
const TAG_LINE = /^[ \t]*\{\{((?:#|\/)(?:each|if|unless)\b[^}]*|else)\}\}[ \t]*$/;

/** A block that is open: of lines, or of pieces of one line. */
interface Block<T> {
  readonly tag: 'each' | 'if' | 'unless' | 'all';
  readonly list: string | null;
  readonly one: T[];
  other: T[] | null;
}

/** The language of a template: what it can render, if each value matches its pattern in `values`. */
export function readTemplate(text: string, values: Readonly<Record<string, string>>): TemplateGrammar {
  const holes = new Set<string>();
  const lists: (string | null)[] = [];
  const stack: Block<TemplatePart>[] = [{ tag: 'all', list: null, one: [], other: null }];
  for (const line of text.replace(COMMENT_LINE, '').replace(COMMENT, '').split('\n')) {
    const tag = TAG_LINE.exec(line)?.[1];
    if (tag === undefined) add(stack, { kind: 'line', pattern: patternOf(line, lists, values, holes) });
    else step(stack, lists, tag, closeParts);
  }
  const [all] = stack;
  if (all === undefined || stack.length !== 1) throw new TypeError('a block of the template is not closed');
  return { parts: all.one, holes };
}

function closeParts(block: Block<TemplatePart>): TemplatePart {
  if (block.tag === 'each') return { kind: 'repeated', parts: block.one };
  if (block.other === null) return { kind: 'optional', parts: block.one };
  return { kind: 'either', one: block.one, other: block.other };
}

function closePattern(block: Block<string>): string {
  const one = block.one.join('');
  if (block.tag === 'each') return `(?:${one})*`;
  return block.other === null ? `(?:${one})?` : `(?:${one}|${block.other.join('')})`;
}

function add<T>(stack: readonly Block<T>[], item: T): void {
  const block = stack.at(-1);
  (block?.other ?? block?.one)?.push(item);
}

/** Opens, turns or closes a block. */
function step<T>(stack: Block<T>[], lists: (string | null)[], tag: string, close: (block: Block<T>) => T): void {
  const block = stack.at(-1);
  if (tag === 'else' && block !== undefined) {
    block.other = [];
    return;
  }
  const [, sign, keyword = '', argument = ''] = /^([#/])(\w+)\s*(.*)$/.exec(tag) ?? [];
  if (sign === '#') {
    const list = keyword === 'each' ? nameIn(argument.trim(), lists) : null;
    if (list !== null) lists.push(list);
    stack.push({ tag: keyword as 'each' | 'if' | 'unless', list, one: [], other: null });
    return;
  }
  if (block === undefined || block.tag !== keyword) throw new TypeError(`{{${tag}}} closes no block`);
  stack.pop();
  if (block.list !== null) lists.pop();
  add(stack, close(block));
}

/** The full name of a value within the lists that are open. */
function nameIn(path: string, lists: readonly (string | null)[]): string {
  const ups = path.split('../').length - 1;
  const prefix = lists.at(-1 - ups);
  const name = path.slice(3 * ups);
  if (name === 'this') return prefix ?? name;
  return prefix === undefined || prefix === null ? name : `${prefix}.${name}`;
}

function patternOf(
  line: string,
  outer: readonly (string | null)[],
  values: Readonly<Record<string, string>>,
  holes: Set<string>,
): RegExp {
  const lists = [...outer];
  const stack: Block<string>[] = [{ tag: 'all', list: null, one: [], other: null }];
  let at = 0;
  for (const match of line.matchAll(TAG)) {
    add(stack, literal(line.slice(at, match.index)));
    at = match.index + match[0].length;
    const tag = match[1] ?? '';
    if (tag === 'else' || /^[#/]/.test(tag)) step(stack, lists, tag, closePattern);
    else add(stack, valueOf(tag, lists, values, holes));
  }
  add(stack, literal(line.slice(at)));
  const [all] = stack;
  if (all === undefined || stack.length !== 1) throw new TypeError(`a block of the line ${line} is not closed`);
  return new RegExp(`^(?:${all.one.join('')})$`, 'u');
}

function valueOf(
  tag: string,
  lists: readonly (string | null)[],
  values: Readonly<Record<string, string>>,
  holes: Set<string>,
): string {
  const [first = '', second] = tag.trim().split(/\s+/);
  if (second !== undefined && !VALUE_HELPERS.has(first)) throw new TypeError(`{{${tag}}} has an unknown helper`);
  const name = nameIn(second ?? first, lists);
  holes.add(name);
  if (!Object.hasOwn(values, name))
    throw new TypeError(`the value ${name} of the template has no pattern in its grammar`);
  return `(?:${values[name]})`;
}
