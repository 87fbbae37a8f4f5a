import { withoutHeader } from './header.ts';

/** One line of a comparison: in both texts, only in the old, only in the new. */
export type DiffLine = { readonly kind: ' ' | '-' | '+'; readonly text: string };

/** Segments without a line that is unique on both sides are compared cell by cell, up to this many cells. */
const TABLE_MAX = 250_000;
const CONTEXT = 3;

/**
 * A unified diff of one file, without its generated header, for people to read; '' when the bodies are equal.
 * `null` stands for a file that is not there. Ten thousand lines take milliseconds whatever changed.
 */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  const oldText = before === null ? null : withoutHeader(before);
  const newText = after === null ? null : withoutHeader(after);
  if (oldText === newText) return '';
  const lines = diffLines(linesOf(oldText), linesOf(newText));
  const names = `--- ${oldText === null ? '/dev/null' : path}\n+++ ${newText === null ? '/dev/null' : path}\n`;
  return names + hunks(lines).join('');
}

/**
 * Compares two lists of lines by the lines that are unique on both sides (patience diff): equal ends first, then the
 * longest rising run of unique lines, then what lies between them by the same rule.
 */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const result: DiffLine[] = [];
  compare(before, after, result);
  return result;
}

function compare(before: readonly string[], after: readonly string[], out: DiffLine[]): void {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  for (const text of before.slice(0, start)) out.push({ kind: ' ', text });
  compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end), out);
  for (const text of end === 0 ? [] : before.slice(-end)) out.push({ kind: ' ', text });
}

function compareMiddle(before: readonly string[], after: readonly string[], out: DiffLine[]): void {
  const anchors = before.length > 0 && after.length > 0 ? anchorsOf(before, after) : [];
  if (anchors.length === 0) return compareByTable(before, after, out);
  let oldDone = 0;
  let newDone = 0;
  for (const [oldIndex, newIndex] of anchors) {
    compare(before.slice(oldDone, oldIndex), after.slice(newDone, newIndex), out);
    out.push({ kind: ' ', text: before[oldIndex] ?? '' });
    oldDone = oldIndex + 1;
    newDone = newIndex + 1;
  }
  compare(before.slice(oldDone), after.slice(newDone), out);
}

/** Pairs of indexes of equal lines, unique on both sides, rising on both sides, as many as possible. */
function anchorsOf(before: readonly string[], after: readonly string[]): readonly (readonly [number, number])[] {
  const unique = uniqueLines(before);
  const pairs: [number, number][] = [];
  for (const [line, newIndex] of uniqueLines(after)) {
    const oldIndex = unique.get(line);
    if (oldIndex !== undefined) pairs.push([oldIndex, newIndex]);
  }
  return longestRising(pairs.sort((a, b) => a[1] - b[1]));
}

function uniqueLines(lines: readonly string[]): Map<string, number> {
  const seen = new Set<string>();
  const unique = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    if (seen.has(line)) unique.delete(line);
    else unique.set(line, index);
    seen.add(line);
  }
  return unique;
}

/** Longest run with rising first numbers of pairs that rise in the second, by patience sorting. */
function longestRising(pairs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const tops: number[] = [];
  const previous: number[] = [];
  const firstOf = (index: number | undefined) => pairs[index ?? -1]?.[0] ?? -1;
  for (const [index, [first]] of pairs.entries()) {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firstOf(tops[middle]) < first) low = middle + 1;
      else high = middle;
    }
    previous.push(tops[low - 1] ?? -1);
    tops[low] = index;
  }
  const run: (readonly [number, number])[] = [];
  for (let index = tops.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair) run.push(pair);
  }
  return run.reverse();
}

/** Longest common subsequence by the usual table. Beyond the limit all old lines go and all new lines come. */
function compareByTable(before: readonly string[], after: readonly string[], out: DiffLine[]): void {
  const width = after.length + 1;
  const isSmall = before.length * after.length <= TABLE_MAX;
  const table = new Uint32Array(isSmall ? (before.length + 1) * width : 0);
  const at = (row: number, column: number) => table[row * width + column] ?? 0;
  for (let row = before.length - 1; isSmall && row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      table[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const [oldLine, newLine] = [before[row], after[column]];
    if (isSmall && oldLine !== undefined && oldLine === newLine) {
      out.push({ kind: ' ', text: oldLine });
      row += 1;
      column += 1;
    } else if (oldLine !== undefined && (newLine === undefined || at(row + 1, column) >= at(row, column + 1))) {
      out.push({ kind: '-', text: oldLine });
      row += 1;
    } else if (newLine !== undefined) {
      out.push({ kind: '+', text: newLine });
      column += 1;
    }
  }
}

function hunks(lines: readonly DiffLine[]): string[] {
  const texts: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  let index = 0;
  for (const [from, to] of hunkBounds(lines)) {
    for (; index < from; index += 1) {
      oldLine += 1;
      newLine += 1;
    }
    const part = lines.slice(from, to);
    const oldCount = part.filter((line) => line.kind !== '+').length;
    const newCount = part.filter((line) => line.kind !== '-').length;
    const range = `@@ -${rangeOf(oldLine, oldCount)} +${rangeOf(newLine, newCount)} @@\n`;
    texts.push(range + part.map((line) => `${line.kind}${line.text}\n`).join(''));
    oldLine += oldCount;
    newLine += newCount;
    index = to;
  }
  return texts;
}

/** Half-open index ranges around changes with context; neighbours that touch are one. */
function hunkBounds(lines: readonly DiffLine[]): [number, number][] {
  const bounds: [number, number][] = [];
  for (const [index, line] of lines.entries()) {
    if (line.kind === ' ') continue;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(lines.length, index + CONTEXT + 1);
    const last = bounds.at(-1);
    if (last && from <= last[1]) last[1] = to;
    else bounds.push([from, to]);
  }
  return bounds;
}

function rangeOf(line: number, count: number): string {
  const start = count === 0 ? line - 1 : line;
  return count === 1 ? `${start}` : `${start},${count}`;
}

function linesOf(text: string | null): string[] {
  if (text === null || text === '') return [];
  return text.replace(/\n$/, '').split('\n');
}
