import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

/** Ed25519 (RFC 8032). Public keys are the 32 bytes in base64url, signatures the 64 bytes in base64url. Deterministic: no randomness. */

/** The public key of a private one (PKCS #8 PEM). Throws when the text is not an Ed25519 key. */
export function publicKeyOf(privateKey: string): string {
  const key = createPublicKey(createPrivateKey(privateKey));
  const { x } = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('not an Ed25519 key');
  return x;
}

/** Signs a text. */
export function signText(text: string, privateKey: string): string {
  return sign(null, Buffer.from(text), createPrivateKey(privateKey)).toString('base64url');
}

/** Is this the signature of the text by the holder of the key? False also for what is no key or signature at all. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
