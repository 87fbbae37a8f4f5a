import { linesOf, readDocument } from './documents.ts';

/** A command line that a document shows. */
export interface DocCommand {
  /** `FILE:LINE`. */
  readonly place: string;
  /** As sh splits it, with what stands before the program. */
  readonly words: readonly string[];
  /** In a sentence a command may stand without its arguments. */
  readonly isMention: boolean;
}

/** The words of command lines, as sh splits them; one ends at an operator or a comment. The rest goes on after `&&`, `;`, `|`. */
export function commandLines(text: string): string[][] {
  const lines: string[][] = [[]];
  let rest = text.trim().replaceAll(/ < \S+/g, '');
  while (rest !== '') {
    const [all = '', blank, comment, operator, substitution] =
      /^(?:(\s+)|(#.*$)|(&&|\|\||[;|&]|>\S*)|("?\$\([^)]*\)"?)|(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\;&|>])+)/.exec(rest) ?? [
        rest,
      ];
    rest = rest.slice(all.length);
    if (comment !== undefined) break;
    if (operator !== undefined) lines.push([]);
    else if (blank === undefined) lines.at(-1)?.push(substitution === undefined ? all.replaceAll(/["'\\]/g, '') : 'x');
  }
  return lines.filter((words) => words.length > 0);
}

/** Command lines within `$( )`: they run, too. */
function substitutions(text: string): string[] {
  return Array.from(text.matchAll(/\$\(([^)]*)\)/g), ([, inner = '']) => inner);
}

/** `on|off` stands for either. */
function alternatives(code: string): string {
  return code.replaceAll(/(?<=\s)([A-Za-z0-9-]+)(?:\|[A-Za-z0-9-]+)+/g, '$1');
}

/** Every command line of a document: those of its blocks, and those that a sentence names. */
export function commandsIn(path: string): DocCommand[] {
  return linesOf(readDocument(path)).flatMap(({ number, text, isBlock }) => {
    const codes = isBlock ? [text] : Array.from(text.matchAll(/`([^`]+)`/g), ([, code = '']) => alternatives(code));
    return [...codes, ...codes.flatMap(substitutions)].flatMap((code) =>
      commandLines(code).map((words) => ({ place: `${path}:${number}`, words, isMention: !isBlock })),
    );
  });
}

/** Program and arguments of a command line, whatever is set or asked for before it. */
export function programOf(words: readonly string[]): { readonly program: string; readonly argv: readonly string[] } {
  const at = words.findIndex((word) => !/^(?:sudo|\$|[A-Z_]+=.*)$/.test(word));
  return { program: words[at] ?? '', argv: at < 0 ? [] : words.slice(at + 1) };
}

/** The arguments of `regent`, wherever it lies; null: another program, or any noun (`<noun>`). */
export function regentArguments(words: readonly string[]): readonly string[] | null {
  const { program, argv } = programOf(words);
  const isRegent = /^(?:bin\/|\/usr\/local\/bin\/)?regent$/.test(program);
  return isRegent && argv.every((word) => !word.startsWith('<')) ? argv : null;
}
