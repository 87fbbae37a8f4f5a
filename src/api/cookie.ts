import type { FastifyRequest } from 'fastify';

/**
 * `__Host-`: only for this host, only over TLS, for all paths (RFC 6265bis §4.1.3.2). Without TLS, on a developer's own
 * host, such a name is not to be had.
 */
const NAMES = { secure: '__Host-regent', plain: 'regent' } as const;
const TOKEN = /^[0-9a-f]{64}$/;

/** Did the caller come over TLS? Behind our own load balancer, its header answers that. */
export const isSecure = (request: FastifyRequest): boolean => request.protocol === 'https';

/**
 * The token of the caller's session; null: there is none, or more than one. Without TLS no cookie of whatever name is one, unless `isPlain` says that sessions go so
 * (a developer's own host).
 */
export function readSessionCookie(request: FastifyRequest, isPlain: boolean): string | null {
  if (!isSecure(request) && !isPlain) return null;
  const name = isSecure(request) ? NAMES.secure : NAMES.plain;
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [first] = values;
  return first !== undefined && values.length === 1 && TOKEN.test(first) ? first : null;
}

/** The header Set-Cookie of a session. `seconds`: until its end; 0 takes the cookie away. */
export function sessionCookie(request: FastifyRequest, token: string, seconds: number): string {
  const rest = `Path=/; Max-Age=${Math.max(0, Math.floor(seconds))}; HttpOnly; SameSite=Strict`;
  return isSecure(request) ? `${NAMES.secure}=${token}; ${rest}; Secure` : `${NAMES.plain}=${token}; ${rest}`;
}
