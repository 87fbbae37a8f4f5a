import { invalid, type Rejected, show } from '../../../core/errors.ts';

/** The grammar of a tag's name. Commas separate tags, a name of digits is an id, and "none" stands for no tag. */
export const TAG_RULE =
  '1–64 of letters, digits and . _ -, starting and ending with a letter or digit, not only digits, not "none"';

/** Parses a tag's name. */
export function parseTag(text: string, field = 'name'): string | Rejected {
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(text);
  if (isName && !/^\d+$/.test(text) && text !== 'none') return text;
  return invalid(field, `${show(text)} is not usable`, TAG_RULE);
}
