import { rename, rm, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CERTIFICATE_PATH,
  JOIN_PATH,
  type JoinRequest,
  RACK_PROOF_HEADER,
} from '../../../src/contract/cluster/join.ts';
import { parseJoinToken } from '../../../src/contract/cluster/token.ts';
import { rackAuthorization } from '../../../src/contract/cluster/rack-signature.ts';
import { REGISTER_PATH } from '../../../src/contract/cluster/registration.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { publicKeyOf } from '../../../src/core/signature.ts';
import { fingerprintOf, isSignedBy, readCertificate } from '../../../src/pki/certificate.ts';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { type TestIdentity, testAuthority, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure, type SecureAnswer, type SecureCall } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TrustedRegion;
beforeEach(async () => {
  site = await startTrustedRegion(pg.get(), { vip: '10.77.0.10/24' });
});
afterEach(() => site.close());

const DAY_MS = 86_400_000;
const UUID = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
const RACK_KEYS = new Map<string, string>();
const rackKey = () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  RACK_KEYS.set(publicKeyOf(pem), pem);
  return publicKeyOf(pem);
};

/** As haproxy of a region node calls: with the region's certificate, saying how the client came. */
const api = (call: Partial<SecureCall> & { path: string }) =>
  callSecure({ port: site.process.apiPort, ca: site.authority.certificate, identity: site.own, ...call });
const agents = (identity: TestIdentity | undefined, call: Partial<SecureCall> & { path: string }) =>
  callSecure({ port: site.process.secureAgentPort, ca: site.authority.certificate, identity, ...call });
const VIA = { 'x-forwarded-for': '192.0.2.77', 'x-forwarded-proto': 'https' };
const told = ({ status, body }: SecureAnswer) => `${status} ${typeof body['code'] === 'string' ? body['code'] : 'ok'}`;

interface Host {
  readonly key: string;
  readonly wish: JoinRequest;
}
const aHost = async (change: Partial<JoinRequest> & { key?: string } = {}): Promise<Host> => {
  const { key = await createKey(), ...rest } = change;
  const csr = await createRequest(key, 'whatever');
  const wish = {
    name: 'r2',
    addresses: ['10.77.0.12'],
    isRegion: true,
    isRack: false,
    version: '1.4.2',
    rack: null,
    csr,
  };
  return { key, wish: { ...wish, ...rest } };
};
const aRack = (change: Partial<JoinRequest> & { key?: string } = {}) =>
  aHost({
    name: 'k1',
    addresses: ['10.77.0.21'],
    isRegion: false,
    isRack: true,
    rack: { uuid: UUID, publicKey: rackKey() },
    ...change,
  });
const ask = (authorization: string, { wish }: Host, headers: Record<string, string> = VIA) =>
  api({ path: '/api/v1/join', body: wish, headers: { authorization, ...headers } });
/** The headers of a join that the rack's key signed. */
const proofOf = ({ wish }: Host) => {
  const proof = { uuid: wish.rack?.uuid ?? '', time: Date.now(), nonce: realRandom.hex(16) };
  const call = { method: 'POST', path: JOIN_PATH, body: wish };
  const signature = rackAuthorization(call, proof, RACK_KEYS.get(wish.rack?.publicKey ?? '') ?? '');
  return { ...VIA, [RACK_PROOF_HEADER]: signature };
};
const identityOf = (host: Host, answer: SecureAnswer): TestIdentity => ({
  certificate: String(answer.body['certificate']),
  authority: String(answer.body['authority']),
  key: host.key,
});
const undo = async ({ key }: Pick<Host, 'key'>, isQuestion = false, name = 'regent leave --undo', headers = VIA) =>
  api({ path: '/api/v1/join/undo', body: { csr: await createRequest(key, name), isQuestion }, headers });
const REGION = { isRegion: true, isRack: false };
const RACK = { isRegion: false, isRack: true };
const nodes = async () =>
  value(await site.db.read(readSnapshot)).nodes.map(({ name, state, isRegion, isRack }) => ({
    name,
    state,
    isRegion,
    isRack,
  }));

