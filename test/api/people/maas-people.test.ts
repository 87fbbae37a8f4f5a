import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MaasClient, maasClient } from '../../kit/maas.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Users and keys as tools for MAAS handle them: made with a password, which gives a key. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
});
afterAll(() => site.close());

const USER = { username: 'ada', email: 'ada@example.test', password: 'analytical engine', is_superuser: 'true' };
const authenticate = (values: Record<string, string>, path = '/MAAS/accounts/authenticate/') =>
  maas.call('POST', path, values, { role: null });

describe('a user', () => {
  it('is made with a password and an address, shown, and deleted', async () => {
    const made = await maas.post('users/', null, USER);
    expect([made.status, made.body]).toEqual([
      200,
      {
        is_superuser: true,
        username: 'ada',
        email: 'ada@example.test',
        is_local: true,
        resource_uri: '/MAAS/api/2.0/users/ada/',
      },
    ]);
    expect((await maas.get('users/ada/')).body).toEqual(made.body);
    expect((await maas.post('users/', null, USER)).status).toBe(400);
    const named = await maas.post('users/', null, { ...USER, username: 'bob', password: 'bob' });
    expect([named.status, Object.keys(named.body)]).toEqual([400, ['password']]);
    expect((await maas.post('users/', null, { ...USER, username: 'bob' }, { role: 'operator' })).status).toBe(403);
    await maas.post('users/', null, { ...USER, username: 'bob', is_superuser: 'false' });
    const heir = (name: string) => ({ query: { transfer_resources_to: name } });
    expect((await maas.remove('users/bob/', heir('nosuch'))).status).toBe(404);
    expect((await maas.remove('users/bob/', heir('admin'))).status).toBe(204);
    expect((await maas.get('users/bob/')).status).toBe(404);
  });
});

describe('a name and a password', () => {
  it('give a key, as python-libmaas asks for one', async () => {
    const { status, body } = await authenticate({ username: 'ada', password: USER.password, consumer: 'laptop' });
    expect([status, body]).toEqual([
      200,
      {
        consumer_key: expect.any(String),
        token_key: expect.any(String),
        token_secret: expect.any(String),
        name: 'laptop',
      },
    ]);
    const key = [body.consumer_key, body.token_key, body.token_secret].join(':');
    const whoami = await maas.get(
      'users/',
      { op: 'whoami' },
      { role: null, headers: { authorization: `Bearer ${key}` } },
    );
    expect(whoami.body.username).toBe('ada');
    const doubled = await authenticate({ username: 'ada', password: USER.password }, '/MAAS//accounts/authenticate/');
    expect([doubled.status, doubled.body.name]).toEqual([200, 'MAAS login']);
  });

  it.each([
    [{ username: 'ada', password: 'wrong engine' }, 403],
    [{ username: 'nobody', password: USER.password }, 403],
    [{ username: '', password: '' }, 403],
  ])('that do not fit give none: %o', async (values, status) => {
    const answer = await authenticate(values);
    expect([answer.status, answer.type]).toEqual([status, 'text/plain; charset=utf-8']);
  });
});

it('a key is renamed by its whole text or its public part', async () => {
  const { body } = await maas.post('account/', 'create_authorisation_token', { name: 'first' });
  const rename = (token: string, name: string) => maas.post('account/', 'update_token_name', { token, name });
  const names = async () =>
    (await maas.get('account/', { op: 'list_authorisation_tokens' })).body.map(({ name }: { name: string }) => name);
  expect((await rename(body.token_key, 'second')).status).toBe(202);
  expect(await names()).toContain('second');
  expect((await rename(`${body.consumer_key}:${body.token_key}:${body.token_secret}`, 'third')).status).toBe(202);
  expect(await names()).toContain('third');
  expect((await rename('nothing', 'fourth')).status).toBe(404);
});
