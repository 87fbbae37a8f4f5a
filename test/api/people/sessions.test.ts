import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TOO_MANY_LOGINS } from '../../../src/api/login-limiter.ts';
import { NO_AUTHORITY } from '../../../src/main/region/certificate-authority.ts';
import { type Role, ROLES } from '../../../src/contract/base/role.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { until } from '../../kit/until.ts';

/** Sessions of browsers: who gets one, what it is good for, when it ends. */

const PASSWORD = 'correct horse battery';
const HOST = 'regent.example.test:5443';
const ORIGIN = `https://${HOST}`;
/** What a browser's own page sends, through the load balancer and TLS. */
const OWN = { host: HOST, origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'x-forwarded-proto': 'https' };

const pg = usePostgres();
let site: TestRegion;
/** Another region on the same database. */
let other: TestRegion;
beforeAll(async () => {
  const api = { transport: { isBehindProxy: true } };
  site = await startTestRegion(pg.get(), { api });
  other = await startTestRegion(pg.get(), { api, connection: site.connection, keys: site.keys });
  for (const role of ROLES) {
    const set = await site.call('PUT', `/users/${role}/password`, { body: { password: PASSWORD } });
    if (set.body['hasPassword'] !== true) throw new Error(set.raw);
  }
});
afterAll(async () => {
  await other.close();
  await site.close();
});
beforeEach(() => admin('delete from sessions'));

const admin = (text: string) => pg.get().admin<Record<string, unknown>>(text, site.connection.database);
let addresses = 0;
/** Each from another address, so that limits of one test meet no other. */
const from = () => `198.51.100.${(addresses = (addresses % 250) + 1)}`;

interface Login {
  readonly cookie: string;
  readonly csrf: string;
  readonly id: string;
}

const post = (body: object, headers: object = OWN, region = site) =>
  region.api.inject({
    method: 'POST',
    url: '/api/v1/session',
    headers: { ...headers, 'content-type': 'application/json', 'x-forwarded-for': from() },
    payload: JSON.stringify(body),
  });

