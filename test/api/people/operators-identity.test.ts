import { createHash, generateKeyPairSync } from 'node:crypto';
import { request } from 'node:https';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOIN_PATH, type JoinRequest, RACK_PROOF_HEADER } from '../../../src/contract/cluster/join.ts';
import { rackAuthorization } from '../../../src/contract/cluster/rack-signature.ts';
import { CSRF_HEADER } from '../../../src/contract/base/wire/transport.ts';
import { publicKeyOf } from '../../../src/core/signature.ts';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure, type SecureAnswer } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

/** Identity is never a public value: every input with its exact answer, printed as a table. Each case goes on from the one before. */

const pg = usePostgres();
const table: string[] = [];
let site: TrustedRegion;

beforeAll(async () => {
  site = await startTrustedRegion(pg.get(), { vip: '10.77.0.10/24' });
  await site.asAdmin('POST', '/users', { name: 'ada', role: 'operator', password: 'analytical engine' });
});
afterAll(async () => {
  process.stdout.write(`\nsecurity S4, S7, S8, passwords, addresses: input → answer\n${table.join('\n')}\n`);
  await site?.close();
});

const UUID = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
const OTHER = '7f9619ff-8b86-4011-b42d-00cf4fc964ff';
const RACK = { isRegion: false, isRack: true };
let clients = 0;
/** Another client each time: none is refused for having asked too often. */
const viaTls = () => ({ 'x-forwarded-for': `192.0.2.${(clients += 1) % 250}`, 'x-forwarded-proto': 'https' });
const newRackKey = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

interface Host {
  readonly key: string;
  readonly rackKey: string;
  readonly request: JoinRequest;
}
async function aRack(name: string, number: number, { uuid = UUID, rackKey = newRackKey() } = {}): Promise<Host> {
  const key = await createKey();
  const rack = { uuid, publicKey: publicKeyOf(rackKey) };
  const csr = await createRequest(key, name);
  const request = { name, addresses: [`10.77.0.${number}`], ...RACK, version: '1.4.2', rack, csr };
  return { key, rackKey, request };
}
/** How the host shows that it is the rack: not at all, by its own key, or by the signature of another call. */
async function joins(authorization: string, host: Host, proof: 'none' | 'key' | 'foreign' = 'none') {
  const { request, rackKey } = host;
  const body = proof === 'foreign' ? { ...request, name: 'other' } : request;
  const signed = rackAuthorization(
    { method: 'POST', path: JOIN_PATH, body },
    { uuid: request.rack?.uuid ?? '', time: Date.now(), nonce: realRandom.hex(16) },
    rackKey,
  );
  const headers = { authorization, ...viaTls(), ...(proof === 'none' ? {} : { [RACK_PROOF_HEADER]: signed }) };
  return callApi({ path: JOIN_PATH, body: request, headers });
}
const callApi = (call: { path: string; method?: string; body?: unknown; headers?: Record<string, string> }) =>
  callSecure({ port: site.process.apiPort, ca: site.authority.certificate, identity: site.own, ...call });
/** Its status and headers, whatever its body is. */
const head = (call: { path: string; headers: Record<string, string> }) =>
  new Promise<{ status: number; location: string }>((resolve, reject) => {
    const { certificate: cert, key } = site.own;
    const port = site.process.apiPort ?? 0;
    const server = { host: '127.0.0.1', port, servername: 'regent-region', ca: site.authority.certificate, cert, key };
    request({ ...server, ...call }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' });
    })
      .on('error', reject)
      .end();
  });
const identityOf = (host: Host, answer: SecureAnswer): TestIdentity => ({
  certificate: String(answer.body['certificate']),
  authority: site.authority.certificate,
  key: host.key,
});
const agent = (identity: TestIdentity) =>
  callSecure({
    port: site.process.secureAgentPort,
    ca: site.authority.certificate,
    identity,
    path: '/agent/v1/desired?generation=0&digest=&wait=0',
  });
