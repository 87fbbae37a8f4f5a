/** Sentences of forms. */
export const FORM = {
  look: 'See what it would do',
  optional: 'optional',
  choose: 'choose',
} as const;
