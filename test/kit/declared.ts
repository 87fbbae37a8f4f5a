import type { Field } from '../../src/contract/nouns/declare.ts';

/** A value that a field may have, as its option takes it and as the wire has it. */
export function sampleOf(field: Field): { readonly text: string; readonly value: unknown } {
  const { values, read, example } = field.option;
  if (field.refersTo !== undefined) return { text: 'none', value: null };
  const lowest = 'minimum' in field.input ? String(field.input.minimum) : undefined;
  const text = lowest ?? values?.[0] ?? example ?? 'a note';
  return { text, value: read ? read.value(text) : text };
}

/** Values that a field must refuse. */
export function badValues(field: Field): [what: string, value: unknown][] {
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
