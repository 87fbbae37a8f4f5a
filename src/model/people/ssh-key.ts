import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';

/** Types of keys that OpenSSH of today takes (PubkeyAcceptedAlgorithms). RSA's own name says nothing of the signature, which is SHA-2. */
export const SSH_KEY_TYPES = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;
export type SshKeyType = (typeof SSH_KEY_TYPES)[number];

/** A public key. `data`: base64 of RFC 4253 §6.6's form; `comment`: as it was given, or ''. */
export interface SshKey {
  readonly type: SshKeyType;
  readonly data: string;
  readonly comment: string;
  readonly bits: number;
}

/** Bounds: characters of a line and of its comment, bits of an RSA modulus (2048: NIST SP 800-131A; 16384: OpenSSH takes no more). */
export const SSH_KEY_BOUNDS = { line: 8192, comment: 256, rsaLeast: 2048, rsaMost: 16_384 } as const;
/** The grammar as a sentence. */
export const SSH_KEY_RULE = `one line of a public key file: TYPE BASE64 [COMMENT], TYPE one of ${SSH_KEY_TYPES.join(', ')}; no options before it`;

/** A key as a line of `authorized_keys`. */
export function formatSshKey({ type, data, comment }: Pick<SshKey, 'type' | 'data' | 'comment'>): string {
  return comment === '' ? `${type} ${data}` : `${type} ${data} ${comment}`;
}

/** Parses a line of a public key file (`id_ed25519.pub`). Refused: what is none, and what is too weak. */
export function parseSshKey(text: string): SshKey | Rejected {
  if (/PRIVATE KEY/.test(text))
    return bad('this is a private key. Keep it secret, and give the file that ends with .pub');
  const line = text.trim();
  if (line.length > SSH_KEY_BOUNDS.line)
    return bad(`it has ${line.length} characters, more than ${SSH_KEY_BOUNDS.line}`);
  if (/\p{C}/u.test(line)) return bad('it has several lines or control characters');
  const [, name = '', data = '', comment = ''] = /^(\S+) +(\S+)(?: +(.*))?$/.exec(line) ?? [];
  const type = SSH_KEY_TYPES.find((one) => one === name);
  if (type === undefined) return bad(`${show(name === '' ? line : name)} is not a supported key type`);
  if (comment.length > SSH_KEY_BOUNDS.comment)
    return bad(`its comment has more than ${SSH_KEY_BOUNDS.comment} characters`);
  const bytes = Buffer.from(data, 'base64');
  // Node skips what is not base64, so the text is encoded again and compared.
  if (bytes.toString('base64') !== data) return bad('its middle part is not base64');
  const bits = bitsOf(type, bytes);
  return isRejected(bits) ? bits : { type, data, comment, bits };
}

/** Reads the fields of a key, each with its length before it (RFC 4251 §5 "string"); null: they do not fill the bytes. */
function fieldsOf(bytes: Buffer): readonly Buffer[] | null {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return null;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return null;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

const CURVES = { nistp256: 256, nistp384: 384, nistp521: 521 } as const;

/** Bits of a key of this type; refused: its bytes are none. */
function bitsOf(type: SshKeyType, bytes: Buffer): number | Rejected {
  const [name, ...fields] = fieldsOf(bytes) ?? [];
  if (name?.toString('latin1') !== type) return bad(`its bytes are not a key of the type ${type}`);
  const isHardware = type.startsWith('sk-');
  const application = isHardware ? fields.pop() : undefined;
  if (isHardware && (application === undefined || application.length === 0))
    return bad('it names no application (sk-*)');
  if (type === 'ssh-rsa') return rsaBits(fields);
  if (type.includes('ed25519'))
    return fields.length === 1 && fields[0]?.length === 32 ? 256 : bad('an ed25519 key has 32 bytes');
  const [curve, point, ...rest] = fields;
  const found = Object.entries(CURVES).find(([one]) => type.includes(one));
  if (found === undefined || curve?.toString('latin1') !== found[0] || rest.length > 0)
    return bad('its curve does not match its type');
  // An uncompressed point (SEC 1 §2.3.3).
  const isPoint = point !== undefined && point[0] === 4 && point.length === 1 + 2 * Math.ceil(found[1] / 8);
  return isPoint ? found[1] : bad('its point is not on its curve');
}

function rsaBits([exponent, modulus, ...rest]: readonly Buffer[]): number | Rejected {
  if (exponent === undefined || modulus === undefined || rest.length > 0)
    return bad('an RSA key has an exponent and a modulus');
  const bits = bitLength(modulus);
  const isOdd = (number: Buffer) => ((number.at(-1) ?? 0) & 1) === 1;
  if (!isOdd(exponent) || bitLength(exponent) < 2 || !isOdd(modulus))
    return bad('its exponent or its modulus is not valid for RSA');
  const { rsaLeast, rsaMost } = SSH_KEY_BOUNDS;
  return bits < rsaLeast || bits > rsaMost ? bad(`it has ${bits} bits; RSA keys have ${rsaLeast} to ${rsaMost}`) : bits;
}

/** Bits of a positive number (RFC 4251 §5 "mpint"); 0: it is negative or nought. */
function bitLength(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  if (first === -1 || (number[0] ?? 0) >= 128) return 0;
  return (number.length - first) * 8 - Math.clz32(number[first] ?? 0) + 24;
}

const bad = (problem: string): Rejected => invalid('key', problem, SSH_KEY_RULE);
