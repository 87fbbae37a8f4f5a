import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testAuthority, testIdentity } from '../../../kit/cluster/pki.ts';
import { pause } from '../../../kit/until.ts';

const PREPARE = join(import.meta.dirname, '../../../../ha/etcd/prepare');
const DAY_MS = 86_400_000;
let folder = '';
const at = (name: string) => join(folder, name);
const certificate = () => at('node.crt');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regent-prepare-'));
  for (const name of ['from', 'to']) mkdirSync(at(name));
  writeFileSync(at('from/etcd.yml'), `name: "r1"\nclient-transport-security:\n  cert-file: ${certificate()}\n`);
  writeFileSync(at('from/members.yml'), 'initial-cluster: "r1=x"\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function give(daysLeft: number): Promise<void> {
  const notAfter = Date.now() + daysLeft * DAY_MS;
  const subject = { nodeId: 'r1', notBefore: notAfter - 30 * DAY_MS, notAfter };
  writeFileSync(certificate(), (await testIdentity(await testAuthority(), subject)).certificate);
}

/** Runs it with so much patience. */
async function prepare(seconds: number): Promise<{ code: unknown; said: string }> {
  const env = { ...process.env, CONFIGURATION_DIRECTORY: at('from'), RUNTIME_DIRECTORY: at('to') };
  const child = spawn(PREPARE, [String(seconds)], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, said };
}

const written = () => (existsSync(at('to/etcd.yml')) ? readFileSync(at('to/etcd.yml'), 'utf8') : null);

it('makes one file of two where the certificate is good, or there is none yet', async () => {
  expect(await prepare(0)).toEqual({ code: 0, said: '' });
  expect(written()).toMatch(/^name: "r1"\n[^]*initial-cluster: "r1=x"\n$/);
  await give(10);
  expect(await prepare(0)).toEqual({ code: 0, said: '' });
});

it('does not let etcd begin with a certificate that has ended, and says who makes the next one', async () => {
  await give(-1);
  const { code, said } = await prepare(1);
  expect(code).toBe(1);
  expect(said).toMatch(/node\.crt has ended\. The agent gets a new one .*regent-agent regent-regiond/);
  expect(written()).toBeNull();
});

it('goes on as soon as there is a new one', async () => {
  await give(-1);
  const waiting = prepare(30);
  await pause(300);
  await give(30);
  expect(await waiting).toMatchObject({ code: 0 });
  expect(written()).toContain('initial-cluster');
});
