import { LIMITS } from '../contract/base/common.ts';
import { type Rejected, rejected, show } from '../core/errors.ts';

/** Parses a JSON body; an empty one is `undefined`. A refusal names the line and column of what is wrong. */
export function parseJsonBody(text: string): { readonly value: unknown } | Rejected {
  if (text.trim() === '') return { value: undefined };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return rejected('bad_request', `The body is not JSON: ${syntaxSentence(text, error)}`);
  }
  return checkDepth(value) ?? { value };
}

/** V8 gives the position as a number or, for short texts, not at all: then the error is at the end of the text. */
function syntaxSentence(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  if (position >= text.length) return `it ends too early, at line ${line}, column ${column}.`;
  return `line ${line}, column ${column}: ${show(text.charAt(position))} is not expected here.`;
}

/** A stack-free walk, so that no nesting can exhaust anything. */
function checkDepth(value: unknown): Rejected | null {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > LIMITS.depth)
      return rejected('bad_request', `The body is nested more than ${LIMITS.depth} levels deep.`);
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return null;
}

/** What no text of ours may hold: control characters (NUL, newline, …), halves of surrogate pairs, and Unicode's own line ends. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Fields that hold a text of lines: PEM (RFC 7468), an image's manifest, a script, a snippet. Whoever reads one takes nothing else. */
const LINES_FIELDS = ['csr', 'manifest', 'content', 'certificate', 'privateKey', 'text'];

/** Refuses a text with such a character anywhere in a value, naming the field. `path`: where the value is. */
export function checkTexts(value: unknown, path = ''): Rejected | null {
  if (typeof value === 'string') return checkText(value, path);
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    const at = path === '' ? name : `${path}/${name}`;
    const refusal = checkText(name, `the name of the field ${show(at)}`) ?? checkTexts(member, at);
    if (refusal) return refusal;
  }
  return null;
}

/** The same fields of objects in a configuration file. */
const IN_FILE = /^site\/(?:scripts\/\d+\/content|dhcp-snippets\/\d+\/text)$/;

function checkText(text: string, field: string): Rejected | null {
  const hasLines = LINES_FIELDS.includes(field) || IN_FILE.test(field);
  if (hasLines && text.includes('\r\n')) return withoutCr(field);
  const found = FORBIDDEN.exec(hasLines ? text.replaceAll(/[\n\t]/g, ' ') : text);
  if (!found) return null;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const problem = `it holds the character U+${code} at position ${found.index + 1}`;
  const rule = 'texts hold no control characters, such as newline or NUL';
  return rejected('invalid_value', `${field || 'the body'}: ${problem}. Rule: ${rule}.`, [{ field, problem, rule }]);
}

/** A file of Windows: the refusal names the cause, and what to do. */
function withoutCr(field: string): Rejected {
  const problem = 'its lines end with CR and LF, as editors of Windows write them';
  const rule = 'lines end with LF; convert the file with: dos2unix FILE';
  return rejected('invalid_value', `${field}: ${problem}. Rule: ${rule}.`, [{ field, problem, rule }]);
}
