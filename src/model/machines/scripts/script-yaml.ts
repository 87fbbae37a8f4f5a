import { type Rejected, rejected } from '../../../core/errors.ts';

/** What the comment of a script may say: the part of YAML 1.2 that such comments use. */
export type MetadataValue = string | readonly MetadataValue[] | { readonly [name: string]: MetadataValue };

type YamlLine = { readonly indent: number; readonly text: string };

/** Levels of nesting, and lines: a comment is no program. */
const DEPTH_MAX = 6;
const LINES_MAX = 500;

class YamlProblem extends Error {}

/**
 * Reads block maps, block lists, flow lists and maps, and scalars, which stay texts. Refused: all else of YAML, with the line that it is about. The package
 * `yaml` would add 230 kB and 7 ms to the start of the region and of the command line, and refuses the plain text `a: b` as a value. Pure.
 */
export function parseComment(text: string): { readonly value: MetadataValue } | Rejected {
  const lines = text
    .split('\n')
    .map((line) => ({ indent: /^ */.exec(line)?.[0].length ?? 0, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
  try {
    if (lines.length > LINES_MAX) throw new YamlProblem(`it has more than ${LINES_MAX} lines`);
    const reader = { lines, at: 0 };
    const value = lines.length === 0 ? {} : readBlock(reader, lines[0]?.indent ?? 0, 0);
    const rest = lines[reader.at];
    if (rest !== undefined) throw new YamlProblem(`"${rest.text.slice(0, 60)}" is not indented as the lines before it`);
    return { value };
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    return rejected('invalid_value', `The metadata in the script is not usable: ${error.message}.`);
  }
}

type CommentReader = { readonly lines: readonly YamlLine[]; at: number };

function readBlock(reader: CommentReader, indent: number, depth: number): MetadataValue {
  if (depth > DEPTH_MAX) throw new YamlProblem(`it has more than ${DEPTH_MAX} levels`);
  return reader.lines[reader.at]?.text.startsWith('- ') ? readList(reader, indent) : readMap(reader, indent, depth);
}

function readList(reader: CommentReader, indent: number): MetadataValue {
  const items: MetadataValue[] = [];
  for (let line = reader.lines[reader.at]; line?.indent === indent; line = reader.lines[reader.at]) {
    // The next member of the map that holds the list.
    if (!line.text.startsWith('- ')) break;
    items.push(readScalar(line.text.slice(2)));
    reader.at += 1;
  }
  return items;
}

function readMap(reader: CommentReader, indent: number, depth: number): MetadataValue {
  const members = new Map<string, MetadataValue>();
  for (let line = reader.lines[reader.at]; line?.indent === indent; line = reader.lines[reader.at]) {
    const [, name = '', rest = ''] = /^([A-Za-z_][A-Za-z0-9_-]{0,63}):(?: +(.*))?$/.exec(line.text) ?? [];
    if (name === '') throw new YamlProblem(`"${line.text.slice(0, 60)}" is not "name: value"`);
    if (members.has(name)) throw new YamlProblem(`"${name}" occurs twice`);
    reader.at += 1;
    const next = reader.lines[reader.at];
    const isOpen = rest === '' || rest.startsWith('#');
    const isInner =
      isOpen && next !== undefined && (next.indent > indent || (next.indent === indent && next.text.startsWith('- ')));
    members.set(name, isInner ? readBlock(reader, next.indent, depth + 1) : isOpen ? '' : readScalar(rest));
  }
  return Object.fromEntries(members);
}

/** A flow list, a flow map, a quoted or a plain text. */
function readScalar(text: string): MetadataValue {
  const flow = { text, at: 0 };
  const value = readFlow(flow, '', 0);
  const rest = text.slice(flow.at).trim();
  if (rest !== '' && !rest.startsWith('#')) throw new YamlProblem(`"${rest.slice(0, 60)}" follows a value`);
  return value;
}

type Flow = { readonly text: string; at: number };

function readFlow(flow: Flow, ends: string, depth: number): MetadataValue {
  if (depth > DEPTH_MAX) throw new YamlProblem(`it has more than ${DEPTH_MAX} levels`);
  skip(flow);
  const first = flow.text[flow.at] ?? '';
  if (first === '[') return readFlowList(flow, depth);
  if (first === '{') return readFlowMap(flow, depth);
  if (first === '"' || first === "'") return readQuoted(flow, first);
  if (/^[&*!|>%@`]/.test(first))
    throw new YamlProblem(`"${flow.text.slice(0, 60)}" is YAML that Regent does not support`);
  return readPlain(flow, ends);
}

function readFlowList(flow: Flow, depth: number): MetadataValue {
  const items: MetadataValue[] = [];
  flow.at += 1;
  for (;;) {
    skip(flow);
    if (takes(flow, ']')) return items;
    items.push(readFlow(flow, ',]', depth + 1));
    skip(flow);
    if (takes(flow, ']')) return items;
    if (!takes(flow, ',')) throw new YamlProblem(`the list "${flow.text.slice(0, 60)}" does not end`);
  }
}

function readFlowMap(flow: Flow, depth: number): MetadataValue {
  const members: [string, MetadataValue][] = [];
  flow.at += 1;
  for (;;) {
    skip(flow);
    if (takes(flow, '}')) return Object.fromEntries(members);
    const name = readFlow(flow, ':', depth + 1);
    if (typeof name !== 'string' || !takes(flow, ':'))
      throw new YamlProblem(`"${flow.text.slice(0, 60)}" has a name without a value`);
    members.push([name, readFlow(flow, ',}', depth + 1)]);
    skip(flow);
    if (takes(flow, '}')) return Object.fromEntries(members);
    if (!takes(flow, ',')) throw new YamlProblem(`the map "${flow.text.slice(0, 60)}" does not end`);
  }
}

function readQuoted(flow: Flow, quote: string): string {
  const end = flow.text.indexOf(quote, flow.at + 1);
  if (end < 0) throw new YamlProblem(`a text has no closing ${quote}`);
  const value = flow.text.slice(flow.at + 1, end);
  flow.at = end + 1;
  return value;
}

/** Until a character that ends it, or a comment. */
function readPlain(flow: Flow, ends: string): string {
  const start = flow.at;
  while (flow.at < flow.text.length) {
    const sign = flow.text[flow.at] ?? '';
    if (ends.includes(sign) || (sign === '#' && flow.text[flow.at - 1] === ' ')) break;
    flow.at += 1;
  }
  return flow.text.slice(start, flow.at).trim();
}

function skip(flow: Flow): void {
  while (flow.text[flow.at] === ' ') flow.at += 1;
}

function takes(flow: Flow, sign: string): boolean {
  if (flow.text[flow.at] !== sign) return false;
  flow.at += 1;
  return true;
}