describe('a join token', () => {
  it('is made by an admin, shown once, stored as a digest, and says where to go and whom to trust', async () => {
    const headers = { authorization: `Bearer ${site.keys.admin}`, 'idempotency-key': 'one' };
    const call = { path: '/api/v1/tokens', body: { isRegion: true, isRack: false, minutes: 5 }, headers };
    const made = await api(call);
    expect(made).toMatchObject({ status: 201, body: { state: 'open', createdBy: 'admin', usedBy: null } });
    const token = parseJoinToken(String(made.body['token']));
    if (isRejected(token)) throw new Error(token.message);
    expect(token).toMatchObject({ pin: fingerprintOf(site.authority.certificate), isRegion: true, isRack: false });
    expect(token.urls).toEqual(['https://10.77.0.10:5443', 'https://10.77.0.11:5443']);
    expect(await api(call)).toMatchObject({ status: 201, body: { id: token.id, token: null } });
    const tables = ['idempotency', 'history', 'events', 'audit', 'changes', 'join_tokens'];
    for (const table of tables) {
      const rows = value(await site.db.read((tx) => tx.all(sql`select * from ${sql.table(table)}`)));
      expect(JSON.stringify(rows), table).not.toContain(token.secret);
    }
    expect((await ask(`Bearer ${token.id}:${token.secret}`, await aHost())).status).toBe(200);
    expect((await site.asAdmin('GET', '/tokens')).body['items']).toMatchObject([
      { id: token.id, state: 'used', usedBy: 'r2' },
    ]);
  });

  it('is refused when it lets in nobody or lives too long', async () => {
    expect(told(await site.asAdmin('POST', '/tokens', { isRegion: false, isRack: false }))).toBe('422 invalid_value');
    expect(told(await site.asAdmin('POST', '/tokens', { isRegion: true, isRack: false, minutes: 16 }))).toBe(
      '422 invalid_value',
    );
  });

  it('that is wrong, revoked, expired or used by another key is refused; a stranger learns nothing', async () => {
    const token = await site.token(REGION);
    const [id = ''] = token.slice(7).split(':');
    const wrong = await ask(`Bearer ${id}:${'x'.repeat(48)}`, await aHost());
    const unknown = await ask(`Bearer ${'z'.repeat(12)}:${'x'.repeat(48)}`, await aHost());
    expect(told(wrong)).toBe('401 unauthenticated');
    expect(wrong.body['detail']).toBe(unknown.body['detail']);
    expect(told(await ask('', await aHost()))).toBe('401 unauthenticated');
    await site.asAdmin('DELETE', `/tokens/${id}`);
    expect((await ask(token, await aHost())).body['detail']).toContain('was revoked');
    expect((await ask(await site.token(REGION, 0), await aHost())).body['detail']).toContain('has expired');
    const used = await site.token(REGION);
    expect((await ask(used, await aHost())).status).toBe(200);
    expect((await ask(used, await aHost())).body['detail']).toContain('used by another host');
    for (let count = 0; count < 12; count += 1) await ask(`Bearer ${id}:${'x'.repeat(48)}`, await aHost());
    expect(told(await ask(used, await aHost()))).toBe('429 too_many_requests');
    expect((await ask(used, await aHost(), { ...VIA, 'x-forwarded-for': '192.0.2.78' })).status).toBe(401);
  });
});

