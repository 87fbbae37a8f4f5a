import { invalid, type Rejected, show } from '../../core/errors.ts';

/** The grammar of the name of a zone: it is a part of paths of MAAS's API. */
export const ZONE_RULE =
  '1–64 of letters, digits, blank and . _ -, starting and ending with a letter or digit, not only digits';

/** Parses a zone's name. */
export function parseZoneName(text: string, field = 'name'): string | Rejected {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?$/.test(text) && !/^\d+$/.test(text)) return text;
  return invalid(field, `${show(text)} is not usable`, ZONE_RULE);
}
