/** Sentences of the fields of a form; they load with the first form. */
export const FIELDS = {
  choices: (label: string) => `Choices for ${label}`,
  none: 'No match.',
  more: 'More match. Type to narrow the list.',
  searching: 'Searching …',
  missing: (text: string) => `There is no ${text}. Choose one from the list.`,
  remove: (name: string) => `Remove ${name}`,
  required: 'A value is required.',
  number: 'It is not a whole number.',
  json: 'It is not valid JSON.',
  faults: 'Correct the marked fields.',
  on: 'On',
  off: 'Off',
  byDefault: (value: string) => `Default (${value.toLowerCase()})`,
  several: (values: string) => `Any of ${values}, with commas between`,
  options: 'More options',
  ofTypes: (types: string) => `of its own at a BMC of type ${types}`,
} as const;