async function login(user: string, more: object = {}, region = site): Promise<Login> {
  const answer = await post({ user, password: PASSWORD, ...more }, OWN, region);
  expect(answer.statusCode, answer.body).toBe(201);
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  return { cookie, ...(answer.json() as { csrf: string; id: string }) };
}

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly region?: TestRegion;
}
const ask = (path: string, { cookie, csrf }: Pick<Login, 'cookie' | 'csrf'>, options: Ask = {}) => {
  const { method = 'GET', body, headers = {}, region = site } = options;
  return region.api.inject({
    method,
    url: `/api/v1${path}`,
    headers: {
      ...OWN,
      cookie,
      'x-forwarded-for': from(),
      ...(method === 'GET' ? {} : { 'x-regent-csrf': csrf }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
};
const domain = (name: string): Ask => ({ method: 'POST', body: { name } });

describe('a login', () => {
  it('gives a cookie for this host alone, over TLS alone, out of the reach of scripts', async () => {
    const answer = await post({ user: 'admin', password: PASSWORD });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['set-cookie']).toMatch(
      /^__Host-regent=[0-9a-f]{64}; Path=\/; Max-Age=60\d{4}; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(answer.json()).toMatchObject({ user: 'admin', role: 'admin', isReadOnly: false, version: '1.0.0' });
    expect(answer.headers['x-regent-node']).toBe('r1');
    // Neither the token nor the password is anywhere in the database.
    const token = /=([0-9a-f]{64})/.exec(String(answer.headers['set-cookie']))?.[1] ?? '';
    const rows = JSON.stringify([
      await admin('select * from sessions'),
      await admin('select * from password_hashes'),
      await admin('select * from audit'),
      await admin('select * from idempotency'),
      await admin('select * from history'),
    ]);
    expect(rows).not.toContain(token);
    expect(rows).not.toContain(PASSWORD);
    expect(rows).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  });

  it('goes by an API key, and ends with the key', async () => {
    const made = await site.call('POST', '/api-keys', { body: { label: 'browser' }, role: 'operator' });
    const answer = await post({ apiKey: made.body.key });
    expect(answer.json()).toMatchObject({ user: 'operator', role: 'operator' });
    const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    const own = { cookie, csrf: '' };
    expect((await ask('/me', own)).statusCode).toBe(200);
    await site.call('DELETE', `/api-keys/${made.body.token}`, { role: 'operator' });
    await until('the session has ended', async () => (await ask('/me', own)).statusCode === 401);
  });

  it.each([
    ['a wrong password', { user: 'admin', password: 'wrong horse' }, 401],
    ['nobody', { user: 'nobody', password: PASSWORD }, 401],
    ['an unknown key', { apiKey: 'a:b:c' }, 401],
    ['no key at all', { apiKey: 'nonsense' }, 422],
    ['both', { user: 'admin', password: PASSWORD, apiKey: 'a:b:c' }, 422],
    ['half of it', { user: 'admin' }, 422],
    ['more than it', { user: 'admin', password: PASSWORD, role: 'admin' }, 422],
  ])('refuses %s', async (_, body, status) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('comes from our own page, over TLS', async () => {
    const good = { user: 'admin', password: PASSWORD };
    const { origin: _, 'sec-fetch-site': __, ...bare } = OWN;
    const headers = [
      { ...OWN, 'sec-fetch-site': 'cross-site' },
      { ...OWN, 'sec-fetch-site': 'same-site' },
      { ...OWN, origin: 'https://evil.example' },
      { ...OWN, origin: 'null' },
      { ...OWN, 'x-forwarded-proto': 'http' },
      bare,
    ];
    for (const wrong of headers) expect((await post(good, wrong)).statusCode, JSON.stringify(wrong)).toBe(403);
    expect((await post(good, { ...bare, origin: ORIGIN })).statusCode).toBe(201);
    const form = await site.api.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { ...OWN, 'content-type': 'application/x-www-form-urlencoded' },
      payload: `user=admin&password=${PASSWORD}`,
    });
    expect(form.statusCode).toBe(415);
  });

  it('is limited for each account, wherever it is tried: a hundred times', async () => {
    const tries: number[] = [];
    // Time gives tries back: on a slow host there are more than a hundred.
    for (let round = 0; round < 250 && !tries.includes(429); round += 1)
      tries.push((await post({ user: 'guessed', password: `wrong ${round}` })).statusCode);
    expect(tries.filter((status) => status === 401).length).toBeGreaterThanOrEqual(100);
    expect(tries.at(-1)).toBe(429);
    const told = await admin(`select action, outcome from audit where actor = 'guessed' limit 1`);
    expect(told).toEqual([{ action: 'login', outcome: 'refused: unauthenticated' }]);
  });

  it('at the same moment at two regions: ten learn that they were wrong, and right ones do not hinder each other', async () => {
    const attempt = async (address: string, n: number, password: string) => {
      const answer = await (n % 2 === 0 ? site : other).api.inject({
        method: 'POST',
        url: '/api/v1/session',
        headers: { ...OWN, 'content-type': 'application/json', 'x-forwarded-for': address },
        payload: JSON.stringify({ user: 'operator', password }),
      });
      return answer.statusCode;
    };
    const twenty = (address: string, password: (n: number) => string) =>
      Promise.all(Array.from({ length: 20 }, (_, n) => attempt(address, n, password(n))));
    const wrong = await twenty('203.0.113.50', (n) => `wrong ${n}`);
    expect(wrong.toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 10 }, () => 401),
      ...Array.from({ length: 10 }, () => 429),
    ]);
    const right = await twenty('203.0.113.51', () => PASSWORD);
    expect(right).toEqual(right.map(() => 201));
    // The address of the wrong ones learns nothing more, and no session was begun there.
    expect(await attempt('203.0.113.50', 0, PASSWORD)).toBe(429);
    // So it is with one that was verified while the others were counted.
    const origin = { address: '203.0.113.50', agent: '', isWall: false };
    const tooMany = async () => TOO_MANY_LOGINS;
    const proof = { user: 'operator', password: PASSWORD };
    expect(await site.region.sessions.open(proof, origin, tooMany)).toEqual(TOO_MANY_LOGINS);
    expect(await admin(`select address from sessions where address = '203.0.113.50'`)).toEqual([]);
  });
});