describe('a region node that joins', () => {
  it('gets a certificate, what region nodes share, and its place; asked again with its key it is the same node', async () => {
    const token = await site.token(REGION);
    const host = await aHost();
    const answer = await ask(token, host);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        name: 'r2',
        authorityKey: site.authority.key,
        secrets: { database: 'databaseSecretOfTheTests' },
        cluster: { id: 'c1', vip: '10.77.0.10/24', virtualRouter: 51 },
        regions: [{ name: 'r1', address: '10.77.0.11' }],
      },
    });
    expect(answer.body['warnings']).toEqual([expect.stringContaining('even number')]);
    const own = identityOf(host, answer);
    expect(isSignedBy(own.certificate, site.authority.certificate)).toBe(true);
    expect(readCertificate(own.certificate)).toMatchObject({
      nodeId: answer.body['nodeId'],
      isRegion: true,
      commonName: 'r2',
    });
    expect(await nodes()).toContainEqual({ name: 'r2', state: 'joining', isRegion: true, isRack: false });
    const again = await ask(token, host);
    expect(again).toMatchObject({ status: 200, body: { nodeId: answer.body['nodeId'] } });
    expect(again.body['certificate']).not.toBe(answer.body['certificate']);
    expect(await nodes()).toHaveLength(2);
    const stored = value(await site.db.read((tx) => tx.all(sql`select * from idempotency`)));
    expect(JSON.stringify(stored)).not.toContain('SecretOfTheTests');
    expect(JSON.stringify(stored)).not.toContain('PRIVATE KEY');
  });

  it('comes over TLS through the load balancer or not at all', async () => {
    const token = await site.token(REGION);
    expect(told(await ask(token, await aHost(), { ...VIA, 'x-forwarded-proto': 'http' }))).toBe('403 forbidden');
    expect(told(await ask(token, await aHost(), {}))).toBe('403 forbidden');
    expect(await nodes()).toHaveLength(1);
  });

  it('waits for the one that joins; that one can be forgotten, which shuts it out', async () => {
    const first = await aHost();
    const own = identityOf(first, await ask(await site.token(REGION), first));
    const third = await aHost({ name: 'r3', addresses: ['10.77.0.13'] });
    const token = await site.token(REGION);
    const refused = await ask(token, third);
    expect(told(refused)).toBe('429 too_many_requests');
    expect(refused.body['detail']).toContain('r2 is joining since 20');
    expect(await agents(own, { path: '/agent/v1/desired?generation=0&digest=&wait=0' })).not.toMatchObject({
      status: 403,
    });
    expect(await site.asAdmin('DELETE', '/nodes/r2')).toMatchObject({ status: 200, body: { name: 'r2', revoked: 1 } });
    await until(
      'the region knows',
      async () => (await agents(own, { path: '/agent/v1/desired?generation=0&digest=&wait=0' })).status === 403,
    );
    expect((await ask(token, third)).status).toBe(200);
    expect(told(await site.asAdmin('DELETE', '/nodes/r1'))).toBe('409 in_use');
  });

  it('lets the next one in as soon as the etcd of the first has a vote', async () => {
    const first = await aHost();
    const answer = await ask(await site.token(REGION), first);
    const own = identityOf(first, answer);
    const nodeId = String(answer.body['nodeId']);
    const third = await aHost({ name: 'r3', addresses: ['10.77.0.13'] });
    const token = await site.token(REGION);
    await report(nodeId, own, { isLearner: true, isStreaming: false });
    expect(told(await ask(token, third))).toBe('429 too_many_requests');
    await report(nodeId, own, { isLearner: false, isStreaming: false });
    expect(await ask(token, third)).toMatchObject({ status: 200 });
    expect((await nodes()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'r1 member',
      'r2 joining',
      'r3 joining',
    ]);
  });

  it('is a member as soon as its own report says so, and not before', async () => {
    const host = await aHost();
    const answer = await ask(await site.token(REGION), host);
    const own = identityOf(host, answer);
    const finish = () => agents(own, { method: 'POST', path: '/agent/v1/member' });
    const early = await finish();
    expect(told(early)).toBe('409 conflict');
    expect(early.body['detail']).toContain('r2 is not ready');
    const nodeId = String(answer.body['nodeId']);
    await report(nodeId, own, { isLearner: true, isStreaming: true });
    await until('the publisher has published', async () => String((await finish()).body['detail']).includes('voter'));
    await report(nodeId, own, { isLearner: false, isStreaming: false });
    expect((await finish()).body['detail']).toContain('does not follow the primary');
    await report(nodeId, own, { isLearner: false, isStreaming: true });
    await until('the region knows', async () => (await finish()).status === 200);
    expect(await nodes()).toContainEqual({ name: 'r2', state: 'member', isRegion: true, isRack: false });
    expect((await finish()).status).toBe(200);
    expect(told(await undo(host))).toBe('409 in_use');
  });

  it('undoes its join by its key, also when the answer was lost: node, rack and certificates go', async () => {
    const host = await aHost({ isRack: true, rack: { uuid: UUID, publicKey: rackKey() } });
    const token = await site.token({ isRegion: true, isRack: true });
    const answer = await ask(token, host);
    expect(answer).toMatchObject({ status: 200 });
    const own = identityOf(host, answer);
    expect(await nodes()).toContainEqual({ name: 'r2', state: 'joining', isRegion: true, isRack: true });
    const { nodeId } = answer.body;
    expect(await undo(host, true)).toMatchObject({ status: 200, body: { nodeId, name: 'r2', state: 'joining' } });
    expect(await nodes()).toHaveLength(2);
    expect(await undo(host)).toMatchObject({ status: 200, body: { nodeId, name: 'r2', state: 'joining' } });
    expect(await nodes()).toHaveLength(1);
    expect((await site.asAdmin('GET', '/racks')).body['items']).toMatchObject([{ isPlaceholder: true }]);
    await until('the region knows', async () => (await agents(own, { path: '/health/live' })).status === 403);
    // It joins still, and learns of it.
    expect(told(await agents(own, { method: 'POST', path: '/agent/v1/member' }))).toBe('404 not_found');
    expect(told(await undo(host))).toBe('404 not_found');
    expect((await ask(token, host)).status).toBe(200);
  });
});

