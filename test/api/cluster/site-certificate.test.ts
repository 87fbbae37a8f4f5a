import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { textDigest } from '../../../src/core/stable-json.ts';
import { openCertificateAuthority } from '../../../src/main/region/certificate-authority.ts';
import { isSignedBy } from '../../../src/pki/certificate.ts';
import { createSiteCertificateTask } from '../../../src/region/cluster/site-certificate/task.ts';
import { readSiteCertificate, readSiteDigest } from '../../../src/store/queries/cluster/site-certificate.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import { operatorCertificate, type OperatorCertificate } from '../../kit/cluster/operator-certificate.ts';
import { testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { realClock, realRandom, usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const PATH = '/agent/v1/site-certificate';
const DAY = 86_400_000;
const VIP = '10.77.0.10';
const pg = usePostgres();
let site: TrustedRegion;
let own: OperatorCertificate;
beforeEach(async () => {
  own ??= await operatorCertificate({ names: ['regent.example.test'], addresses: [VIP] });
  site = await startTrustedRegion(pg.get(), { vip: `${VIP}/24` });
  await until('the region has signed one', async () => (await stored())?.cluster);
});
afterEach(() => site.close());

const stored = async () => value(await site.db.read(async (tx) => ({ row: await readSiteCertificate(tx) }))).row;
const digest = async () => value(await site.db.read(async (tx) => ({ digest: await readSiteDigest(tx) }))).digest;
const taskAt = (now = Date.now()) => {
  const at = (name: string) => join(site.folder, name);
  const clock = { ...realClock, now: () => now };
  const files = { certificate: at('ca.crt'), key: at('ca.key'), secrets: at('secrets.json') };
  const ca = openCertificateAuthority(files, { clock, random: realRandom });
  return createSiteCertificateTask({ db: site.db, ca, clock, random: realRandom });
};
const show = () => site.asAdmin('GET', '/site-certificate');
const set = (certificate = `${own.middle}${own.leaf}`, key = own.key, query = '') =>
  site.asAdmin('PUT', `/site-certificate${query}`, { certificate, privateKey: key });
const aNode = (id: string, isRegion: boolean, addresses = ['10.77.0.44']) =>
  change(site.db, (tx) => createNode(tx, { id, name: id, isRegion, isRack: !isRegion, addresses })).then(value);
const askAs = async (nodeId: string, isRegion: boolean) =>
  callSecure({
    port: site.process.secureAgentPort,
    ca: site.authority.certificate,
    identity: await testIdentity(site.authority, { nodeId, isRegion }),
    path: PATH,
    body: {},
  });
const namesOf = async () => (await show()).body['names'] as string[];

describe('the certificate that the cluster gives the site', () => {
  it('is signed by its authority with the names of the site, and the key stays sealed', async () => {
    const { body, status } = await show();
    expect(status).toBe(200);
    expect(body).toMatchObject({ isOwn: false, subject: 'CN=Regent site', warnings: [] });
    expect(body['names']).toEqual(expect.arrayContaining([VIP, '127.0.0.1', '::1', 'localhost', 'r1']));
    expect(body['names']).not.toContain('regent-region');
    const pem = String(body['certificate']);
    const [first = ''] = /-----BEGIN[^]*?-----END CERTIFICATE-----\n/.exec(pem) ?? [];
    expect(isSignedBy(first, site.authority.certificate)).toBe(true);
    expect(pem).toContain(site.authority.certificate.trim());
    expect(JSON.stringify(body)).not.toContain('PRIVATE');
    const row = await stored();
    expect(row?.cluster?.sealedKey).toMatch(/^v1\./);
    expect(JSON.stringify(row)).not.toContain('PRIVATE');
  });

  it('stays as it is while nothing changes, and is signed anew, with the same key, when it is due or the site has other names', async () => {
    const keyOf = async () =>
      new X509Certificate(String((await show()).body['certificate'])).publicKey.export({ format: 'der', type: 'spki' });
    const [before, key] = [await digest(), await keyOf()];
    expect(await taskAt().run()).toBeNull();
    expect(await taskAt(Date.now() + 19 * DAY).run()).toBeNull();
    expect(await digest()).toBe(before);
    expect(await taskAt(Date.now() + 20 * DAY).run()).toContain('two thirds of its life are over');
    expect(await taskAt(Date.now()).run()).toBeNull();
    await aNode('r9', true, ['10.77.0.19']);
    expect(await taskAt().run()).toContain('the names or addresses of the site are others');
    expect(await namesOf()).toEqual(expect.arrayContaining(['r9', '10.77.0.19']));
    await aNode('k9', false, ['10.77.0.29']);
    expect(await taskAt().run()).toBeNull();
    await change(site.db, (tx) => deleteNode(tx, { key: 'r9', ifVersion: null }));
    await site.asAdmin('POST', '/records', { fqdn: 'ui.regent.internal', type: 'A', data: VIP });
    expect(await taskAt().run()).toContain('names or addresses');
    const names = await namesOf();
    expect(names).toContain('ui.regent.internal');
    expect(names).not.toContain('r9');
    expect(await keyOf()).toEqual(key);
  });

  it('is signed with a new key where the old one does not open any more, and by two regions once', async () => {
    const before = await digest();
    await change(site.db, async (tx) => {
      const { sql } = await import('kysely');
      await tx.run(
        sql`update site_certificate set cluster_key = 'v1.00000000.AAAAAAAAAAAAAAAA.AAAA', cluster_certificate = ${site.own.certificate}`,
      );
      return { done: true };
    });
    const told = await Promise.all([taskAt().run(), taskAt().run()]);
    expect(told.filter((words) => words !== null)).toHaveLength(1);
    expect(await digest()).not.toBe(before);
    expect((await askAs('r1', true)).body['key']).toContain('BEGIN PRIVATE KEY');
  });

  it('goes to region nodes by their certificate, and to nobody else', async () => {
    await aNode('k1', false, ['10.77.0.21']);
    const { status, body } = await askAs('r1', true);
    expect(status).toBe(200);
    expect(textDigest(String(body['certificate']))).toBe(await digest());
    expect(body['key']).toContain('BEGIN PRIVATE KEY');
    // What its certificate says does not count: the database's word does.
    for (const [nodeId, isRegion] of [
      ['k1', false],
      ['k1', true],
      ['gone', true],
    ] as const) {
      const answer = await askAs(nodeId, isRegion);
      expect(answer.status).toBe(403);
      expect(JSON.stringify(answer.body)).not.toContain('BEGIN');
    }
    const stranger = await callSecure({
      port: site.process.secureAgentPort,
      ca: site.authority.certificate,
      path: PATH,
      body: {},
    });
    expect(stranger.status === 0 || stranger.status === 401 || stranger.status === 403).toBe(true);
    const byApi = await callSecure({
      port: site.process.apiPort,
      ca: site.authority.certificate,
      identity: site.own,
      path: PATH,
      body: {},
    });
    expect([401, 403, 404]).toContain(byApi.status);
  });
});

describe("an operator's own certificate", () => {
  it('goes before that of the cluster, and is taken back', async () => {
    const cluster = await digest();
    const made = await set();
    expect(made).toMatchObject({ status: 200, body: { isOwn: true, issuer: 'CN=Operators authority' } });
    expect(made.body['names']).toEqual(['regent.example.test', VIP]);
    expect(made.body['certificate']).toBe(`${own.leaf}${own.middle}`);
    expect(made.body['warnings']).toEqual([expect.stringContaining('The chain ends with CN=Operators authority')]);
    expect(await digest()).toBe(textDigest(`${own.leaf}${own.middle}`));
    expect((await askAs('r1', true)).body).toEqual({ certificate: `${own.leaf}${own.middle}`, key: own.key });
    // The cluster's own is kept good behind it, and nobody sees another one for it.
    const before = (await stored())?.version;
    expect(await taskAt(Date.now() + 20 * DAY).run()).toContain('two thirds');
    expect((await stored())?.version).toBe(before);
    const back = await site.asAdmin('DELETE', '/site-certificate');
    expect(back).toMatchObject({ status: 200, body: { isOwn: false } });
    expect(await digest()).not.toBe(cluster);
    expect(await site.asAdmin('DELETE', '/site-certificate')).toMatchObject({ status: 200, body: { isOwn: false } });
    expect((await stored())?.own).toBeNull();
  });

  it('changes nothing in a dry run, keeps to If-Match and Idempotency-Key, and its key is told nowhere', async () => {
    const before = await digest();
    const preview = await set(undefined, undefined, '?dry_run=true');
    expect(preview).toMatchObject({ status: 200, body: { dryRun: true, object: { isOwn: true } } });
    expect(await digest()).toBe(before);
    const call = (headers: Readonly<Record<string, string>>, body: object) =>
      callSecure({
        port: site.process.apiPort,
        ca: site.authority.certificate,
        identity: site.own,
        method: 'PUT',
        path: '/api/v1/site-certificate',
        headers: { authorization: `Bearer ${site.keys.admin}`, ...headers },
        body,
      });
    const body = { certificate: `${own.leaf}${own.middle}`, privateKey: own.key };
    expect((await call({ 'if-match': '"99"' }, body)).status).toBe(412);
    const version = (await stored())?.version;
    const first = await call({ 'idempotency-key': 'once' }, body);
    const again = await call({ 'idempotency-key': 'once' }, body);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    expect((await stored())?.version).toBe((version ?? 0) + 1);
    const told = await Promise.all(
      ['/audit?limit=100', '/events?limit=1000', '/config/history?limit=100'].map((path) => site.asAdmin('GET', path)),
    );
    const text = JSON.stringify([preview, first, told, await show()]);
    expect(text).toContain('site-certificate set');
    expect(text).toContain('site-certificate.changed');
    const secret = own.key.split('\n')[3] ?? '';
    expect(secret.length).toBeGreaterThan(60);
    expect(text).not.toContain(secret);
    const { sql } = await import('kysely');
    const dump = value(
      await site.db.read(async (tx) => ({
        rows: await tx.all(
          sql`select to_jsonb(o)::text from idempotency o union all select to_jsonb(s)::text from site_certificate s`,
        ),
      })),
    );
    expect(JSON.stringify(dump)).not.toContain(secret);
  });

  it('is refused with the reason, and what was in force stays', async () => {
    const before = await digest();
    const other = await operatorCertificate({ names: ['a.test'], kind: 'ec' });
    for (const [certificate, key, words] of [
      [own.leaf, other.key, 'none of the 1 is for the key'],
      [`${own.leaf}${own.key}`, own.key, 'it contains a private key'],
      ['x', own.key, 'no PEM text of a certificate'],
      [own.leaf, 'x', 'no PEM text of a private key'],
    ] as const) {
      const answer = await set(certificate, key);
      expect(answer.status).toBe(422);
      expect(JSON.stringify(answer.body)).toContain(words);
      expect(JSON.stringify(answer.body)).not.toContain('BEGIN PRIVATE');
    }
    expect((await site.asAdmin('PUT', '/site-certificate', { certificate: own.leaf })).status).toBe(422);
    expect((await set('x'.repeat(70_000))).status).toBe(422);
    expect(await digest()).toBe(before);
    const bare = await set(other.leaf, other.key);
    expect(bare.body['warnings']).toEqual([
      expect.stringContaining(`The certificate covers neither the floating address (${VIP}) nor a name of it`),
      expect.stringContaining('The chain ends with CN=a.test'),
    ]);
  });

  it('is not taken away while nothing could take its place', async () => {
    await set();
    // Nobody can sign another one.
    await rm(join(site.folder, 'ca.key'));
    const { sql } = await import('kysely');
    await change(site.db, async (tx) => {
      await tx.run(
        sql`update site_certificate set cluster_certificate = null, cluster_key = null, cluster_digest = null`,
      );
      return { done: true };
    });
    const answer = await site.asAdmin('DELETE', '/site-certificate');
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await show()).toMatchObject({ body: { isOwn: true } });
  });
});
