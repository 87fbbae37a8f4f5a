import type { Certificate, Token } from '../../../contract/cluster/trust.ts';
import type { Tone } from '../base/tone.ts';

const TOKEN_TONES: Readonly<Record<Token['state'], Tone>> = {
  open: 'busy',
  used: 'ok',
  expired: 'off',
  revoked: 'off',
};

/** The tone of a join token. */
export const tokenTone = (token: Pick<Token, 'state'>): Tone => TOKEN_TONES[token.state];

/** The tone of a certificate at the time `now`, ms. */
export function certificateTone(certificate: Pick<Certificate, 'state' | 'notAfter'>, now: number): Tone {
  if (certificate.state !== 'good') return 'off';
  return Date.parse(certificate.notAfter) - now < ENDS_SOON_MS ? 'warn' : 'ok';
}

/** The roles of the host that a token admits: `region, rack in the place of r3`. */
export function admittedRoles(
  token: Pick<Token, 'isRegion' | 'isRack' | 'place'>,
  texts: { readonly region: string; readonly rack: string; readonly place: (name: string) => string },
): string {
  const roles = [...(token.isRegion ? [texts.region] : []), ...(token.isRack ? [texts.rack] : [])].join(', ');
  return token.place === null ? roles : `${roles} ${texts.place(token.place)}`;
}

/** A certificate that ends within this time is a warning, ms: its agent should have renewed it long before. */
const ENDS_SOON_MS = 14 * 24 * 3_600_000;
