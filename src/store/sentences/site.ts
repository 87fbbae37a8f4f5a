import { conflict, invalid, type Sentence } from '../declared/sentence.ts';

/** Constraints about site, and the sentence for the operator. */
export const SITE_SENTENCES: Readonly<Record<string, Sentence>> = {
  settings_name_grammar: invalid('The name of a setting holds a–z, 0–9 and "_".', 'name'),
  settings_pkey: conflict('The setting {} was set by someone else at the same moment.'),
};
