import type { Certificate, Token } from '../../../contract/cluster/trust.ts';
import type { User } from '../../../contract/people/user.ts';
import type { Tone } from '../base/tone.ts';

export type { User };
export type Role = User['role'];

/** Roles, the mightiest first. */
export const ROLE_NAMES = ['admin', 'operator', 'user', 'auditor'] as const satisfies readonly Role[];

const TOKEN_TONES: Readonly<Record<Token['state'], Tone>> = {
  open: 'busy',
  used: 'ok',
  expired: 'off',
  revoked: 'off',
};
/** How a join token is. */
export const tokenTone = (token: Pick<Token, 'state'>): Tone => TOKEN_TONES[token.state];

/** Certificates that end within this are renewed by their agents long before: one that is not is a warning, ms. */
const ENDS_SOON_MS = 14 * 24 * 3_600_000;

/** How a certificate is. */
export function certificateTone(certificate: Pick<Certificate, 'state' | 'notAfter'>, now: number): Tone {
  if (certificate.state !== 'good') return 'off';
  return Date.parse(certificate.notAfter) - now < ENDS_SOON_MS ? 'warn' : 'ok';
}

/** What a token lets in: `region, rack in the place of r3`. */
export function letsIn(
  token: Pick<Token, 'isRegion' | 'isRack' | 'place'>,
  words: { readonly region: string; readonly rack: string; readonly place: (name: string) => string },
): string {
  const roles = [...(token.isRegion ? [words.region] : []), ...(token.isRack ? [words.rack] : [])].join(', ');
  return token.place === null ? roles : `${roles} ${words.place(token.place)}`;
}

/** The moment so many days after now, ISO 8601; null where no number of days is given. */
export function afterDays(days: string, now: number): string | null {
  const count = Number(days);
  return days.trim() === '' || !Number.isFinite(count) ? null : new Date(now + count * 24 * 3_600_000).toISOString();
}

/** A browser as people call it: `Firefox 140 on Linux`; what it calls itself where that is not known. */
export function browserName(agent: string): string {
  const found = /\b(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/.exec(
    agent.replace(/\bChrome\/\d[\d.]*(?=.*\b(?:Edg|OPR)\/)/, ''),
  );
  if (!found) return agent;
  const names: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' };
  const system = /\b(Windows|Android|iPhone|iPad|Mac OS X|Linux)\b/.exec(agent)?.[1] ?? '';
  const name = names[found[1] ?? ''] ?? found[1];
  return system === '' ? `${name} ${found[2]}` : `${name} ${found[2]} on ${system.replace('Mac OS X', 'macOS')}`;
}
