import { siteListText, type TRUST_FILES } from './trust-files.ts';

const LINES = '(?:[A-Za-z0-9+/=]{1,76}\\r?\\n){1,400}';
const block = (label: string) => `-----BEGIN ${label}-----\\r?\\n${LINES}-----END ${label}-----\\r?\\n?`;
const CERTIFICATE = block('CERTIFICATE');
const KEY = ['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY'].map(block).join('|');
/** Certificates of a chain, or of several authorities. */
const MANY = 64;

const ofBlocks = (form: string, what: string) => {
  const whole = new RegExp(`^${form}$`, 'u');
  return (content: string) => (whole.test(content) ? null : `it is not ${what}`);
};
const certificates = ofBlocks(`(?:(?:${CERTIFICATE})\\s{0,2}){1,${MANY}}`, 'PEM of certificates');
const bundle = ofBlocks(`(?:(?:${CERTIFICATE}|${KEY})\\s{0,2}){1,${MANY}}`, 'PEM of certificates and a key');

/** What each file of the folder may hold: PEM and nothing beside it, and a list of ours. The reason quotes nothing. */
export const TRUST_TEXTS: Readonly<Record<keyof typeof TRUST_FILES, (content: string) => string | null>> = {
  authority: certificates,
  certificate: certificates,
  key: ofBlocks(`(?:${KEY})\\s{0,2}`, 'PEM of a private key'),
  bundle,
  site: bundle,
  pairBundle: bundle,
  pairCertificate: certificates,
  siteList: (content) =>
    [siteListText(true), siteListText(false)].includes(content)
      ? null
      : 'it is not one of the two lists of certificates',
};
