import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/model/site/settings.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

describe('domains and records', () => {
  it('makes, shows, changes and deletes a domain by id and by name', async () => {
    const made = await site.call('POST', '/domains', { body: { name: 'Example.TEST.', ttl: 60 } });
    expect(made).toMatchObject({ status: 201, body: { name: 'example.test', ttl: 60, isDefault: false } });
    expect(made.headers['etag']).toBe('"1"');
    expect((await site.call('GET', `/domains/${made.body.id}`)).body).toEqual(made.body);
    const set = await site.call('PATCH', '/domains/example.test', { body: { ttl: null } });
    expect(set).toMatchObject({ status: 200, body: { ttl: null } });
    expect(set.headers['etag']).toBe('"2"');
    const gone = await site.call('DELETE', '/domains/example.test');
    expect(gone).toMatchObject({ status: 200, body: { name: 'example.test' } });
    expect((await site.call('GET', '/domains/example.test')).body).toMatchObject({
      code: 'not_found',
      detail: 'There is no domain "example.test". There is regent.internal.',
    });
  });

  it('puts a record into the longest domain and names it by FQDN, type and data', async () => {
    await site.call('POST', '/domains', { body: { name: 'a.test' } });
    await site.call('POST', '/domains', { body: { name: 'b.a.test' } });
    const record = (fqdn: string, data: string) => ({ body: { fqdn, type: 'a', data } });
    const made = await site.call('POST', '/records', record('www.b.a.test.', '192.0.2.1'));
    expect(made.body).toMatchObject({ domain: 'b.a.test', name: 'www', type: 'A', fqdn: 'www.b.a.test', ttl: null });
    await site.call('POST', '/records', record('www.b.a.test', '192.0.2.2'));
    expect((await site.call('GET', '/records/www.b.a.test,A')).body.detail).toContain('Name one by its id');
    const path = '/records/www.b.a.test,A,192.0.2.2';
    expect((await site.call('PATCH', path, { body: { ttl: 5 } })).body).toMatchObject({ ttl: 5 });
    expect((await site.call('DELETE', path)).status).toBe(200);
    expect((await site.call('GET', '/records/www.b.a.test,A')).body).toEqual(made.body);
    const refused = await site.call('DELETE', '/domains/b.a.test');
    expect(refused.body).toMatchObject({ code: 'in_use' });
    expect((await site.call('DELETE', '/domains/b.a.test?cascade=true')).status).toBe(200);
    expect((await site.call('GET', '/records?domain=a.test')).body['items']).toEqual([]);
  });

  it('refuses a domain that would cover names of the one above', async () => {
    await site.call('POST', '/domains', { body: { name: 'up.test' } });
    await site.call('POST', '/records', { body: { fqdn: 'x.sub.up.test', type: 'TXT', data: 'v' } });
    const refused = await site.call('POST', '/domains', { body: { name: 'sub.up.test' } });
    expect(refused.body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('the record x.sub.up.test TXT'),
    });
  });

  it('keeps the default domain', async () => {
    expect((await site.call('DELETE', '/domains/regent.internal')).body.code).toBe('in_use');
    expect((await site.call('PATCH', '/domains/regent.internal', { body: { name: 'q.test' } })).body.code).toBe(
      'in_use',
    );
    const set = await site.call('PUT', '/settings/default_domain', { body: { value: 'nowhere.test' } });
    expect(set.body).toMatchObject({
      code: 'invalid_value',
      detail: expect.stringContaining('no domain nowhere.test'),
    });
  });
});

describe('subnets and machines', () => {
  it('gives addresses by itself, and keeps them when the same is asked for again', async () => {
    const subnet = await site.call('POST', '/subnets', { body: { cidr: '10.10.10.0/24', name: 'vlan10' } });
    expect(subnet).toMatchObject({ status: 201, body: { vlan: 'untagged', dnsOn: true, used: 0 } });
    const interfaces = [{ mac: '52-54-00-00-00-01', addresses: [{ address: 'auto', subnet: 'vlan10' }] }];
    const made = await site.call('POST', '/machines', { body: { hostname: 'Web1', interfaces } });
    expect(made).toMatchObject({
      status: 201,
      body: {
        fqdn: 'web1.regent.internal',
        interfaces: [
          { name: 'eth0', mac: '52:54:00:00:00:01', addresses: [{ address: '10.10.10.1', subnet: '10.10.10.0/24' }] },
        ],
      },
    });
    const again = await site.call('PATCH', '/machines/web1', { body: { interfaces } });
    expect(again.body).toEqual(made.body);
    const second = await site.call('POST', '/machines', {
      body: {
        hostname: 'web2',
        interfaces: [
          { mac: '52:54:00:00:00:02', vlan: '0', addresses: [{ address: 'auto' }, { address: '10.10.10.77' }] },
        ],
      },
    });
    expect(JSON.stringify(second.body)).toContain('10.10.10.2');
    expect((await site.call('GET', '/subnets/10.10.10.0%2F24')).body).toMatchObject({ used: 3 });
    expect((await site.call('DELETE', '/subnets/vlan10')).body).toMatchObject({ code: 'in_use' });
    expect((await site.call('GET', '/machines?address=10.10.10.77')).body['items']).toHaveLength(1);
    expect((await site.call('GET', '/machines?mac=525400000002')).status).toBe(422);
    expect((await site.call('DELETE', '/machines/web2.regent.internal')).status).toBe(200);
  });

  it('moves a machine between domains and says which of several is meant', async () => {
    await site.call('POST', '/domains', { body: { name: 'm.test' } });
    await site.call('POST', '/machines', { body: { hostname: 'twin', domain: 'm.test' } });
    await site.call('POST', '/machines', { body: { hostname: 'twin' } });
    expect((await site.call('GET', '/machines/twin')).body).toMatchObject({ code: 'conflict' });
    const clash = await site.call('PATCH', '/machines/twin.m.test', { body: { domain: 'regent.internal' } });
    expect(clash.body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('twin.regent.internal') });
    expect((await site.call('PATCH', '/machines/twin.m.test', { body: { hostname: 'solo' } })).body).toMatchObject({
      fqdn: 'solo.m.test',
    });
    expect((await site.call('DELETE', '/domains/m.test?cascade=true')).body.code).toBe('in_use');
  });
});

