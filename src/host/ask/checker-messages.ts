import type { ExecResult } from '../../core/host-values.ts';

/** What a checker was given: its command line, and the texts of the files in it, which the agent has written itself. */
interface Checked {
  readonly argv: readonly string[];
  readonly texts: readonly string[];
}

const HIDDEN = '…';
/** nft and others draw a line of carets under the line that they quote. */
const CARETS = /^\s*[\^~][\^~\s-]*$/;
/** A message says what is wrong. A line without such a term may be a line of the file. */
const MESSAGE =
  /\b(?:line \d|errors?|warn(?:ing)?|alert|emerg|fatal|crit|fail\w*|unknown|invalid|unexpected|expect\w*|syntax|can ?not|can't|could not|not|no|unable|missing|duplicate|refus\w+|denied|permission|includ\w+|unrecogni[sz]ed|undefined|bad|wrong|illegal|must|should|out of range|too (?:many|long|large)|ignoring|redefined|extra)\b/i;
const TIME = /^\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d[^ |]*[ |]*/;
/** Squid shows each line that it reads. */
const SHOWN = /^Processing: /;
const PLACE = /(\/[A-Za-z0-9_.@/-]+):(\d+)(?=[:.\s)]|$)/;
/** A token in quotes, with no letter beside the quotes: an apostrophe is no quote. */
const TOKEN = /(?<![A-Za-z0-9])(['"])((?:(?!\1).)*)\1(?![A-Za-z0-9])/g;
/** What keys and hashes are made of. A path in small letters is none. */
const LONG = /[A-Za-z0-9+/=_-]{24,}/g;
const PATH = /^(?:\/[a-z0-9_-]+){2,}\/?$/;

/**
 * A checker's answer without the content of files that it was not given: a directive that reads another file would quote it. What stands in the checked
 * texts stays, so that an operator sees the faulty line. The output of a success is of no use.
 */
export function withoutQuotes(result: ExecResult, checked: Checked): ExecResult {
  if (result.code === 0) return { ...result, stdout: '', stderr: '' };
  const clean = (output: string) => messagesIn(output, checked);
  return { ...result, stdout: clean(result.stdout), stderr: clean(result.stderr) };
}

function messagesIn(output: string, checked: Checked): string {
  const known = [...checked.texts, ...checked.argv];
  const isKnown = (text: string) => known.some((one) => one.includes(text));
  const lines = output.split('\n');
  const messages = lines.flatMap((line, index) => {
    const text = line.replace(TIME, '').trim();
    if (text === '') return [line];
    const isQuote = CARETS.test(lines[index + 1] ?? '');
    if (isQuote || CARETS.test(line)) {
      const quoted = isQuote ? text : (lines[index - 1] ?? '').trim();
      return quoted !== '' && isKnown(quoted) ? [line] : [];
    }
    if (text.length > 3 && isKnown(text)) return [line];
    if (SHOWN.test(text) || text.includes('-----')) return [];
    const isMessage =
      MESSAGE.test(text) || checked.argv.some((argument) => argument.startsWith('/') && line.includes(argument));
    return isMessage ? [masked(line, checked, isKnown)] : [];
  });
  return messages.join('\n');
}

function masked(line: string, { argv }: Checked, isKnown: (text: string) => boolean): string {
  const [place, file] = PLACE.exec(line) ?? [];
  if (place !== undefined && file !== undefined && !argv.includes(file)) {
    return `${line.slice(0, line.indexOf(place) + place.length)}: ${HIDDEN}`;
  }
  // Sentences in JSON (etcd's log) have their own quotes.
  const tokens = line.trimStart().startsWith('{')
    ? line
    : line.replaceAll(TOKEN, (all, quote: string, token: string) =>
        token.length <= 2 || isKnown(token) ? all : `${quote}${HIDDEN}${quote}`,
      );
  return tokens.replaceAll(LONG, (run) => (isKnown(run) || PATH.test(run) ? run : HIDDEN));
}