const isServed = async (identity: TestIdentity) => ![401, 403].includes((await agent(identity)).status);
const line = (what: string, { status, body }: SecureAnswer) => {
  const detail = status < 300 ? 'done' : String(body['detail']);
  table.push(`${what} → ${status} ${detail}`);
  return `${status} ${detail}`;
};
const OWN_UUID = 'If this is another host: give it a CLUSTER_UUID of its own in /etc/regent/rack.conf.';

describe('security S4: the UUID of a living rack', () => {
  let first: Host;
  let certificate: TestIdentity;

  it('is taken by its first host, and opens nothing afterwards', async () => {
    first = await aRack('k1', 21);
    const answer = await joins(await site.token(RACK), first, 'key');
    expect(line('a new rack k1 with a token', answer)).toBe('200 done');
    certificate = identityOf(first, answer);
    const refusal =
      `409 The rack ${UUID} is the node k1, but this host did not sign with its key. Rule: a UUID is public and proves nothing. If this host ` +
      `takes the place of k1: regent node replace k1 gives the token for it. ${OWN_UUID}`;
    const publicKey = publicKeyOf(first.rackKey);
    const copied = await aRack('k1', 29);
    const named = { ...copied, request: { ...copied.request, rack: { uuid: UUID, publicKey } } };
    const cases: [string, Host, 'none' | 'key' | 'foreign', string][] = [
      ["k1's UUID, another key", await aRack('k9', 29), 'none', refusal],
      ["k1's UUID and name, another key", await aRack('k1', 29), 'none', refusal],
      ["k1's UUID in capitals", await aRack('k9', 29, { uuid: UUID.toUpperCase() }), 'none', refusal],
      ["k1's UUID, name and address, another key", await aRack('k1', 21), 'none', refusal],
      ["k1's UUID, signed by another key", await aRack('k9', 29), 'key', refusal],
      ["k1's UUID and public key, without a signature", named, 'none', refusal],
    ];
    for (const [what, host, proof, expected] of cases)
      expect(line(what, await joins(await site.token(RACK), host, proof)), what).toBe(expected);
    const wrong = `401 The header ${RACK_PROOF_HEADER} is not a signature of this call by the rack's key. Rule: the key whose public part the join names.`;
    expect(line("k1's public key, signed by another", await joins(await site.token(RACK), named, 'key'))).toBe(wrong);
    const foreign = await joins(await site.token(RACK), first, 'foreign');
    expect(line("k1's signature of another call", foreign)).toBe(wrong);
    expect(await isServed(certificate)).toBe(true);
    expect((await site.asAdmin('GET', '/racks/k1')).body).toMatchObject({ publicKey, state: 'accepted' });
  });

  it('in a new rack is no way to its name or address either', async () => {
    const token = await site.token(RACK);
    const asName = await joins(token, await aRack('k1', 22, { uuid: OTHER }));
    expect(line("another UUID with k1's name", asName)).toMatch(/^409 Another node has the name k1\./);
    const asAddress = await joins(token, await aRack('k2', 21, { uuid: OTHER }));
    expect(line("another UUID with k1's address", asAddress)).toMatch(/^409 The node k1 has the address 10\.77\.0\.21/);
    const asCopy = await joins(token, await aRack('k2', 22, { uuid: OTHER, rackKey: first.rackKey }), 'key');
    expect(line("another UUID with k1's key", asCopy)).toMatch(
      /^409 The rack .* has this key: the host is a copy of it/,
    );
    const asRegion = await aRack('k2', 22, { uuid: 'r1' });
    expect(line("a region node's id as UUID", await joins(token, asRegion))).toMatch(/^422 rack\/uuid: /);
  });

  it('returns by its key, and the certificate of before is void', async () => {
    const rebuilt = await aRack('fresh', 21, { rackKey: first.rackKey });
    const token = await site.token(RACK);
    const answer = await joins(token, rebuilt, 'key');
    expect(line("k1 built anew, signed by k1's key", answer)).toBe('200 done');
    expect(answer.body).toMatchObject({ name: 'k1', nodeId: UUID });
    await until('the old certificate is void', async () => !(await isServed(certificate)));
    const again = await joins(token, await aRack('k1', 21), 'none');
    expect(line('the same token by another host', again)).toMatch(/^401 The join token was used by another host/);
    certificate = identityOf(rebuilt, answer);
    first = rebuilt;
    expect(await isServed(certificate)).toBe(true);
  });

  it('returns by the token for its place, and by no token for another one', async () => {
    const stolen = await site.asAdmin('POST', '/tokens', { ...RACK, place: 'k1' });
    expect(line('a token for the place of a rack that is there', stolen)).toMatch(/^404 /);
    await site.asAdmin('POST', '/racks/k1/reset-key');
    const reset = await joins(await site.token(RACK), await aRack('k9', 29), 'key');
    expect(line("k1's UUID after regent rack reset-key k1", reset)).toMatch(/^409 The rack .* is the node k1/);
    const heir = await aRack('k9', 29);
    const key = { publicKey: heir.request.rack?.publicKey };
    expect(line('regent rack reset-key k1 --key KEY', await site.asAdmin('POST', '/racks/k1/reset-key', key))).toBe(
      '200 done',
    );
    await until('the certificate of the old key is void', async () => !(await isServed(certificate)));
    expect(line('the host of that key', await joins(await site.token(RACK), heir, 'key'))).toBe('200 done');
  });
});

