import { sign, verify, X509Certificate } from 'node:crypto';
import { AppError, isRejected } from '../core/errors.ts';
import { type Epoch, formatEpoch } from '../core/epoch.ts';
import { readKey } from './pem.ts';

/**
 * Signs an epoch by the key of the cluster's authority (PEM); Base64. Anybody with the authority's certificate can
 * check the signature, whatever its source.
 */
export function signEpoch(authorityKey: string, epoch: Epoch): string {
  const key = readKey(authorityKey);
  if (isRejected(key)) throw new AppError('pki', key.message);
  return sign('sha256', signedText(epoch), key).toString('base64');
}

/** Did this authority (its certificate, PEM) sign the epoch? */
export function isEpochSigned(authority: string, epoch: Epoch, signature: string): boolean {
  try {
    const { publicKey } = new X509Certificate(authority);
    return verify('sha256', signedText(epoch), publicKey, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/**
 * The signed text names its purpose, so that no other signature of the authority can be used as a statement.
 * `ha/epoch/statement.ts` reads the same.
 */
function signedText(epoch: Epoch): Buffer {
  return Buffer.from(`regent epoch ${formatEpoch(epoch)}`);
}
