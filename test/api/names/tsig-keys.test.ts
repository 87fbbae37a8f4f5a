import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** Keys of transfers: their secrets are seen once, and who may copy a domain is the operator's word alone. */

const GIVEN = 'Z2l2ZW4gYnkgdGhlIG9wZXJhdG9yLCBhIHRlc3QgdmFsdWU=';
const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await say('PATCH', '/nodes/r1', { addresses: ['192.0.2.1'] });
  await say('POST', '/domains', { name: 'example.test' });
});
afterAll(() => site.close());

const say = (method: Method, path: string, body?: unknown, headers = {}) =>
  site.call(method, path, body === undefined ? { headers } : { body, headers });
const lastChange = async () =>
  ((await say('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id ?? 0;
const undo = async () => (await say('POST', `/config/history/${await lastChange()}/rollback`)).status;
/** The secret that nodes get now. */
async function inForce(name: string): Promise<string | undefined> {
  const snapshot = value(await site.db.read(readSnapshot));
  return snapshot.tsigKeys?.find((key) => key.name === name)?.secret;
}

describe('a secret', () => {
  it('is made by the region, or taken, and is in the first answer alone', async () => {
    const made = await say('POST', '/tsig-keys', { name: 'made' });
    const secret = String(made.body['secret']);
    expect(Buffer.from(secret, 'base64')).toHaveLength(64);
    expect(await inForce('made')).toBe(secret);
    const given = await say('POST', '/tsig-keys', { name: 'given', algorithm: 'hmac-sha512', secret: GIVEN });
    expect(given.body).toMatchObject({ name: 'given', algorithm: 'hmac-sha512', secret: GIVEN, domains: 0 });
    expect(await inForce('given')).toBe(GIVEN);
    for (const path of ['/tsig-keys', '/tsig-keys/given', '/tsig-keys/made', '/events?limit=1000', '/config/history']) {
      const { raw } = await say('GET', path);
      expect(raw, path).not.toContain(GIVEN);
      expect(raw, path).not.toContain(secret);
    }
    const items = (await say('GET', '/tsig-keys')).body['items'] as { secret: string }[];
    expect(items.map((item) => item.secret)).toEqual(['***', '***']);
  });

  it('is a new one when it is asked for, and the one of before when that is taken back', async () => {
    const next = await say('PATCH', '/tsig-keys/given', { secret: 'new' });
    expect(next.status).toBe(200);
    expect(next.body['secret']).not.toBe('***');
    expect(await inForce('given')).toBe(next.body['secret']);
    expect(await undo()).toBe(201);
    expect(await inForce('given')).toBe(GIVEN);
    const [a, b] = await Promise.all([1, 2].map(() => say('PATCH', '/tsig-keys/given', { secret: 'new' })));
    expect([a?.status, b?.status]).toEqual([200, 200]);
    expect([a?.body['secret'], b?.body['secret']]).toContain(await inForce('given'));
    await say('PATCH', '/tsig-keys/given', { secret: GIVEN });
  });

  it('comes back with its key', async () => {
    await say('DELETE', '/tsig-keys/given');
    expect(await inForce('given')).toBeUndefined();
    expect(await undo()).toBe(201);
    expect(await inForce('given')).toBe(GIVEN);
  });

  it('is refused without being repeated', async () => {
    const bad = ['short', 'bm90IGxvbmc=', `${GIVEN}!`, GIVEN.slice(0, -1), 'A'.repeat(92), '"; };'];
    for (const secret of bad) {
      const answer = await say('POST', '/tsig-keys', { name: 'bad', secret });
      expect({ secret, status: answer.status }).toEqual({ secret, status: 422 });
      expect(answer.body.detail).toMatch(/secret/);
      expect(answer.raw).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
  });

  it('is in no row that is kept of a change, a call or an event', async () => {
    const secret = String((await say('PATCH', '/tsig-keys/made', { secret: 'new' })).body['secret']);
    const tables = value(
      await site.db.read((tx) =>
        tx.all(
          sql<{
            name: string;
          }>`select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
        ),
      ),
    );
    const holding: string[] = [];
    for (const { name } of tables) {
      const rows = value(
        await site.db.read((tx) =>
          tx.all(
            sql`select 1 from ${sql.table(name)} t where position(${secret} in t::text) > 0 or position(${GIVEN} in t::text) > 0`,
          ),
        ),
      );
      if (rows.length > 0) holding.push(name);
    }
    expect(holding).toEqual(['tsig_secrets']);
  });
});

describe('a key', () => {
  it.each([
    [{ name: 'Upper' }, 'name'],
    [{ name: 'a.b' }, 'name'],
    [{ name: 'none' }, 'name'],
    [{ name: 'regent-racks' }, 'name'],
    [{ name: 'rndc-key' }, 'name'],
    [{ name: '-a' }, 'name'],
    [{ name: 'x', algorithm: 'hmac-md5' }, 'algorithm'],
    [{ name: 'x', algorithm: 'HMAC-SHA256' }, 'algorithm'],
  ])('%j is refused', async (body, field) => {
    const answer = await say('POST', '/tsig-keys', body);
    expect(answer.status).toBe(422);
    expect(answer.body.fields?.[0]?.field).toBe(field);
  });

  it('of a domain is not deleted, whoever comes first', async () => {
    await say('PATCH', '/domains/example.test', { transferKey: 'made' });
    expect((await say('DELETE', '/tsig-keys/made')).body).toMatchObject({
      code: 'in_use',
      detail:
        'made signs the transfers of the domains example.test. Give them another key first: domain set --transfer-key.',
    });
    expect((await say('GET', '/tsig-keys/made')).body['domains']).toBe(1);
    await say('PATCH', '/domains/example.test', { transferKey: null });
    for (let round = 0; round < 5; round += 1) {
      await say('POST', '/tsig-keys', { name: 'race' });
      const [gone, set] = await Promise.all([
        say('DELETE', '/tsig-keys/race'),
        say('PATCH', '/domains/example.test', { transferKey: 'race' }),
      ]);
      const isOn = set.status === 200;
      expect(gone.status).toBe(isOn ? 409 : 200);
      expect(isOn || set.body.detail?.startsWith('There is no '), set.raw).toBe(true);
      await say('PATCH', '/domains/example.test', { transferKey: null });
      await say('DELETE', '/tsig-keys/race');
    }
  });
});

describe('who may copy a domain', () => {
  it('is set, shown, taken back and unset', async () => {
    const transferTo = ['192.0.2.5', '2001:DB8::5', '192.0.2.5'];
    const set = await say('PATCH', '/domains/example.test', { transferTo, transferKey: 'given' });
    const wanted = { transferTo: ['192.0.2.5', '2001:db8::5'], transferKey: 'given' };
    expect(set).toMatchObject({ status: 200, body: wanted });
    expect((await say('GET', '/domains/example.test')).body).toMatchObject(wanted);
    expect((await say('PATCH', '/domains/example.test', { ttl: 60 })).body).toMatchObject(wanted);
    expect((await say('PATCH', '/domains/example.test', { transferTo: [] })).body['transferTo']).toEqual([]);
    expect(await undo()).toBe(201);
    expect((await say('GET', '/domains/example.test')).body).toMatchObject(wanted);
    expect(await say('POST', '/domains', { name: 'other.test', ...wanted })).toMatchObject({
      status: 201,
      body: wanted,
    });
    const snapshot = value(await site.db.read(readSnapshot));
    expect(snapshot.domains.find((domain) => domain.name === 'other.test')).toMatchObject(wanted);
  });

  it.each([
    [{ transferTo: ['ns.example.test'] }, 422, 'transferTo'],
    [{ transferTo: ['127.0.0.1'] }, 422, 'transferTo'],
    [{ transferTo: ['192.0.2.0/24'] }, 422, 'transferTo'],
    [{ transferTo: Array.from({ length: 9 }, (_, n) => `192.0.2.${n + 1}`) }, 422, 'transferTo'],
    [{ transferKey: 'nobody' }, 404, undefined],
    [{ transferKey: '' }, 422, 'transferKey'],
  ])('%j is refused', async (body, status, field) => {
    const before = (await say('GET', '/domains/example.test')).raw;
    const answer = await say('PATCH', '/domains/example.test', body);
    expect(answer.status).toBe(status);
    expect(answer.body.fields?.[0]?.field?.split('/')[0]).toBe(field);
    expect((await say('GET', '/domains/example.test')).raw).toBe(before);
  });

  it('is previewed with the real files, and no secret in them', async () => {
    const dry = await say('PATCH', '/domains/example.test?dry_run=true', { transferTo: ['192.0.2.9'] });
    expect(dry.raw).toContain('192.0.2.9');
    await say('PATCH', '/domains/other.test', { transferTo: [], transferKey: null });
    await say('PATCH', '/domains/example.test', { transferTo: [], transferKey: null });
    const first = await say('PATCH', '/domains/example.test?dry_run=true', { transferKey: 'given' });
    expect(first.raw).toContain('keys.conf');
    expect(first.raw).toContain('masked');
    expect(first.raw).not.toContain(GIVEN);
    await say('PATCH', '/domains/example.test', { transferKey: 'given' });
    const next = await say('PATCH', '/tsig-keys/given?dry_run=true', { secret: 'new' });
    expect(next.body['object']).toMatchObject({ secret: '***' });
    expect(next.raw).toMatch(/-\\tsecret \\"masked\d+\\";\\n\+\\tsecret \\"masked\d+\\";/);
    expect(next.raw).not.toContain(GIVEN);
  });
});
