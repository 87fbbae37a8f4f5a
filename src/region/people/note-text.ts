import { invalid, type Rejected } from '../../core/errors.ts';

/** Values of a note, by their names in its message. */
type NoteContext = Readonly<Record<string, unknown>>;

const RULE = 'each {name} of the message is a member of the context; braces that stay are written {{ and }}';
/** A doubled brace, a placeholder (`{name}`, `{disk.size}`, `{disk[size]}`, `{name!s}`), or a brace that is neither. */
const TOKEN = /\{\{|\}\}|\{([A-Za-z_]\w*)((?:\.\w+|\[\w+\])*)(?:!s)?\}|[{}]/g;

/**
 * A message with the values of its context in place of `{placeholders}`, as Python's `format` and so MAAS does it; the refusal when one has no value. A note
 * without a context is read as it is written: Regent's own callers know no placeholders. Pure.
 */
export function renderNote(message: string, context: NoteContext): string | Rejected {
  if (Object.keys(context).length === 0) return message;
  let refusal: Rejected | null = null;
  const refuse = (problem: string) => {
    refusal ??= invalid('message', problem, RULE);
    return '';
  };
  const text = message.replace(TOKEN, (token, name?: string, path = '') => {
    if (token === '{{' || token === '}}') return token.charAt(0);
    if (name === undefined) return refuse(`the brace "${token}" is no part of a placeholder`);
    const value = valueAt(context, [name, ...path.split(/[.[\]]+/).filter((part: string) => part !== '')]);
    return value === undefined ? refuse(`{${name}${path}} has no value in the context`) : textOf(value);
  });
  return refusal ?? text;
}

/** The text for people of a stored note: one that an earlier release took although it cannot be rendered is shown as it is written. Pure. */
export function noteText(message: string, context: NoteContext): string {
  const text = renderNote(message, context);
  return typeof text === 'string' ? text : message;
}

function valueAt(context: NoteContext, path: readonly string[]): unknown {
  let value: unknown = context;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as NoteContext)[name];
  }
  return value;
}

/** As Python writes it, where that differs from JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}
