/** What JSON does not write as it is: marks, control characters, halves of characters that may stand alone. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/**
 * A text as `JSON.stringify` writes it, in a fraction of its time if nothing is escaped. Pure. Of what is a grammar
 * without marks (ids, addresses, paths) a writer may put the marks around it himself.
 */
export function quoted(text: string | null): string {
  if (text === null) return 'null';
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** A text without anything that is escaped, or null. Pure. */
export function unescapedText(text: string | null): string {
  return text === null ? 'null' : `"${text}"`;
}

/** A list, each item by `write`. Most lists are short or empty. Pure. */
export function listText<T>(items: readonly T[], write: (item: T) => string): string {
  return items.length === 0 ? '[]' : `[${itemsText(items.map(write))}]`;
}

/** Items of a list behind each other, as a sum: `join` would put all pieces together here, and whoever uses it once more. Pure. */
export function itemsText(items: readonly string[]): string {
  let all = items[0] ?? '';
  for (let at = 1; at < items.length; at += 1) all += `,${items[at]}`;
  return all;
}

/** An object of anything; most are empty. Pure. */
export function objectText(value: object): string {
  for (const _name in value) return JSON.stringify(value);
  return '{}';
}

/**
 * A text that is used several times, put together once: V8 stores a sum as its pieces until a character is read. The result of that read has to matter, or V8
 * leaves the read out: no JSON begins with a zero. Pure.
 */
export const whole = (text: string): string => (text.charCodeAt(0) === 0 ? '' : text);

/** How many texts are remembered: neighbours in a list are often of one kind, or of few that take turns. */
const KINDS = 4;

/**
 * Makes writers of what many objects have alike: `remembering<T>()(names, write)` remembers the members that it wrote last and their text, and gives that again for
 * the same. `names`: all members that `write` reads, none of them an object.
 */
export function remembering<T extends object>() {
  return <N extends keyof T>(names: readonly N[], write: (of: Pick<T, N>) => string): ((of: T) => string) => {
    const known: { readonly of: T; readonly text: string }[] = [];
    let next = 0;
    return (of) => {
      for (const one of known) if (isAlike(one.of, of, names)) return one.text;
      const text = whole(write(of));
      known[next] = { of, text };
      next = (next + 1) % KINDS;
      return text;
    };
  };
}

function isAlike<T>(one: T, other: T, names: readonly (keyof T)[]): boolean {
  for (const name of names) if (one[name] !== other[name]) return false;
  return true;
}