const report = async (nodeId: string, own: TestIdentity, facts: { isLearner: boolean; isStreaming: boolean }) => {
  const at = new Date().toISOString();
  const { isLearner, isStreaming } = facts;
  const db = {
    role: 'standby',
    state: 'streaming',
    timeline: 1,
    lagBytes: 0,
    isSynchronous: false,
    isStreaming,
    isConfigured: true,
    members: [],
  };
  const dcs = { memberId: 'a', isLeader: false, isLearner, hasQuorum: true, members: [], sizeBytes: 1, alarms: [] };
  const body = anObservation(nodeId, {
    generation: 1,
    digest: 'd',
    agentVersion: '1.4.2',
    agentSince: at,
    services: [
      ...['firewall', 'lb', 'vip'].map((name) => aServiceReport(name, { since: at })),
      aServiceReport('db', { since: at, facts: db }),
      aServiceReport('dcs', { since: at, facts: dcs }),
    ],
  });
  const answer = await agents(own, { path: '/agent/v1/observation', body });
  expect(answer).toMatchObject({ status: 204 });
};

describe('undoing a join', () => {
  it('takes no request that was made for something else, no other key, and nothing without TLS', async () => {
    const host = await aHost();
    expect((await ask(await site.token(REGION), host)).status).toBe(200);
    expect(told(await undo(host, false, 'r2'))).toBe('422 invalid_value');
    expect(told(await undo(await aHost()))).toBe('404 not_found');
    expect(told(await undo(host, false, undefined, { ...VIA, 'x-forwarded-proto': 'http' }))).toBe('403 forbidden');
    const { csr } = host.wish;
    const broken = { csr: csr.replace(/[A-Z]{4}/, 'AAAA'), isQuestion: false };
    expect(told(await api({ path: '/api/v1/join/undo', body: broken, headers: VIA }))).toBe('422 invalid_value');
    for (let count = 0; count < 12; count += 1) await undo({ key: host.key }, true, 'r2');
    expect(told(await undo(host))).toBe('429 too_many_requests');
    expect(await nodes()).toHaveLength(2);
  });
});

