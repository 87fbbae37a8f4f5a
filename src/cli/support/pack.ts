import { Encrypter } from 'age-encryption';
import { sentenceOf } from '../../core/errors.ts';
import type { SupportBundle } from '../../core/support-bundle.ts';

/** Bech32 of 32 bytes. Recipients of other kinds are not in the released program (scripts/build-cli.mjs). */
const X25519 = /^age1[02-9ac-hj-np-z]{58}$/;

/** Recipients (age1…), one a line; `#` begins a comment. A text: what is wrong with them. */
export async function parseRecipients(text: string): Promise<readonly string[] | string> {
  const lines = text.split('\n').map((line) => line.trim());
  const recipients = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (recipients.length === 0) return 'there is no recipient in it. Rule: age1…, as age-keygen prints it.';
  for (const [index, recipient] of recipients.entries()) {
    // A private key that was given by mistake is not shown.
    if (/^AGE-SECRET-KEY/i.test(recipient))
      return `line ${index + 1} is a private key. Rule: the public one, age1…, as age-keygen -y prints it.`;
    if (!X25519.test(recipient))
      return `line ${index + 1} is no age recipient of X25519. Rule: age1 and 58 characters, as age-keygen prints it.`;
    try {
      new Encrypter().addRecipient(recipient);
    } catch (error) {
      return `line ${index + 1} is no age recipient (${sentenceOf(error)}). Rule: age1…, as age-keygen prints it.`;
    }
  }
  return recipients;
}

/** The bundle as a file: packed by gzip, and encrypted (age-encryption.org/v1) if there are recipients. */
export async function packBundle(
  { contents, archive }: SupportBundle,
  recipients: readonly string[],
): Promise<{ readonly name: string; readonly content: Uint8Array }> {
  const { gzip } = process.getBuiltinModule('node:zlib');
  const packed = await new Promise<Uint8Array>((resolve, reject) => {
    gzip(archive, (error, result) => (error ? reject(error) : resolve(result)));
  });
  const name = `regent-support-${contents.madeAt.slice(0, 19).replaceAll(/[-:]/g, '')}Z.tar.gz`;
  if (recipients.length === 0) return { name, content: packed };
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return { name: `${name}.age`, content: await encrypter.encrypt(packed) };
}