describe('security S4: a rack that waits, and one that was removed', () => {
  const registers = (rackKey: string, uuid: string, name: string) => {
    const body = { uuid, name, publicKey: publicKeyOf(rackKey) };
    const proof = { uuid, time: Date.now(), nonce: realRandom.hex(16) };
    const path = '/agent/v1/register';
    const headers = { ...viaTls(), authorization: rackAuthorization({ method: 'POST', path, body }, proof, rackKey) };
    return callApi({ path, body, headers });
  };

  it('keeps its place among those that wait', async () => {
    const own = newRackKey();
    expect(line('k2 registers and waits', await registers(own, OTHER, 'k2'))).toBe('200 done');
    const taken = await joins(await site.token(RACK), await aRack('k2', 22, { uuid: OTHER }), 'key');
    expect(line("k2's UUID with a token and another key", taken)).toBe(
      `409 The rack ${OTHER} waits for an admin, but this host did not sign with its key. Rule: a UUID is public and proves nothing. If this host is that rack, ` +
        `rebuilt: regent rack delete ${OTHER}, then join again. ${OWN_UUID}`,
    );
    const other = await registers(newRackKey(), OTHER, 'k2');
    expect(line("k2's UUID registers with another key", other)).toMatch(
      new RegExp(`^409 The rack ${OTHER} is registered with another key\\. .*regent rack reset-key ${OTHER} --key `),
    );
    const joined = await joins(await site.token(RACK), await aRack('k2', 22, { uuid: OTHER, rackKey: own }), 'key');
    expect(line('k2 itself with a token', joined)).toBe('200 done');
  });

  it('leaves nothing behind that counts for the next host of its UUID', async () => {
    const own = await aRack('k3', 23, { uuid: '8f9619ff-8b86-4011-b42d-00cf4fc964ff' });
    const uuid = own.request.rack?.uuid ?? '';
    const old = identityOf(own, await joins(await site.token(RACK), own, 'key'));
    expect(await isServed(old)).toBe(true);
    await site.asAdmin('POST', '/racks/k3/reject');
    expect(line('regent rack delete k3', await site.asAdmin('DELETE', `/racks/${uuid}`))).toBe('200 done');
    const next = await joins(await site.token(RACK), await aRack('k4', 24, { uuid }), 'key');
    expect(line('another host with the UUID of k3', next)).toBe('200 done');
    await until('the certificate of k3 is void', async () => !(await isServed(old)));
    table.push('the certificate of k3 afterwards → 403');
  });
});