describe('a rack that joins', () => {
  it('is accepted at once; built anew, it takes its place again and its old certificate is void', async () => {
    const first = await aRack();
    const answer = await ask(await site.token(RACK), first);
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'k1', nodeId: UUID, authorityKey: null, secrets: null, warnings: [] },
    });
    const old = identityOf(first, answer);
    expect((await site.asAdmin('GET', '/racks/k1')).body).toMatchObject({
      uuid: UUID,
      state: 'accepted',
      isMaster: true,
    });
    expect(await agents(old, { path: '/agent/v1/desired?generation=0&digest=&wait=0' })).not.toMatchObject({
      status: 403,
    });
    await site.asAdmin('POST', '/machines', { hostname: 'm1' });
    const second = await aRack({ name: 'fresh-host', addresses: ['10.77.0.29'] });
    const claimed = await ask(await site.token(RACK), second);
    expect(`${claimed.status} ${String(claimed.body['detail'])}`).toMatch(/^409 .*regent node replace k1/);
    await site.asAdmin('POST', '/racks/k1/reset-key', { publicKey: second.wish.rack?.publicKey });
    const back = await ask(await site.token(RACK), second, proofOf(second));
    expect(back).toMatchObject({ status: 200, body: { name: 'k1', nodeId: UUID } });
    expect((await site.asAdmin('GET', '/racks/k1')).body).toMatchObject({
      uuid: UUID,
      machines: 1,
      publicKey: second.wish.rack?.publicKey,
    });
    await until('the region knows', async () => (await agents(old, { path: '/health/live' })).status === 403);
    expect((await agents(identityOf(second, back), { path: '/health/live' })).status).toBe(200);
    await site.asAdmin('POST', '/racks/k1/reject');
    await until(
      'the region knows',
      async () =>
        (await agents(identityOf(second, back), { path: '/agent/v1/desired?generation=0&digest=&wait=0' })).status ===
        403,
    );
    expect(told(await ask(await site.token(RACK), await aRack()))).toBe('403 forbidden');
  });

  it('renews its certificate', async () => {
    const host = await aRack();
    const own = identityOf(host, await ask(await site.token(RACK), host));
    const answer = await agents(own, { path: '/agent/v1/certificate', body: { csr: host.wish.csr } });
    expect(answer.status).toBe(200);
    expect((await agents(identityOf(host, answer), { path: '/health/live' })).status).toBe(200);
    expect(told(await agents(own, { path: '/agent/v1/certificate', body: { csr: 'x' } }))).toBe('422 invalid_value');
    expect((await site.asAdmin('GET', `/certificates?node=k1`)).body['items']).toHaveLength(2);
  });
});

describe('a rack that an admin accepted', () => {
  it('gets its certificate by its signature, through the load balancer', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const signed = (path: string, body: unknown, method = 'POST') => {
      const proof = { uuid: UUID, time: Date.now(), nonce: realRandom.hex(16) };
      return api({
        method,
        path,
        body,
        headers: { ...VIA, authorization: rackAuthorization({ method, path, body }, proof, pem) },
      });
    };
    const wish = { uuid: UUID, name: 'k1', publicKey: publicKeyOf(pem) };
    expect(await signed(REGISTER_PATH, wish)).toMatchObject({ status: 200, body: { state: 'waiting' } });
    const host = await aHost();
    const csr = { csr: host.wish.csr };
    expect(told(await signed(CERTIFICATE_PATH, csr))).toBe('403 forbidden');
    expect((await site.asAdmin('GET', '/racks/k1')).body).toMatchObject({ source: '192.0.2.77' });
    await site.asAdmin('POST', '/racks/k1/accept', {});
    const answer = await signed(CERTIFICATE_PATH, csr);
    expect(answer.status).toBe(200);
    const own = identityOf(host, answer);
    expect(readCertificate(own.certificate)).toMatchObject({ nodeId: UUID, isRegion: false, commonName: 'k1' });
    expect((await agents(own, { path: '/agent/v1/desired?generation=0&digest=&wait=0' })).status).not.toBe(403);
    expect(told(await signed('/agent/v1/member', {}))).toBe('403 forbidden');
    expect((await agents(own, { method: 'POST', path: '/agent/v1/member' })).status).toBe(200);
  });
});

