import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type YAMLMap } from 'yaml';
import { nearestHint } from '../../core/nearest.ts';
import { show } from '../../core/errors.ts';

/** A place in a file, counted from 1. */
export type FilePlace = { readonly file: string; readonly line: number };

/** What is wrong at a place. */
export type FileProblem = FilePlace & { readonly problem: string };

/** An object of a file, and where it and its members stand. */
export interface ListedObject {
  /** The member of the file that lists it, such as `zones`. */
  readonly plural: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly place: FilePlace;
  /** The place of a member by its path, such as `interfaces/0/mac`; of the nearest one above that stands there. */
  placeOf(path: string): FilePlace;
  /** The text of a member as it stands, if it is not read as a text. */
  sourceOf(path: string): string | null;
}

/** What stands in a file. */
export interface ParsedFile {
  readonly objects: readonly ListedObject[];
  readonly problems: readonly FileProblem[];
  /** `regent:`, the form of the file; null: it does not say. */
  readonly form: { readonly value: unknown; readonly place: FilePlace } | null;
}

/** Reads the documents of a YAML file. `plurals`: members that list objects. Pure. */
export function parseFile(file: string, text: string, plurals: readonly string[]): ParsedFile {
  const lines = new LineCounter();
  const at = (offset: number | undefined): FilePlace => ({
    file,
    line: offset === undefined ? 1 : Math.max(1, lines.linePos(offset).line),
  });
  const objects: ListedObject[] = [];
  const problems: FileProblem[] = [];
  let form: ParsedFile['form'] = null;
  const refuse = (offset: number | undefined, problem: string) => problems.push({ ...at(offset), problem });
  for (const document of documentsOf(text, lines, refuse)) {
    for (const { code, message, pos } of [...document.errors, ...document.warnings])
      refuse(pos[0], PROBLEMS[code] ?? plain(message));
    const { contents } = document;
    if (document.errors.length > 0 || contents === null || isNothing(contents)) continue;
    if (!isMap(contents)) {
      refuse(contents.range?.[0], 'a document has members such as zones: and machines:, each with a list');
      continue;
    }
    for (const { key, value } of contents.items) {
      const name = keyText(key);
      const offset = (key as Node).range?.[0];
      if (name === 'regent') {
        form = { value: isScalar(value) ? value.value : null, place: at(offset) };
        continue;
      }
      if (!plurals.includes(name)) {
        const hint = nearestHint(name, plurals, String);
        refuse(offset, `there is no kind ${show(name)}${hint}. Rule: ${plurals.join(', ')}`);
        continue;
      }
      if (value === null || isNothing(value)) continue;
      if (!isSeq(value)) {
        refuse(offset, `${name} is not a list. Rule: each object begins with "- "`);
        continue;
      }
      for (const item of value.items) {
        const start = (item as Node | null)?.range?.[0] ?? offset;
        if (!isMap(item)) refuse(start, `an object of ${name} has members, such as name: …`);
        else objects.push(objectOf(name, item, { at, start, refuse }));
      }
    }
  }
  return { objects, problems, form };
}

/** Brackets without anything between them: no object is so deep, and the parser takes seconds for tens of thousands. */
const TOO_DEEP = /(?:[[{][ \t]*){64}/;

function documentsOf(text: string, lineCounter: LineCounter, refuse: (offset: number, problem: string) => void) {
  if (TOO_DEEP.test(text)) {
    refuse(0, 'the file is nested too deep');
    return [];
  }
  try {
    const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, version: '1.2', uniqueKeys: true });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    // A parser that calls itself has no other bound.
    if (!(error instanceof RangeError)) throw error;
    refuse(0, 'the file is nested too deep');
    return [];
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab stands before the text. Rule: YAML indents by blanks',
  DUPLICATE_KEY: 'the member is there twice. Rule: each member of an object once',
  TAG_RESOLVE_FAILED: 'a tag (!) has no meaning here',
};

const plain = (message: string): string => message.split('\n')[0] ?? message;

interface NodeReading {
  readonly at: (offset: number | undefined) => FilePlace;
  readonly start: number | undefined;
  readonly refuse: (offset: number | undefined, problem: string) => void;
}

function objectOf(plural: string, map: YAMLMap, { at, start, refuse }: NodeReading): ListedObject {
  const find = (path: string) => nodeAt(map, path === '' ? [] : path.split('/'));
  return {
    plural,
    members: valueOf(map, refuse, 0) as Readonly<Record<string, unknown>>,
    place: at(start),
    placeOf: (path) => at(find(path).offset ?? start),
    sourceOf: (path) => {
      const { node, isExact } = find(path);
      if (!isExact || !isScalar(node) || typeof node.value === 'string' || node.value === null) return null;
      return node.source ?? null;
    },
  };
}

/** The node of a path, or the nearest one above it. */
function nodeAt(root: Node, path: readonly string[]): { node: Node; offset: number | undefined; isExact: boolean } {
  let node = root;
  let offset = root.range?.[0];
  for (const part of path) {
    const next = isMap(node)
      ? node.items.find(({ key }) => keyText(key) === part)
      : isSeq(node)
        ? node.items[Number(part)]
        : undefined;
    const value = isPair(next) ? next.value : next;
    if (next === undefined) return { node, offset, isExact: false };
    offset = (isPair(next) ? (next.key as Node).range?.[0] : (next as Node).range?.[0]) ?? offset;
    if (value === null || value === undefined) return { node, offset, isExact: false };
    node = value as Node;
  }
  return { node, offset, isExact: true };
}

/** Levels of an object: the API takes no more. */
const DEPTH_MOST = 12;

function valueOf(node: unknown, refuse: NodeReading['refuse'], depth: number): unknown {
  if (node === null || node === undefined) return null;
  const refused = (problem: string) => {
    refuse((node as Node).range?.[0], problem);
    return null;
  };
  if (isAlias(node) || ('anchor' in (node as object) && (node as { anchor?: string }).anchor !== undefined))
    return refused('anchors (&) and aliases (*) are not taken. Rule: write the value out');
  if (depth > DEPTH_MOST) return refused('it is nested too deep');
  if (isMap(node)) {
    const members = node.items.map(({ key, value }) => [keyText(key), valueOf(value, refuse, depth + 1)] as const);
    return Object.fromEntries(members);
  }
  if (isSeq(node)) return node.items.map((item) => valueOf(item, refuse, depth + 1));
  const value = isScalar(node) ? node.value : null;
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return refused(`${String(value)} is not a number that is taken`);
  return value;
}

/** A member's name as it stands: `no:` and `1:` are texts. */
function keyText(key: unknown): string {
  if (!isScalar(key)) return '?';
  return key.source ?? String(key.value);
}

const isNothing = (node: unknown): boolean => isScalar(node) && node.value === null;