describe('security S7: wrong logins', () => {
  const login = async (user: string, password: string, address: string) => {
    const headers = { 'x-forwarded-for': address, 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    return (await callApi({ path: '/api/v1/session', body: { user, password }, headers })).status;
  };
  const RIGHT = 'analytical engine';

  it('keep nobody out but who makes them', { timeout: 120_000 }, async () => {
    expect(await login('ada', RIGHT, '198.51.100.1')).toBe(201);
    const wrong: number[] = [];
    for (let n = 0; n < 12; n += 1) wrong.push(await login('ada', 'wrong horse', '203.0.113.66'));
    table.push(`12 wrong logins of ada from 203.0.113.66 → ${wrong.join(' ')}`);
    expect(wrong).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    expect(await login('ADA', 'wrong horse', '203.0.113.66')).toBe(429);
    const rows: [string, string, number][] = [
      ['ada', '203.0.113.66', 429],
      ['ada', '198.51.100.1', 201],
      ['ada', '198.51.100.2', 201],
    ];
    for (const [user, address, status] of rows) {
      const answer = await login(user, RIGHT, address);
      table.push(`the right password of ${user} from ${address} → ${answer}`);
      expect(answer, address).toBe(status);
    }
    // Another region, which has counted nothing, knows the sum of all, and where ada was, from the database.
    const counted = value(
      await site.db.read(async (tx) =>
        tx.all(sql<{ name: string; used: number }>`select name, used from login_failures`),
      ),
    );
    const digest = (name: string) => createHash('sha256').update(name).digest('hex');
    const used = (name: string) => counted.find((row) => row.name === digest(name))?.used ?? 0;
    for (const name of ['both 203.0.113.66 user ada', 'address 203.0.113.66', 'account user ada'])
      expect(used(name), name).toBeGreaterThan(3);
    expect(counted).toHaveLength(3);
    value(
      await change(site.db, (tx) =>
        tx.run(
          sql`insert into login_failures (name, used, per_second) values (${digest('both 203.0.113.70 user ada')}, 10, 0.01)`,
        ),
      ),
    );
    expect(await login('ada', RIGHT, '203.0.113.70')).toBe(429);
    const known = value(
      await site.db.read(async (tx) => tx.all(sql`select distinct address from sessions order by 1`)),
    );
    expect(known).toEqual([{ address: '198.51.100.1' }, { address: '198.51.100.2' }]);
  });
});

describe('security S8: without TLS', () => {
  const plain = { 'x-forwarded-for': '198.51.100.9', 'x-forwarded-proto': 'http' };
  const secure = { 'x-forwarded-for': '198.51.100.9', 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };

  it('no cookie is a session, whatever its name', async () => {
    const body = { user: 'ada', password: 'analytical engine' };
    const path = '/api/v1/session';
    const [id, secret] = [realRandom.hex(6), realRandom.hex(32)];
    const digest = createHash('sha256').update(secret).digest('hex');
    expect((await callApi({ path, body, headers: secure })).status).toBe(201);
    value(
      await change(site.db, (tx) =>
        tx.run(sql`insert into sessions (id, token_sha256, user_name, is_wall, address, agent, expires_at)
          values (${id}, ${digest}, 'ada', false, '::ffff:198.51.100.9', 'x', now() + interval '1 day')`),
      ),
    );
    const ask = async (name: string, how: Record<string, string>) => {
      const answer = await callApi({ path, headers: { ...how, cookie: `${name}=${secret}` } });
      table.push(`GET ${path} with Cookie ${name}, ${how['x-forwarded-proto']} → ${answer.status}`);
      return answer.status;
    };
    expect(await ask('__Host-regent', secure)).toBe(200);
    for (const name of ['regent', '__Host-regent', '__Secure-regent', 'sessionid', 'Regent'])
      expect(await ask(name, { ...plain, 'sec-fetch-site': 'same-origin' }), name).toBe(401);
    expect(await ask('regent', secure)).toBe(401);
    const nodes = await callApi({
      path: '/api/v1/nodes',
      headers: { ...plain, cookie: `regent=${secret}`, [CSRF_HEADER]: 'x' },
    });
    expect(nodes.status).toBe(401);
    // An earlier release stored the address as the socket called it.
    const { items } = (await site.asAdmin('GET', '/sessions')).body as { items: { id: string; address: string }[] };
    expect(items.find((one) => one.id === id)?.address).toBe('198.51.100.9');
  });

  it('API keys are taken until api_keys_tls_only is set, and then over TLS or from the cluster itself', async () => {
    const bearer = { authorization: `Bearer ${site.keys.admin}` };
    const [consumer, token, secret] = site.keys.admin.split(':');
    const oauth = {
      authorization: `OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer}", oauth_token="${token}", oauth_signature="%26${secret}", oauth_nonce="${realRandom.hex(8)}", oauth_timestamp="${Math.floor(Date.now() / 1000)}"`,
    };
    const ask = async (path: string, headers: Record<string, string>) => {
      const { authorization = '', 'x-forwarded-proto': how, 'x-forwarded-for': from } = headers;
      const { status } = await head({ path, headers });
      table.push(`GET ${path} with ${authorization.split(' ')[0]} by ${how} from ${from} → ${status}`);
      return status;
    };
    const V1 = '/api/v1/nodes';
    expect(await ask(V1, { ...plain, ...bearer })).toBe(200);
    expect((await site.asAdmin('PUT', '/settings/api_keys_tls_only', { value: 'yes' })).status).toBe(422);
    expect((await site.asAdmin('PUT', '/settings/api_keys_tls_only', { value: true })).status).toBe(200);
    await until('what was trusted is not remembered', async () => (await ask(V1, { ...plain, ...bearer })) === 403);
    const refused = await callApi({ path: V1, headers: { ...plain, ...bearer } });
    expect(line('an API key by http', refused)).toBe(
      '403 The API key came without TLS, so that others may have read it. Rule (setting api_keys_tls_only): API keys go over TLS, https://ADDRESS:5443. ' +
        'Replace the key: regent api-key create, regent api-key revoke.',
    );
    expect(await ask(V1, { ...secure, ...bearer })).toBe(200);
    expect(await ask(V1, { ...plain, 'x-forwarded-for': '127.0.0.1', ...bearer })).toBe(200);
    expect(await ask(V1, { ...plain, 'x-forwarded-for': '10.77.0.11', ...bearer })).toBe(200);
    expect(await ask(V1, { ...plain, 'x-forwarded-for': '::ffff:10.77.0.11', ...bearer })).toBe(200);
    // A wrong key learns nothing of the setting.
    const wrong = { authorization: `Bearer ${consumer}:${token}:${'x'.repeat(20)}` };
    expect(await ask(V1, { ...plain, ...wrong })).toBe(401);
    expect(await ask('/health/live', plain)).toBe(200);
    expect(await ask('/MAAS/api/2.0/version/', plain)).toBe(200);
    expect(await ask('/MAAS/metadata/2012-03-01/meta-data/', plain)).toBe(401);
    const maas = await ask('/MAAS/api/2.0/machines/', { ...plain, ...oauth });
    expect(maas).toBe(403);
    expect((await site.asAdmin('PUT', '/settings/api_keys_tls_only', { value: false })).status).toBe(200);
    await until('it is off again', async () => (await ask(V1, { ...plain, ...bearer })) === 200);
  });

  it('a redirect leads to the site, not to who is named in Host', async () => {
    for (const [host, expected] of [
      ['r1:5240', 'https://r1:5443/ui/'],
      ['10.77.0.10:5240', 'https://10.77.0.10:5443/ui/'],
      ['evil.test', 'https://10.77.0.10:5443/ui/'],
      ['r1.evil.test:5240', 'https://10.77.0.10:5443/ui/'],
      ['10.77.0.10@evil.test', ''],
    ] as const) {
      const { location } = await head({ path: '/ui/', headers: { ...plain, host } });
      table.push(`GET http://…:5240/ui/ with Host ${host} → ${location || 'refused'}`);
      expect(location, host).toBe(expected);
    }
  });
});

describe('passwords', () => {
  it('that everybody tries first are refused, also by the MAAS API', async () => {
    const rule = "Rule: 8 to 256 characters, no control characters, not the user's name, and none in common use.";
    for (const [password, why] of [
      ['password', 'it is one of those that everybody tries first'],
      ['P@ssw0rd1', 'it is one of those that everybody tries first'],
      ['12345678', 'its characters stand in a row'],
      ['aaaaaaaa', 'it has fewer than 3 different characters'],
      ['bob', 'it has 3 characters'],
      ['bob12345', 'it is the user’s name with a few characters more'],
    ] as const) {
      const answer = await site.asAdmin('POST', '/users', { name: 'bob', role: 'user', password });
      expect(line(`user bob with ${password}`, answer), password).toBe(`422 password: ${why}. ${rule}`);
    }
    const short = await site.asAdmin('POST', '/users', {
      name: 'bob',
      role: 'user',
      password: 'password',
      allowShort: true,
    });
    expect(line('user bob with password, short ones allowed', short)).toMatch(/^422 password: it is one of those/);
    const good = await site.asAdmin('POST', '/users', { name: 'bob', role: 'user', password: 'bridge over water' });
    expect(line('user bob with a sentence', good)).toBe('201 done');
  });
});

describe('addresses in two texts', () => {
  it('are one: IPv4 in the text of IPv6 is neither a node’s nor in a certificate', async () => {
    const token = await site.token(RACK);
    const host = await aRack('k5', 25, { uuid: '9f9619ff-8b86-4011-b42d-00cf4fc964ff' });
    for (const address of [
      '::ffff:10.77.0.25',
      '::FFFF:0a4d:0019',
      '0:0:0:0:0:ffff:10.77.0.25',
      'fe80::1%eth0',
      '::10.77.0.25',
    ]) {
      const request = { ...host.request, addresses: [address] };
      const answer = await joins(token, { ...host, request });
      table.push(`a rack at ${address} → ${answer.status} ${String(answer.body['detail'])}`);
      expect(answer.status, address).toBe(422);
    }
    for (const address of ['::ffff:10.77.0.25', '::ffff:a4d:19', 'fe80::1%eth0'])
      await expect(testIdentity(site.authority, { nodeId: 'k6', addresses: [address] }), address).rejects.toThrow(
        'addresses',
      );
  });

  it('are IPv4 in the audit trail, in changes and sessions', async () => {
    const from = '::ffff:192.0.2.200';
    const headers = { 'x-forwarded-for': from, 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    const host = await aRack('k7', 27, { uuid: 'af9619ff-8b86-4011-b42d-00cf4fc964ff' });
    const joined = await callApi({
      path: JOIN_PATH,
      body: host.request,
      headers: { ...headers, authorization: await site.token(RACK) },
    });
    expect(joined.status).toBe(200);
    await callApi({ path: '/api/v1/session', body: { user: 'ada', password: 'analytical engine' }, headers });
    for (const path of ['/config/history', '/sessions', '/audit', '/racks']) {
      const text = JSON.stringify((await site.asAdmin('GET', `${path}?limit=100`)).body);
      table.push(`GET ${path} after calls from ${from} → ${text.includes('::ffff:') ? '::ffff:' : '192.0.2.200'}`);
      expect(text, path).not.toContain('::ffff:');
    }
  });
});
