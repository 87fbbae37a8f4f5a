import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CHECKOUT } from '../kit/lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'regent-release-'));
const out = join(folder, 'dist', 'release');
const script = join(folder, 'scripts', 'release');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('scripts/release takes the archive that another run made while it waited for it', async () => {
  for (const part of ['scripts', 'package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(CHECKOUT, part), join(folder, part), { recursive: true });
  mkdirSync(out, { recursive: true });
  const version = execFileSync(script, ['--version'], { encoding: 'utf8', timeout: 20_000 }).trim();
  const archive = join(out, `regent-${version}.tar.gz`);

  // The other run: it holds the lock until its archive lies there.
  const go = join(folder, 'go');
  const other = spawn('flock', [join(out, '.lock'), 'sh', '-c', `touch "$0"; read line`, go], { stdio: 'pipe' });
  await expect.poll(() => existsSync(go), { timeout: 10_000 }).toBe(true);
  const run = spawn(script, { stdio: 'pipe', timeout: 60_000 });
  const printed: Buffer[] = [];
  const told: Buffer[] = [];
  run.stdout.on('data', (part: Buffer) => printed.push(part));
  run.stderr.on('data', (part: Buffer) => told.push(part));
  const ended = new Promise((resolve) => run.on('close', resolve));
  await expect.poll(() => waits(run.pid ?? 0), { timeout: 20_000 }).toBe(true);
  const bytes = 'what the other run made';
  writeFileSync(archive, bytes);
  writeFileSync(join(out, 'SHA256SUMS'), `${createHash('sha256').update(bytes).digest('hex')}  ${basename(archive)}\n`);
  other.stdin.end('\n');

  expect(await ended, Buffer.concat(told).toString()).toBe(0);
  expect(Buffer.concat(printed).toString().trim()).toBe(archive);
  expect(Buffer.concat(told).toString()).toBe('');
  expect(readFileSync(archive, 'utf8')).toBe(bytes);
});

/** Has the script of this process a child that waits for the lock? */
function waits(pid: number): boolean {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children.some((child) => child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'flock');
}
