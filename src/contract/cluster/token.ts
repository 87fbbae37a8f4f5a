import { invalid, type Rejected } from '../../core/errors.ts';

/** What a join token says, in one string. `urls`: the API over TLS, any region; `pin`: SHA-256 of the authority's certificate (DER), hex. */
export interface JoinToken {
  readonly id: string;
  readonly secret: string;
  readonly pin: string;
  readonly urls: readonly string[];
  readonly isRegion: boolean;
  readonly isRack: boolean;
  /** ISO 8601, by the region's clock. */
  readonly expiresAt: string;
}

const PREFIX = 'regent-join-1.';

/** One string without blanks, to be handed to `regent join`. */
export function formatJoinToken(token: JoinToken): string {
  return PREFIX + Buffer.from(JSON.stringify(token), 'utf8').toString('base64url');
}

/** Reads a join token. The refusal never shows it. */
export function parseJoinToken(text: string): JoinToken | Rejected {
  const bad = (problem: string) =>
    invalid('token', problem, `one whole string that begins with ${PREFIX}, as "regent token create" prints it`);
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) return bad('this is not a join token');
  try {
    const value: unknown = JSON.parse(Buffer.from(trimmed.slice(PREFIX.length), 'base64url').toString('utf8'));
    return isToken(value) ? value : bad('the token is damaged or of another release');
  } catch {
    return bad('the token is damaged: perhaps a part of it was not copied');
  }
}

function isToken(value: unknown): value is JoinToken {
  if (typeof value !== 'object' || value === null) return false;
  const token = value as Record<string, unknown>;
  return (
    /^[a-z0-9]{12}$/.test(String(token['id'])) &&
    /^[A-Za-z0-9]{16,128}$/.test(String(token['secret'])) &&
    /^[0-9a-f]{64}$/.test(String(token['pin'])) &&
    Array.isArray(token['urls']) &&
    token['urls'].length > 0 &&
    token['urls'].every((url) => typeof url === 'string' && url.startsWith('https://')) &&
    typeof token['isRegion'] === 'boolean' &&
    typeof token['isRack'] === 'boolean' &&
    !Number.isNaN(Date.parse(String(token['expiresAt'])))
  );
}
