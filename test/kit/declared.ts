import { type Field, HIDDEN } from '../../src/contract/base/declare.ts';

/** A value that a field may have, as its option takes it, as the wire has it, and as answers show it later. */
export function sampleOf(field: Field): { readonly text: string; readonly value: unknown; readonly shown: unknown } {
  const { text, value } = plainSample(field);
  return { text, value, shown: field.isHidden ? HIDDEN : value };
}

/** An answer as it is shown later: secrets are in the first answer alone. */
export function withoutSecrets<B extends object>(fields: Readonly<Record<string, Field>>, body: B): B {
  const hidden = Object.entries(fields).flatMap(([member, { isHidden }]) => (isHidden ? [[member, HIDDEN]] : []));
  return { ...body, ...Object.fromEntries(hidden) };
}

function plainSample(field: Field): { readonly text: string; readonly value: unknown } {
  const { values, read, example } = field.option;
  if (field.isHidden) return { text: 'new', value: 'new' };
  if (field.refersTo !== undefined) return { text: 'none', value: null };
  const lowest = 'minimum' in field.input ? String(field.input.minimum) : undefined;
  const text = lowest ?? values?.[0] ?? example ?? 'a note';
  return { text, value: read ? read.value(text) : text };
}

/** Values that a field must refuse. */
export function badValues(field: Field): [what: string, value: unknown][] {
  if (isMap(field))
    return [
      ['a word', 'no such word'],
      ['a list', []],
      ['null', null],
    ];
  const isText = field.option.read === undefined && field.option.values === undefined;
  if (!isText)
    return [
      ['an object', {}],
      ['a word', 'no such word'],
    ];
  return [
    ['a number', 5],
    ['null', null],
    ['a control character', 'a\nb'],
    ['too long a text', 'a'.repeat(5000)],
  ];
}

/** Is it texts by name? */
function isMap({ input }: Field): boolean {
  return 'type' in input && input.type === 'object';
}
