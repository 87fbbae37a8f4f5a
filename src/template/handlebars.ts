import Handlebars from 'handlebars';
import { AppError, sentenceOf } from '../core/errors.ts';
import { stableJson } from '../core/stable-json.ts';
import { guard } from './guard.ts';
import { base64, bootToken, consoleText, namedString, bareToken, zoneStrings } from './quoting.ts';
import { templateBreaches } from './template-rules.ts';

/** A compiled template: text from a view. Throws with the template's name and the path of what is wrong. */
export type Template = (view: object) => string;

const KNOWN = {
  each: true,
  if: true,
  unless: true,
  json: true,
  jsonText: true,
  word: true,
  base64: true,
  namedString: true,
  zoneStrings: true,
  bootWord: true,
  consoleText: true,
};

/**
 * Compiles a template on an instance of its own, after checking it against the rules.
 * Its view passes the guard with every call.
 */
export function compileTemplate(name: string, text: string): Template {
  const instance = Handlebars.create();
  instance.registerHelper({
    json: (value: unknown) => stableJson(value),
    jsonText: (value: unknown) => stableJson(JSON.parse(textOf(value))),
    word: (value: unknown) => bareToken(textOf(value)),
    base64: (value: unknown) => base64(textOf(value)),
    namedString: (value: unknown) => namedString(textOf(value)),
    zoneStrings: (value: unknown) =>
      (Array.isArray(value) ? value : [value]).map((text) => zoneStrings(textOf(text))).join(' '),
    bootWord: (value: unknown) => bootToken(textOf(value)),
    consoleText: (value: unknown) => consoleText(textOf(value)),
    each,
  });
  const program = parse(instance, name, text);
  const breaches = templateBreaches(program);
  if (breaches.length > 0) throw new AppError('template', `templates/${name}: ${breaches.join('; ')}`);
  const run = instance.compile<object>(program, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: KNOWN,
    preventIndent: true,
  });
  return (view) => {
    const guarded = guard(view);
    try {
      return run(guarded);
    } catch (error) {
      throw new AppError('template', `templates/${name}: ${sentenceOf(error)}`, { cause: error });
    }
  };
}

function parse(instance: typeof Handlebars, name: string, text: string) {
  try {
    return instance.parse(text);
  } catch (error) {
    throw new AppError('template', `templates/${name} cannot be parsed: ${sentenceOf(error)}`);
  }
}

/** Handlebars' own `each` prints nothing for a value that is not a list. */
function each(items: unknown, options: Handlebars.HelperOptions): string {
  if (!Array.isArray(items)) throw new TypeError(`"#each" needs a list, not a ${typeof items}`);
  let text = '';
  for (const item of items) text += options.fn(item);
  return text;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`a text is needed, not a ${typeof value}`);
}
