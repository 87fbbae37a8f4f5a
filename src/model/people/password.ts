import { invalid, type Rejected } from '../../core/errors.ts';
import { weaknessOf } from './common-passwords.ts';

/** Characters of a password. Length counts, not kinds of characters (NIST SP 800-63B §5.1.1.2). */
export const PASSWORD_BOUNDS = { least: 8, most: 256 } as const;
/** The rule as a sentence. */
export const PASSWORD_RULE = `${PASSWORD_BOUNDS.least} to ${PASSWORD_BOUNDS.most} characters, no control characters, not the user's name, and none in common use`;

/**
 * Checks a new password. Its canonical form is NFKC (RFC 8265 §4.2), so that every keyboard gives the same bytes. The refusal never shows it.
 * `allowShort`: somebody answers for a shorter one, never for one that everybody tries first.
 */
export function parsePassword(
  text: string,
  user: string,
  { allowShort = false }: { readonly allowShort?: boolean } = {},
): string | Rejected {
  const password = canonicalPassword(text);
  const length = Array.from(password).length;
  if (length < (allowShort ? 1 : PASSWORD_BOUNDS.least))
    return invalid('password', `it has ${length} characters`, PASSWORD_RULE);
  if (length > PASSWORD_BOUNDS.most) return invalid('password', 'it is too long', PASSWORD_RULE);
  if (/\p{Cc}/u.test(password)) return invalid('password', 'it holds a control character', PASSWORD_RULE);
  const weakness = weaknessOf(password, user, { isShortAllowed: allowShort });
  return weakness === null ? password : invalid('password', weakness, PASSWORD_RULE);
}

/** The form in which a password is hashed. */
export const canonicalPassword = (text: string): string => text.normalize('NFKC');