describe('what is refused', () => {
  it('tells why, in a table', async () => {
    await site.asAdmin('POST', '/subnets', { cidr: '10.77.0.0/24' });
    expect(await site.asAdmin('POST', '/reservations', { address: '10.77.0.40' })).toMatchObject({ status: 201 });
    const alias = { fqdn: 'k3.regent.internal', type: 'CNAME', data: 'other.test' };
    expect(await site.asAdmin('POST', '/records', alias)).toMatchObject({ status: 201 });
    expect(await site.asAdmin('PUT', '/settings/upstream_dns', { value: ['10.77.0.14'] })).toMatchObject({
      status: 200,
    });
    const token = await site.token(REGION);
    const cases: [Partial<JoinRequest>, string, string][] = [
      [{ name: 'k3' }, '409', 'the node k3 cannot have this name beside the record k3.regent.internal CNAME'],
      [{ addresses: ['10.77.0.14'] }, '409', 'the setting upstream_dns names 10.77.0.14'],
      [{ name: 'r1' }, '409', 'Another node has the name r1'],
      [{ name: 'regent-region' }, '422', 'stands for every region node'],
      [{ name: 'UPPER_case' }, '422', 'is not a host name'],
      [{ addresses: ['10.77.0.11'] }, '409', 'The node r1 has the address'],
      [{ addresses: ['10.77.0.12', '10.77.0.10'] }, '409', 'floating address'],
      [{ addresses: ['10.77.0.40'] }, '409', 'the reserved address 10.77.0.40'],
      [{ addresses: ['127.0.0.1'] }, '422', 'reached by no other host'],
      [{ version: '1.6.0' }, '409', 'or the next release'],
      [{ version: '1.3.9' }, '409', 'or the next release'],
      [{ isRegion: false, isRack: false }, '422', 'requests no role'],
      [{ isRegion: false, isRack: true, rack: { uuid: UUID, publicKey: rackKey() } }, '403', 'not a rack'],
      [{ isRack: true, rack: null }, '422', 'its UUID and its key'],
      [{ csr: 'nonsense' }, '422', 'not a PEM block of that kind'],
    ];
    for (const [change, status, words] of cases) {
      const answer = await ask(token, await aHost(change), { ...VIA, 'x-forwarded-for': `198.51.100.${cases.length}` });
      expect(`${answer.status} ${String(answer.body['detail'])}`).toMatch(new RegExp(`^${status} .*${words}`, 's'));
    }
    expect(await nodes()).toHaveLength(1);
    expect((await ask(token, await aHost({ version: '1.5.0' }))).status).toBe(200);
  });

  it('a region whose key is missing says so for these calls alone', async () => {
    await rm(join(site.folder, 'ca.key'));
    const host = await aRack();
    const answer = await ask(await site.token(RACK), host);
    expect(told(answer)).toBe('503 unavailable');
    expect(answer.body['detail']).toContain('ca.key is missing');
    expect((await site.asAdmin('GET', '/status')).status).toBe(200);
    expect(await nodes()).toHaveLength(1);
  });
});

