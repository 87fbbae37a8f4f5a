import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUN_MS = 30_000;
const MOST = 64 * 2 ** 20;

/**
 * The text of a message that is signed within itself (`gpg --clearsign`, as `.sjson` files are), if one of the keys made the signature; else null.
 * By Debian's gpgv, with no other key than these. `keyring`: OpenPGP packets, base64.
 */
export async function verifiedText(signed: Uint8Array, keyring: string): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'regent-signed-'));
  try {
    const [keys, message] = [join(folder, 'keys.gpg'), join(folder, 'message')];
    await writeFile(keys, Buffer.from(keyring, 'base64'), { mode: 0o600 });
    await writeFile(message, signed, { mode: 0o600 });
    const argv = ['--homedir', folder, '--keyring', keys, '--output', '-', message];
    return await new Promise((resolve, reject) => {
      execFile('/usr/bin/gpgv', argv, { timeout: RUN_MS, maxBuffer: MOST, env: { LC_ALL: 'C' } }, (error, stdout) => {
        if (error?.code === 'ENOENT') reject(error);
        else resolve(error ? null : stdout);
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
