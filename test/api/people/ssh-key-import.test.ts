import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { invalid, type Rejected } from '../../../src/core/errors.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Keys of people that are kept elsewhere, by API v1 and by MAAS's; who keeps them is played. */

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILQ+OqcnvRyfz8Fxz81OskkE7ws6PtJvzD927o1bKB9s';
const P256 =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHyGJb8NA995g88j/4Ijo9ZYUpTBtc+88Iuu17p8IHbFhh7Qv93bqTE/FnDS74cSPStGUNtSGWlCmQ8HqZtC22Y=';

const pg = usePostgres();
let site: TestRegion;
let answer: string | Rejected = '';
const asked: unknown[] = [];
beforeAll(async () => {
  site = await startTestRegion(pg.get(), {
    readKeys: async (source, proxy) => {
      asked.push([source, proxy]);
      return answer;
    },
  });
});
afterAll(() => site.close());
beforeEach(async () => {
  asked.length = 0;
  answer = `${ED25519}\n${P256}\n`;
  await pg.get().admin('delete from ssh_keys', site.connection.database);
});

const take = (body: object, role: 'admin' | 'operator' | 'user' | 'auditor' = 'user') =>
  site.call('POST', '/ssh-keys/import', { role, body });

async function maas(keysource: string) {
  const response = await site.api.inject({
    method: 'POST',
    url: '/MAAS/api/2.0/account/prefs/sshkeys/?op=import',
    headers: {
      authorization: `Bearer ${site.keys.user}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    payload: new URLSearchParams({ keysource }).toString(),
  });
  return { status: response.statusCode, body: JSON.parse(response.body) as unknown };
}

it('imports them with their source; again: what is new', async () => {
  answer = `${ED25519}\n`;
  expect((await take({ source: 'gh:ada' })).body).toMatchObject({
    source: 'gh:ada',
    added: 1,
    refused: [],
    items: [{ key: ED25519, source: 'gh:ada', user: 'user' }],
  });
  answer = `${ED25519}\n${P256}\nssh-dss AAAA\n`;
  const again = await take({ source: 'gh:ada' });
  expect(again.body).toMatchObject({ added: 1, refused: [expect.stringContaining('ssh-dss')] });
  expect((again.body['items'] as object[]).length).toBe(2);
  expect((await take({ source: 'gh:ada' })).body).toMatchObject({ added: 0 });
  expect(asked).toEqual(Array(3).fill([{ keeper: 'gh', name: 'ada' }, '']));
});

it('leaves a key alone that was given before', async () => {
  await site.call('POST', '/ssh-keys', { role: 'user', body: { key: `${ED25519} laptop` } });
  const { body } = await take({ source: 'lp:ada' });
  expect(body).toMatchObject({ added: 1, items: [{ comment: 'laptop' }, { source: 'lp:ada' }] });
  expect((body['items'] as object[])[0]).not.toHaveProperty('source');
});

it('asks through the proxy of the site', async () => {
  await site.call('PUT', '/settings/http_proxy', { body: { value: 'http://10.0.0.9:3128' } });
  await take({ source: 'gh:ada' });
  await site.call('PUT', '/settings/http_proxy', { body: { value: '' } });
  expect(asked).toEqual([[{ keeper: 'gh', name: 'ada' }, 'http://10.0.0.9:3128']]);
});

it('asks nobody for what is refused', async () => {
  expect((await take({ source: 'gh:../ada' })).status).toBe(422);
  expect((await take({ source: 'gh:ada', user: 'admin' })).status).toBe(403);
  expect((await take({ source: 'gh:ada', user: 'nobody' }, 'admin')).status).toBe(404);
  expect((await take({ source: 'gh:ada' }, 'auditor')).status).toBe(403);
  expect(asked).toEqual([]);
  expect((await take({ source: 'gh:ada', user: 'user' }, 'admin')).body).toMatchObject({
    items: [{ user: 'user' }, {}],
  });
});

it('keeps nothing where nothing came', async () => {
  answer = invalid('source', 'github.com knows nobody of the name ada', 'somebody who has keys there');
  expect((await take({ source: 'gh:ada' })).status).toBe(422);
  answer = '';
  expect((await take({ source: 'gh:ada' })).body.detail).toContain('no public keys');
  expect((await site.call('GET', '/ssh-keys', { role: 'user' })).body['items']).toEqual([]);
});

it('is refused as a whole where they are too many', async () => {
  await pg.get().admin(
    `insert into ssh_keys (user_name, type, data, bits) select 'user', 'ssh-ed25519', 'AAAAAAAAAAAAAAAAAA' || lpad(n::text, 2, '0'), 256
      from generate_series(1, 63) n`,
    site.connection.database,
  );
  expect(await take({ source: 'gh:ada' })).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('at most 64') },
  });
});

it('rehearses it', async () => {
  const { body } = await site.call('POST', '/ssh-keys/import?dry_run=true', {
    role: 'user',
    body: { source: 'gh:ada' },
  });
  expect(body).toMatchObject({ dryRun: true, object: { added: 2 } });
  expect((await site.call('GET', '/ssh-keys', { role: 'user' })).body['items']).toEqual([]);
});

it('is MAAS’s import', async () => {
  expect(await maas('lp:ada')).toMatchObject({
    status: 200,
    body: [
      { key: ED25519, keysource: 'lp:ada' },
      { key: P256, keysource: 'lp:ada' },
    ],
  });
  expect(await maas('ada')).toMatchObject({ status: 400, body: { keysource: [expect.stringContaining('lp:NAME')] } });
});
