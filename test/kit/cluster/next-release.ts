import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT } from '../lab.ts';

const PARTS =
  'bin docs ha scripts src systemd templates package.json package-lock.json tsconfig.json .npmrc LICENSE README.md CHANGELOG.md';

/** An archive of this checkout under a higher patch version, signed by the same key; `remove` takes it away. */
export function makeNextRelease(patch: number): { readonly archive: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'regent-next-'));
  for (const part of PARTS.split(' '))
    if (existsSync(join(CHECKOUT, part))) cpSync(join(CHECKOUT, part), join(folder, part), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'package.json');
  const raised = readFileSync(path, 'utf8').replace(/("version": "\d+\.\d+\.)\d+"/, `$1${patch}"`);
  writeFileSync(path, raised);
  const archive = execFileSync(join(folder, 'scripts/release'), { encoding: 'utf8', timeout: 300_000 }).trim();
  return { archive, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
