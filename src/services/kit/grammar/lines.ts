import type { TemplatePart } from './template.ts';

/** A line and the states after it; without a pattern: a fork that consumes nothing. */
type State = { readonly pattern: RegExp | null; next: readonly number[] };

/** A recogniser of whole texts: it holds a set of states, so its cost is that of the lines. */
export type LineMachine = { readonly states: readonly State[]; readonly start: number; readonly end: number };

/** No line of ours is longer: lists of all addresses stand on one. */
const LINE_MAX = 1024 * 1024;

/** The machine of a template's parts (Thompson's construction, over lines). */
export function lineMachine(parts: readonly TemplatePart[]): LineMachine {
  const states: State[] = [];
  const state = (pattern: RegExp | null, next: readonly number[]): number => states.push({ pattern, next }) - 1;
  const chain = (list: readonly TemplatePart[], end: number): number =>
    list.reduceRight((after, part) => one(part, after), end);
  const one = (part: TemplatePart, after: number): number => {
    if (part.kind === 'line') return state(part.pattern, [after]);
    if (part.kind === 'optional') return state(null, [chain(part.parts, after), after]);
    if (part.kind === 'either') return state(null, [chain(part.one, after), chain(part.other, after)]);
    const again = state(null, []);
    const fork = states[again];
    if (fork) fork.next = [chain(part.parts, again), after];
    return again;
  };
  const end = state(null, []);
  return { states, start: chain(parts, end), end };
}

/** The number of the first line that cannot follow the lines before it, counted from 1; null: the text is of the machine. */
export function firstForeignLine({ states, start, end }: LineMachine, text: string): number | null {
  let now = reach(states, [start]);
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.length > LINE_MAX) return index + 1;
    const after = [...now].flatMap((at) => {
      const { pattern, next } = states[at] ?? { pattern: null, next: [] };
      return pattern?.test(line) ? next : [];
    });
    if (after.length === 0) return index + 1;
    now = reach(states, after);
  }
  return now.has(end) ? null : lines.length;
}

/** All states that need no further line. */
function reach(states: readonly State[], from: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    const { pattern, next } = states[at] ?? { pattern: null, next: [] };
    if (pattern === null) open.push(...next);
  }
  return found;
}