describe('certificates at the ports', () => {
  it('foreign, expired, none and those of racks are not taken', async () => {
    const foreign = await testIdentity(await testAuthority('c2'), { nodeId: 'r1', isRegion: true });
    const past = { notBefore: Date.now() - 40 * DAY_MS, notAfter: Date.now() - 10 * DAY_MS };
    const expired = await testIdentity(site.authority, { nodeId: 'r1', isRegion: true, ...past });
    for (const identity of [foreign, expired, undefined]) {
      for (const call of [api({ path: '/health/live', identity }), agents(identity, { path: '/health/live' })]) {
        expect((await call).status).toBe(0);
      }
    }
    const rack = await testIdentity(site.authority, { nodeId: 'k1' });
    expect(told(await api({ path: '/health/live', identity: rack }))).toBe('403 forbidden');
    expect(told(await agents(rack, { path: '/agent/v1/desired?generation=0&digest=&wait=0' }))).toBe('403 forbidden');
    expect([200, 204]).toContain(
      (await agents(site.own, { path: '/agent/v1/desired?generation=0&digest=&wait=0' })).status,
    );
    const forged = { authorization: 'Bearer node:r1:nodesecret0123456789' };
    expect(told(await agents(rack, { path: '/agent/v1/desired?generation=0&digest=&wait=0', headers: forged }))).toBe(
      '403 forbidden',
    );
  });

  it('that are revoked are shut out on every region within 2 s, open connections too, and stay so without a database', async () => {
    const second = await startTrustedRegion(pg.get(), { of: site });
    try {
      const host = await aRack();
      const own = identityOf(host, await ask(await site.token(RACK), host));
      const facts = readCertificate(own.certificate);
      if (isRejected(facts)) throw new Error(facts.message);
      const agent = new Agent({ keepAlive: true });
      const port = second.process.secureAgentPort;
      const follow = async () => {
        let held = { generation: 0, digest: '' };
        for (;;) {
          const path = `/agent/v1/desired?generation=${held.generation}&digest=${held.digest}&wait=25`;
          const answer = await agents(own, { port, agent, path });
          if (answer.status !== 200 && answer.status !== 204) return answer;
          if (answer.status === 200) held = answer.body as typeof held;
        }
      };
      const waiting = follow();
      expect((await agents(own, { port, path: '/health/live' })).status).toBe(200);
      const since = Date.now();
      expect(
        await site.asAdmin('POST', `/certificates/${facts.serial.toUpperCase()}/revoke`, { why: 'lost' }),
      ).toMatchObject({
        status: 200,
        body: { state: 'revoked', revokedWhy: 'lost', node: 'k1' },
      });
      const ended = await waiting;
      expect([0, 403]).toContain(ended.status);
      expect(Date.now() - since).toBeLessThan(2000);
      for (const port of [site.process.secureAgentPort, second.process.secureAgentPort])
        expect(told(await agents(own, { port, path: '/health/live' }))).toBe('403 forbidden');
      agent.destroy();
      await pg.get().admin(`alter database ${site.connection.database} allow_connections false`);
      await pg
        .get()
        .admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${site.connection.database}'`);
      expect(told(await agents(own, { path: '/health/live' }))).toBe('403 forbidden');
      expect((await agents(site.own, { path: '/health/live' })).status).toBe(200);
      await pg.get().admin(`alter database ${site.connection.database} allow_connections true`);
    } finally {
      await second.close();
    }
  });

  it('of the region itself is taken anew from its files, for new connections', async () => {
    const serialNow = async () => {
      const agent = new Agent({ keepAlive: false });
      let serial = '';
      await agents(site.own, {
        path: '/health/live',
        agent,
        open: (request) =>
          request.on('socket', (socket) =>
            socket.on('secureConnect', () => {
              serial = (socket as unknown as { getPeerCertificate(): { serialNumber: string } })
                .getPeerCertificate()
                .serialNumber.toLowerCase();
            }),
          ),
      });
      return serial;
    };
    const next = await testIdentity(site.authority, { nodeId: 'r1', isRegion: true });
    const facts = readCertificate(next.certificate);
    if (isRejected(facts)) throw new Error(facts.message);
    expect(await serialNow()).not.toBe(facts.serial);
    for (const [name, text] of [
      ['node.key', next.key],
      ['node.crt', next.certificate],
    ] as const) {
      await writeFile(join(site.folder, `${name}.new`), text);
      await rename(join(site.folder, `${name}.new`), join(site.folder, name));
    }
    await until('the region knows', async () => (await serialNow()) === facts.serial);
  });

  it('who called is told by the load balancer, and by it alone', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.99' };
    const wrong = () => api({ path: '/api/v1/me', headers: { ...headers, authorization: 'Bearer a:b:c' } });
    // The bucket refills meanwhile, so a slow machine needs more of them.
    await until('the address has used up its tries', async () =>
      (await Promise.all(Array.from({ length: 40 }, wrong))).map(told).includes('429 too_many_requests'),
    );
    expect(
      told(
        await api({ path: '/api/v1/me', headers: { 'x-forwarded-for': '192.0.2.98', authorization: 'Bearer a:b:d' } }),
      ),
    ).toBe('401 unauthenticated');
    value(await change(site.db, async (tx) => tx.all(sql`select 1`)));
  });
});