describe('a session', () => {
  it.each(ROLES.map((role) => [role] as const))(
    'is worth what the role %s is, and CSRF is needed',
    async (role: Role) => {
      const own = await login(role);
      expect((await ask('/me', own)).json()).toEqual({ user: role, role, email: '' });
      const may = role === 'admin' || role === 'operator';
      const made = await ask('/domains', own, domain(`${role}.test`));
      expect(made.statusCode).toBe(may ? 201 : 403);
      const wrongs: Record<string, string>[] = [
        { 'x-regent-csrf': 'x' },
        { 'x-regent-csrf': '' },
        { origin: 'https://evil.example' },
        { origin: 'https://regent.example.test' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'none' },
      ];
      for (const headers of wrongs) {
        const answer = await ask('/domains', own, { ...domain(`${role}2.test`), headers });
        expect(answer.statusCode, JSON.stringify(headers)).toBe(403);
      }
      expect((await site.call('GET', `/domains/${role}2.test`)).status).toBe(404);
      // Reading from another site's page is refused, too; a bookmark is not.
      expect((await ask('/me', own, { headers: { 'sec-fetch-site': 'cross-site' } })).statusCode).toBe(403);
      expect((await ask('/me', own, { headers: { 'sec-fetch-site': 'none' } })).statusCode).toBe(200);
    },
  );

  it('is known to every region, and outlives the one that made it', async () => {
    const third = await startTestRegion(pg.get(), {
      api: { transport: { isBehindProxy: true } },
      connection: site.connection,
      keys: site.keys,
    });
    const own = await login('operator', {}, third);
    await third.close();
    const answer = await ask('/domains', own, { ...domain('outlives.test'), region: other });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['set-cookie']).toBeUndefined();
    const audit = await admin(`select actor, origin from audit where action = 'domain create outlives.test'`);
    expect(audit).toEqual([{ actor: 'operator', origin: 'ui' }]);
  });

  it('is told by itself, and ended by its user', async () => {
    const own = await login('user');
    expect((await ask('/session', own)).json()).toMatchObject({ id: own.id, user: 'user', csrf: own.csrf });
    expect((await ask('/session', own, { method: 'DELETE', headers: { 'x-regent-csrf': '' } })).statusCode).toBe(403);
    const ended = await ask('/session', own, { method: 'DELETE' });
    expect(ended.statusCode).toBe(200);
    expect(ended.headers['set-cookie']).toContain('Max-Age=0');
    expect((await ask('/session', own)).statusCode).toBe(401);
    expect((await ask('/me', own)).statusCode).toBe(401);
  });

  it('is listed, and ended from elsewhere', async () => {
    const [mine, theirs] = [await login('operator'), await login('user')];
    const list = async (who: Login) => ((await ask('/sessions', who)).json() as { items: object[] }).items;
    expect(await list(mine)).toMatchObject([{ id: mine.id, user: 'operator', isCurrent: true, apiKey: null }]);
    expect((await ask(`/sessions/${theirs.id}`, mine, { method: 'DELETE' })).statusCode).toBe(404);
    const all = await site.call('GET', '/sessions');
    expect(all.body['items']).toHaveLength(2);
    expect((await site.call('DELETE', `/sessions/${theirs.id}`)).status).toBe(200);
    await until('it has ended', async () => (await ask('/me', theirs)).statusCode === 401);
    expect((await ask('/me', mine)).statusCode).toBe(200);
  });

  it('ends after 12 hours of silence and after 7 days, one of a screen on the wall does not', async () => {
    const [idle, old, wall] = [await login('user'), await login('user'), await login('admin', { isWall: true })];
    await admin(`update sessions set seen_at = now() - interval '13 hours' where id in ('${idle.id}', '${wall.id}')`);
    await admin(`update sessions set expires_at = now() - interval '1 second' where id = '${old.id}'`);
    for (const ended of [idle, old])
      expect((await ask('/me', ended, { region: other })).statusCode, ended.id).toBe(401);
    expect((await ask('/me', wall, { region: other })).statusCode).toBe(200);
    const refused = await ask('/domains', wall, domain('wall.test'));
    expect(refused.statusCode).toBe(403);
    expect(refused.body).toContain('is read-only');
    await until('its use is noted', async () => {
      const [row] = await admin(
        `select seen_at > now() - interval '1 minute' as fresh from sessions where id = '${wall.id}'`,
      );
      return row?.['fresh'] === true;
    });
  });

  it('goes on from memory for the cluster and the doctor while the database is away', { timeout: 60_000 }, async () => {
    const own = await login('user');
    expect((await ask('/cluster', own)).statusCode).toBe(200);
    await pg.get().server.halt();
    try {
      await until('it is away', async () => !(await site.region.health()).isUp);
      for (const path of ['/session', '/cluster', '/cluster/doctor']) {
        const answer = await ask(path, own);
        expect([path, answer.statusCode]).toEqual([path, 200]);
      }
      const stranger = { cookie: `__Host-regent=${'a'.repeat(64)}`, csrf: '' };
      expect((await ask('/cluster', stranger)).statusCode).toBe(503);
    } finally {
      await pg.get().server.start();
    }
  });

  it('of two cookies is none, and a bearer key goes before it', async () => {
    const own = await login('user');
    const twice = { ...own, cookie: `${own.cookie}; __Host-regent=${'a'.repeat(64)}` };
    expect((await ask('/me', twice)).statusCode).toBe(401);
    const both = await ask('/me', own, { headers: { authorization: `Bearer ${site.keys.auditor}` } });
    expect(both.json()).toEqual({ user: 'auditor', role: 'auditor', email: '' });
  });
});