describe('settings, nodes, services, users', () => {
  it('sets and lists settings', async () => {
    const set = await site.call('PUT', '/settings/upstream_dns', { body: { value: ['9.9.9.9', '9.9.9.9'] } });
    expect(set.body).toMatchObject({ value: ['9.9.9.9'], default: [], isDefault: false });
    const bad = await site.call('PUT', '/settings/default_ttl', { body: { value: 0 } });
    expect(bad.body).toMatchObject({ code: 'invalid_value' });
    const put = (name: string, value: unknown) => site.call('PUT', `/settings/${name}`, { body: { value } });
    expect((await put('enable_http_proxy', false)).body).toMatchObject({ value: false, default: true });
    expect((await put('enable_http_proxy', 'no')).body.detail).toContain('Rule: true or false.');
    expect((await put('maas_proxy_port', 3128)).body).toMatchObject({ value: 3128, default: 8000 });
    expect((await put('maas_proxy_port', 5240)).body.detail).toContain('5240 is taken');
    expect((await put('http_proxy', 'http://Proxy.test')).body).toMatchObject({ value: 'http://proxy.test:80' });
    const secret = await put('http_proxy', 'http://joe:hunter2@proxy.test');
    expect(secret.body.detail).toContain('http_proxy: it holds a user name or a password.');
    expect(secret.raw).not.toContain('hunter2');
    for (const own of ['http://10.77.0.11:3128', 'http://r1.regent.internal']) {
      expect((await put('http_proxy', own)).body.detail).toContain(
        "is the cluster's own node r1. Rule: a host that is not a region",
      );
    }
    expect((await put('upstream_dns', ['9.9.9.9', '10.77.0.11'])).body.detail).toContain(
      "10.77.0.11 is the cluster's own node r1",
    );
    expect((await site.call('GET', '/settings')).body['items']).toHaveLength(Object.keys(DEFAULT_SETTINGS).length);
    expect((await site.call('GET', '/settings/nope')).body.detail).toContain('default_domain');
  });

  it('shows nodes and services that never reported as pending, and takes a restart', async () => {
    expect((await site.call('GET', '/nodes/r1')).body).toMatchObject({ name: 'r1', agent: null, isCurrent: false });
    expect((await site.call('GET', '/services/r1/dns')).body).toMatchObject({ state: 'pending' });
    expect((await site.call('POST', '/services/r1/dns/restart')).body).toMatchObject({ restart: { isDone: false } });
    expect((await site.call('POST', '/services/r1/nope/restart')).body.code).toBe('not_found');
    expect((await site.call('GET', '/status')).body).toMatchObject({ state: 'degraded', database: { state: 'ok' } });
    expect((await site.call('GET', '/config/diff')).status).toBe(200);
  });

  it('makes users and keys, shows a secret once, revokes it at once', async () => {
    await site.call('POST', '/users', { body: { name: 'eve', role: 'user' } });
    const headers = { 'idempotency-key': 'key-for-eve' };
    const made = await site.call('POST', '/api-keys', { body: { label: 'laptop', user: 'eve' }, headers });
    const key = made.body.key ?? '';
    expect(key.split(':')).toHaveLength(3);
    const replay = await site.call('POST', '/api-keys', { body: { label: 'laptop', user: 'eve' }, headers });
    expect(replay.body).toEqual({ ...made.body, key: null });
    const as = (path: string, method: 'GET' | 'DELETE' = 'GET') =>
      site.api.inject({ method, url: `/api/v1${path}`, headers: { authorization: `Bearer ${key}` } });
    expect((await as('/me')).json()).toEqual({ user: 'eve', role: 'user', email: '' });
    expect((await as('/users')).statusCode).toBe(403);
    expect((await site.call('GET', '/api-keys?user=eve')).raw).not.toContain(key.split(':')[2]);
    expect((await as(`/api-keys/${made.body.token}`, 'DELETE')).statusCode).toBe(200);
    expect((await site.call('DELETE', '/users/eve')).status).toBe(200);
    expect((await site.call('PATCH', '/users/admin', { body: { role: 'user' } })).body.code).toBe('in_use');
  });
});
