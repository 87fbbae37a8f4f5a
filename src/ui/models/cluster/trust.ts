import type { Certificate, Token } from '../../../contract/cluster/trust.ts';
import type { Tone } from '../base/tone.ts';

const TOKEN_TONES: Readonly<Record<Token['state'], Tone>> = {
  open: 'busy',
  used: 'ok',
  expired: 'off',
  revoked: 'off',
};

/** How a join token is. */
export const tokenTone = (token: Pick<Token, 'state'>): Tone => TOKEN_TONES[token.state];

/** How a certificate is. */
export function certificateTone(certificate: Pick<Certificate, 'state' | 'notAfter'>, now: number): Tone {
  if (certificate.state !== 'good') return 'off';
  return Date.parse(certificate.notAfter) - now < ENDS_SOON_MS ? 'warn' : 'ok';
}

/** What a token lets in: `region, rack in the place of r3`. */
export function letsIn(
  token: Pick<Token, 'isRegion' | 'isRack' | 'place'>,
  texts: { readonly region: string; readonly rack: string; readonly place: (name: string) => string },
): string {
  const roles = [...(token.isRegion ? [texts.region] : []), ...(token.isRack ? [texts.rack] : [])].join(', ');
  return token.place === null ? roles : `${roles} ${texts.place(token.place)}`;
}

/** Certificates that end within this are renewed by their agents long before: one that is not is a warning, ms. */
const ENDS_SOON_MS = 14 * 24 * 3_600_000;
