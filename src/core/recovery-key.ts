import { createHash, hkdfSync } from 'node:crypto';
import { invalid, type Rejected } from './errors.ts';
import { type SealingKey, sealingKeyFrom } from './seal.ts';

/*
 * The recovery key opens the backups of a site. It is 32 random bytes, shown once, as ten groups of seven characters with a checksum: people copy it by
 * hand, and a mistake is found before any call to a store.
 */
const BYTES = 32;
const SUM = 3;
const GROUP = 7;
const RULE =
  '70 hexadecimal digits in groups of 7, as they were shown by regent init or when the backup target was set';

/**
 * The key of a site that has none yet: it follows from the private key of the site's authority (PEM), and reveals nothing of that. So `regent init` shows
 * it before there is a backup target. A target stores its own, which stays when the authority is renewed.
 */
export function siteRecoveryKey(authorityKey: string): string {
  return Buffer.from(hkdfSync('sha256', authorityKey.trim(), '', 'regent recovery key of the site', BYTES)).toString(
    'hex',
  );
}

/** Writes a key for people; `hex`: its 64 hexadecimal digits. */
export function formatRecoveryKey(hex: string): string {
  const text = `${hex}${sumOf(hex)}`;
  return (text.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-');
}

/** Reads a key; gives its 64 hexadecimal digits. The refusal shows nothing of it. */
export function parseRecoveryKey(text: string): string | Rejected {
  const digits = text.replaceAll(/[\s-]/g, '').toLowerCase();
  if (!/^[0-9a-f]*$/.test(digits) || digits.length !== 2 * (BYTES + SUM))
    return invalid('recovery key', `it has ${digits.length} characters, or others than 0–9 and a–f`, RULE);
  const hex = digits.slice(0, 2 * BYTES);
  return digits.slice(2 * BYTES) === sumOf(hex)
    ? hex
    : invalid('recovery key', 'its checksum is wrong: a character differs', RULE);
}

function sumOf(hex: string): string {
  return createHash('sha256')
    .update(`regent recovery key ${hex}`)
    .digest('hex')
    .slice(0, 2 * SUM);
}

/** Identifies a key and reveals nothing of it. */
export function recoveryFingerprint(hex: string): string {
  return Buffer.from(hkdfSync('sha256', hex, '', 'regent recovery key fingerprint', 8)).toString('hex');
}

/** The pass phrase by which pgBackRest encrypts the store. */
export function storeCipher(hex: string): string {
  return Buffer.from(hkdfSync('sha256', hex, '', 'regent backup store', 48)).toString('base64url');
}

/** The key that seals what a restored site needs beside its database. */
export const escrowKey = (hex: string): SealingKey => sealingKeyFrom(hex, 'backup escrow');