describe('a password', () => {
  it.each([
    ['short', 'seven77'],
    ['long', 'x'.repeat(257)],
    ['a control character', 'line\nline line'],
    ['the name', 'operator'],
  ])('is refused: %s', async (_, password) => {
    const answer = await site.call('PUT', '/users/operator/password', { body: { password } });
    expect(answer).toMatchObject({ status: 422, body: { fields: [{ field: 'password' }] } });
    expect(answer.raw).not.toContain(password);
  });

  it('is the own one, and the one before is needed', async () => {
    const set = (user: string, body: object) => site.call('PUT', `/users/${user}/password`, { role: 'user', body });
    expect((await set('operator', { password: PASSWORD })).status).toBe(403);
    expect(await set('user', { password: PASSWORD })).toMatchObject({
      status: 422,
      body: { fields: [{ field: 'current' }] },
    });
    expect((await set('user', { password: PASSWORD, current: 'wrong horse' })).status).toBe(422);
    const before = await login('user');
    expect((await set('user', { password: PASSWORD, current: PASSWORD })).status).toBe(200);
    await until('its sessions have ended', async () => (await ask('/me', before)).statusCode === 401);
    expect(
      (await site.call('POST', '/users', { body: { name: 'fresh', role: 'user', password: PASSWORD } })).body,
    ).toMatchObject({ hasPassword: true });
    await login('fresh');
    await site.call('PUT', '/users/fresh/password', { body: { password: null } });
    expect((await post({ user: 'fresh', password: PASSWORD })).statusCode).toBe(401);
  });
});

it('an API key tells when it was used', async () => {
  const mine = async () => {
    const keys = (await site.call('GET', '/api-keys?user=auditor')).body['items'] as { usedAt: string | null }[];
    return keys[0]?.usedAt ?? null;
  };
  await site.call('GET', '/me', { role: 'auditor' });
  await until('it is noted', async () => (await mine()) !== null);
});

it('the certificate of the authority is there for everybody, without a key', async () => {
  const ca = { ...NO_AUTHORITY, certificate: async () => ({ pem: 'PEM of the authority', fingerprint: 'ab' }) };
  const trusted = await startTestRegion(pg.get(), { ca, connection: site.connection, keys: site.keys });
  const json = await trusted.api.inject({ url: '/api/v1/authority' });
  const file = await trusted.api.inject({ url: '/ui/ca.crt' });
  await trusted.close();
  expect(json.json()).toEqual({ certificate: 'PEM of the authority', fingerprint: 'ab' });
  expect([file.statusCode, file.headers['content-type'], file.body]).toEqual([
    200,
    'application/x-x509-ca-cert',
    'PEM of the authority',
  ]);
  expect((await site.api.inject({ url: '/ui/ca.crt' })).statusCode).toBe(503);
});
