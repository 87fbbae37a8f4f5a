import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIM_PATH, type ClaimAnswer, reportPath } from '../../../src/contract/base/command.ts';
import type { BundleContents } from '../../../src/core/support-bundle.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { openCertificateAuthority } from '../../../src/main/region/certificate-authority.ts';
import { supportRunner } from '../../../src/main/calls/support-runner.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { createNode, setNodeCredential } from '../../../src/store/queries/cluster/nodes.ts';
import { testAuthority, testIdentity } from '../../kit/cluster/pki.ts';
import { realClock, realRandom, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change } from '../../kit/store.ts';
import { filesOfTar } from '../../kit/tar.ts';
import { run } from '../../unit/cli/fake-region.ts';

const pg = usePostgres();
/** Every secret that the site has, by its kind. */
const secrets = new Map<string, string>();
let site: TestRegion;
let folder: string;
let endTasks: () => Promise<void>;
const stop = new AbortController();
let agent: Promise<void>;

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: await openAuthority() });
  endTasks = site.region.startTasks();
  await change(site.db, async (tx) => {
    const node = await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] });
    await setNodeCredential(tx, 'k1', secretDigest(NODE_SECRET));
    return node;
  });
  await seedSecrets();
  agent = playAgent('r1');
});
afterAll(async () => {
  stop.abort();
  await agent;
  await endTasks();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

const made = async (method: 'POST' | 'PUT', path: string, body: object) => {
  const answer = await site.call(method, path, { body });
  expect(answer.status, `${method} ${path}: ${answer.raw}`).toBeLessThan(300);
  return answer.body;
};

/** The authority of the cluster, with its secrets in files as on a host. */
async function openAuthority() {
  folder = await mkdtemp(join(tmpdir(), 'regent-support-'));
  const at = (name: string) => join(folder, name);
  const authority = await testAuthority();
  const own = await testIdentity(authority, { nodeId: 'r1', isRegion: true });
  const names = ['superuser', 'replication', 'rewind', 'restapi', 'database', 'beacon'];
  const shared = Object.fromEntries(names.map((name) => [name, realRandom.hex(24)]));
  for (const [name, text] of Object.entries(shared)) secrets.set(name, text);
  for (const line of `${authority.key}\n${own.key}`.split('\n')) if (line.length > 40) secrets.set(line, line);
  const texts = { 'ca.crt': authority.certificate, 'ca.key': authority.key, 'node.crt': own.certificate };
  for (const [name, text] of Object.entries({ ...texts, 'secrets.json': JSON.stringify(shared) }))
    await writeFile(at(name), text, { mode: 0o600 });
  const files = { certificate: at('ca.crt'), key: at('ca.key'), secrets: at('secrets.json'), own: at('node.crt') };
  return openCertificateAuthority(files, { clock: realClock, random: realRandom });
}

/** Secrets of each kind, by the calls of people. */
async function seedSecrets() {
  const keep = (kind: string, text: string) => {
    secrets.set(kind, text);
    return text;
  };
  for (const [role, key] of Object.entries(site.keys)) keep(`API key of ${role}`, key.split(':')[2] ?? '');
  keep('node credential', NODE_SECRET);
  await made('POST', '/users', { name: 'bob', role: 'user' });
  await made('PUT', '/users/bob/password', { password: keep('password of a user', 'Bobs-Passwort-0815') });
  const key = await made('POST', '/api-keys', { label: 'x', user: 'bob' });
  keep('new API key', String(key.key).split(':')[2] ?? '');
  await made('POST', '/bmcs', {
    name: 'm1-bmc',
    powerType: 'ipmi',
    parameters: {
      power_address: '10.9.9.9',
      power_user: 'root',
      power_pass: keep('BMC', 'Geheim-4711'),
      k_g: keep('k_g', 'kgkgkgkgkgkgkgkgkgkg'),
    },
  });
  const tsig = await made('POST', '/tsig-keys', { name: 'ns-partner' });
  keep('TSIG', String(tsig['secret']));
  const token = await made('POST', '/tokens', { isRegion: false, isRack: true });
  keep('join token', String(token.token));
  await made('PUT', '/files/notes', { content: Buffer.from(keep('file', 'file-of-juju-77')).toString('base64') });
}

/** Lines as programs write them, with each secret in some form. */
function logLines() {
  const texts = [...secrets.values()].flatMap((secret) => [
    `login with password=${secret} failed`,
    `{"level":"debug","secret":"${secret}"}`,
    `Authorization: Bearer ${secret}`,
    `GET https://bob:${secret}@10.0.0.1/`,
  ]);
  const line = (text: string) => ({ at: '2026-03-01T10:00:00.000Z', program: 'named', priority: 6, text });
  return [...texts, 'zone example.test/IN: loaded serial 7'].map(line);
}

async function asAgent(node: string, url: string, body: unknown) {
  const answer = await site.agentApi.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer node:${node}:${NODE_SECRET}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return answer.body === '' ? {} : (JSON.parse(answer.body) as unknown);
}

/** Runs what is asked of a node by the agent's own runner, on a made-up journal. */
async function playAgent(node: string): Promise<void> {
  const answer = { code: 0, signal: null, stdout: '{"history":[]}', stderr: '', timedOut: false, failure: null };
  const run = supportRunner(
    {
      services: SERVICES,
      read: async () => ({ lines: logLines(), cursor: null, isCut: false }),
      ask: async () => answer,
    },
    realClock,
  );
  while (!stop.signal.aborted) {
    const claim = { key: realRandom.hex(16), kinds: ['read-support'], limit: 8 };
    const { commands } = (await asAgent(node, CLAIM_PATH, claim)) as ClaimAnswer;
    for (const { id, args, epoch, leftMs } of commands) {
      const { result, sentence } = await run({ args, secrets: null, leftMs, signal: stop.signal });
      await asAgent(node, reportPath(id), { epoch, state: 'done', sentence, result });
    }
    if (commands.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function regent(argv: readonly string[], role: 'admin' | 'operator' = 'admin') {
  const written = new Map<string, Uint8Array>();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const method = (init?.method ?? 'GET') as 'GET' | 'POST';
    const headers = Object.fromEntries(new Headers(init?.headers).entries());
    delete headers['authorization'];
    const answer = await site.call(method, pathname.replace('/api/v1', '') + search, { role, headers });
    return new Response(answer.raw, { status: answer.status, headers: { 'content-type': 'application/json' } });
  };
  const createFile = async (path: string, content: Uint8Array | string) => {
    if (path === 'taken') return false;
    written.set(path, Buffer.from(content));
    return true;
  };
  const done = await run({ url: 'http://region.test' }, argv, { fetch, createFile, now: () => Date.now() });
  return { ...done, written };
}

const contentsOf = (files: Readonly<Record<string, Buffer>>) =>
  JSON.parse(files['contents.json']?.toString() ?? '') as BundleContents;

describe('the bundle of a broken site', () => {
  it('has every node, also the dead one with the reason, and none of the site’s secrets', async () => {
    const started = performance.now();
    const { code, out, err, written } = await regent(['support-bundle']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(performance.now() - started).toBeLessThan(60_000);
    const [[name, content] = ['', new Uint8Array()]] = [...written];
    expect(name).toMatch(/^regent-support-\d{8}T\d{6}Z\.tar\.gz$/);
    const archive = gunzipSync(content);
    const files = filesOfTar(archive);
    const contents = contentsOf(files);
    expect(Object.keys(files)[0]).toBe('contents.json');
    expect(contents.nodes).toEqual([
      { name: 'k1', why: 'The agent of k1 did not answer within 8 s.' },
      { name: 'r1', why: null },
    ]);
    expect(out).toContain('k1: The agent of k1 did not answer within 8 s.');
    expect(contents.missing.map(({ path }) => path)).toContain('nodes/k1/log-agent.txt');
    const expected = ['site/status.json', 'site/database.json', 'site/events.json', 'nodes/r1/log-dns.txt'];
    expect(contents.files.map(({ path }) => path)).toEqual(expect.arrayContaining(expected));
    expect(contents.files.filter(({ path }) => path.startsWith('nodes/r1/files/')).length).toBeGreaterThan(3);
    expect(files['nodes/r1/log-dns.txt']?.toString()).toContain('loaded serial 7');
    expect(files['nodes/r1/database.txt']?.toString()).toContain('/history');
    expect(JSON.parse(files['site/database.json']?.toString() ?? '')).toMatchObject({
      database: {
        published: expect.arrayContaining([
          expect.objectContaining({ name: 'r1', digest: expect.stringMatching(/^[0-9a-f]{64}$/) }),
        ]),
      },
    });
    for (const [kind, secret] of secrets) {
      expect(secret.length, kind).toBeGreaterThan(7);
      expect(archive.includes(secret), `${kind} is in the bundle`).toBe(false);
    }
  });

  it('is in the audit, and only an admin gets one', async () => {
    const { items } = (await site.call('GET', '/audit?action=support-bundle')).body as unknown as {
      items: { action: string; who: string }[];
    };
    expect(items[0]).toMatchObject({ action: 'support-bundle start', who: 'admin' });
    const refused = await regent(['support-bundle'], 'operator');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('operator has the role operator');
    expect(refused.written.size).toBe(0);
    expect((await site.call('GET', '/nodes/r1/support/agent', { role: 'operator' })).status).toBe(403);
    expect((await site.call('GET', '/nodes/r1/support/ssh')).body.detail).toContain('facts-host');
  });

  it('opens only with the key of its recipient', async () => {
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const { code, written } = await regent(['support-bundle', '--out', 'b.age', '--encrypt-to', recipient]);

    expect(code).toBe(0);
    const content = written.get('b.age') ?? new Uint8Array();
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(contentsOf(filesOfTar(gunzipSync(await decrypter.decrypt(content)))).nodes).toHaveLength(2);
    const other = new Decrypter();
    other.addIdentity(await generateX25519Identity());
    await expect(other.decrypt(content)).rejects.toThrow('no identity matched');
  });

  it('refuses a recipient that is none before it asks anybody, and never shows a private key', async () => {
    const identity = await generateX25519Identity();
    for (const [given, message] of [
      ['age1nonsense', 'no age recipient'],
      [identity, 'is a private key'],
      ['@nowhere', 'there is no file'],
    ] as const) {
      const refused = await regent(['support-bundle', '--encrypt-to', given]);
      expect(refused.code).toBe(2);
      expect(refused.err).toContain(message);
      expect(refused.err).not.toContain(identity);
    }
    expect(await regent(['support-bundle', '--local'])).toMatchObject({ code: 2 });
  });
});
