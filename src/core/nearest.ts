import { show } from './errors.ts';

/** The end of a refusal that names the text that was probably meant; '' if none is like it. `shown`: how it stands there. */
export function nearestHint(text: string, known: Iterable<string>, shown: (name: string) => string = show): string {
  const like = nearest(text, known);
  return like === null ? '' : `; the nearest is ${shown(like)}`;
}

/** The known text that is most like another one, for a refusal; null: none is like it. */
export function nearest(text: string, known: Iterable<string>): string | null {
  const given = text.toLowerCase();
  let best: string | null = null;
  let least = Math.max(2, Math.ceil(given.length / 3)) + 1;
  for (const one of known) {
    if (Math.abs(one.length - given.length) >= least) continue;
    const distance = distanceOf(given, one.toLowerCase());
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

/** Insertions, deletions and replacements between two texts (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
