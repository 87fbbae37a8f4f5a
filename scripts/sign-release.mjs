// The maker's key of releases (Ed25519). The first use makes it: REGENT_RELEASE_KEY, or ~/.config/regent/release.key. An installed release takes the
// next one by `regent upgrade` only if it is signed by this key, so keep it safe: it opens all hosts.
//
//   sign-release.mjs public                       prints the public key (release.pub of a release)
//   sign-release.mjs sign ARCHIVE VERSION         prints the note beside an archive, which is for this machine's architecture
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const path = process.env.REGENT_RELEASE_KEY || join(homedir(), '.config/regent/release.key');
const [verb, archive, version] = process.argv.slice(2);
const key = createPrivateKey(readKey());

if (verb === 'public') process.stdout.write(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
else if (verb === 'sign') process.stdout.write(`${JSON.stringify(noteOf(archive, version))}\n`);
else throw new Error(`sign-release: ${verb} is not known`);

// As ha/upgrade/upgrade.ts reads it.
function statementOf({ version, architecture, sha256 }) {
  return Buffer.from(`regent release\n${version}\n${architecture}\n${sha256}\n`);
}

function noteOf(file, version) {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const facts = { version, architecture, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') };
  return { ...facts, signature: sign(null, statementOf(facts), key).toString('base64') };
}

// Two that begin at once end with one key: the second link fails, and it reads the first one's.
function readKey() {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const made = `${path}.${process.pid}`;
  writeFileSync(made, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  chmodSync(made, 0o600);
  try {
    linkSync(made, path);
    process.stderr.write(`sign-release: a new key for releases is in ${path}: keep it\n`);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  return readFileSync(path, 'utf8');
}
