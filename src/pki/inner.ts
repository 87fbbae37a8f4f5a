import { type InnerTrust, RACK_SERVER_NAME } from '../core/node-identity.ts';
import type { Authority } from './authority.ts';
import { SIGNING, writePem, x509 } from './pem.ts';
import { selfSign } from './self-signed.ts';

const NAME_CONSTRAINTS = '2.5.29.30';

/**
 * Signs both. Times in ms. The list has no end before the authority's: a verifier that finds one too old lets nobody in, and nobody would be left who
 * could bring a new one.
 */
export async function signInnerTrust(order: {
  readonly authority: Authority;
  readonly serials: readonly string[];
  /** Of the certificate; from `serialFrom`. */
  readonly serial: string;
  readonly now: number;
}): Promise<InnerTrust> {
  const { certificate, keys, own } = await selfSign({
    authority: order.authority,
    serial: order.serial,
    usages: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
    more: [new x509.Extension(NAME_CONSTRAINTS, true, without(RACK_SERVER_NAME))],
  });
  const serials = [...new Set(order.serials)].sort();
  const list = await x509.X509CrlGenerator.create({
    issuer: own.subjectName,
    thisUpdate: own.notBefore,
    nextUpdate: own.notAfter,
    signingAlgorithm: SIGNING,
    signingKey: keys.privateKey,
    entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(order.now) })),
    extensions: [await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey)],
  });
  return { authority: certificate, revocations: writePem(list.rawData, 'X509 CRL'), serials };
}

/** NameConstraints (RFC 5280 §4.2.1.10) in DER: no certificate with this DNS name, or one below it. */
function without(name: string): Buffer {
  const wrap = (tag: number, value: Buffer) => Buffer.concat([Buffer.from([tag, value.length]), value]);
  const subtree = wrap(0x30, wrap(0x82, Buffer.from(name, 'latin1')));
  return wrap(0x30, wrap(0xa1, subtree));
}
