import { isRejected, sentenceOf } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { type CertificateFacts, isSignedBy, readCertificate } from '../../pki/certificate.ts';
import { publicKeyDigestOf } from '../../pki/key.ts';

/**
 * The node's certificate with its key, and the authority's certificate, PEM. `id`: another text when any of them changed. `isUsable`: the
 * certificate is good at this moment; when it is not, the authority's certificate still distinguishes a region from an impostor.
 */
export interface Trust {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly id: string;
  readonly isUsable: boolean;
  readonly facts: CertificateFacts;
}

/** Keeps what lies in the folder of the certificate. */
export interface TrustStore {
  /** Null: this node has no certificate. */
  current(): Trust | null;
  /** What keeps the files from being used, a sentence; null: nothing does. */
  problem(): string | null;
  /** The key, also when there is no certificate for it yet. */
  key(): string | null;
  authority(): string | null;
  /** Reads the files; true if they changed. */
  refresh(): Promise<boolean>;
}

/** `read`: texts of ca.crt, node.crt and node.key, null if there is none. */
export interface TrustStoreOptions {
  readonly read: () => Promise<readonly (string | null)[]>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Opens the store; nothing is known before the first `refresh`. Files that do not belong together are not taken: what was held stays. */
export function openTrustStore({ read, clock }: TrustStoreOptions): TrustStore {
  let held: Omit<Trust, 'isUsable'> | null = null;
  let texts: readonly (string | null)[] = [];
  let problem: string | null = null;
  let fault: string | null = null;

  const take = (next: readonly (string | null)[]): boolean => {
    const before = held?.id;
    const [authority, certificate, key] = next;
    if (authority == null || certificate == null || key == null) {
      held = null;
      problem = null;
      return before !== undefined;
    }
    const examined = examine(authority, certificate, key);
    problem = typeof examined === 'string' ? examined : null;
    if (typeof examined !== 'string') held = examined;
    return held?.id !== before;
  };

  return {
    current: () => held && { ...held, isUsable: isGoodAt(held.facts, clock.now()) },
    problem: () => fault ?? problem,
    key: () => texts[2] ?? null,
    authority: () => texts[0] ?? null,
    refresh: async () => {
      try {
        const next = await read();
        fault = null;
        if (next === texts) return false;
        texts = next;
        return take(next);
      } catch (error) {
        fault = `The files of this node's certificate cannot be read: ${sentenceOf(error)}`;
        return false;
      }
    },
  };
}

/** Is the certificate good at a time (ms)? */
export function isGoodAt(
  { notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>,
  now: number,
): boolean {
  return now >= notBefore && now < notAfter;
}

function examine(authority: string, certificate: string, key: string): Omit<Trust, 'isUsable'> | string {
  const facts = readCertificate(certificate, 'node.crt');
  if (isRejected(facts)) return `/etc/regent/pki/node.crt cannot be used: ${facts.message}`;
  const ca = readCertificate(authority, 'ca.crt');
  if (isRejected(ca)) return `/etc/regent/pki/ca.crt cannot be used: ${ca.message}`;
  const digest = publicKeyDigestOf(key);
  if (isRejected(digest)) return `/etc/regent/pki/node.key cannot be used: ${digest.message}`;
  if (digest !== facts.publicKeyDigest) return '/etc/regent/pki/node.crt is not a certificate of the key in node.key';
  if (!isSignedBy(certificate, authority)) return '/etc/regent/pki/node.crt was not signed by the authority in ca.crt';
  const id = `${ca.fingerprint} ${facts.fingerprint} ${digest}`;
  return { certificate, key, authority, id, facts };
}
