import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { ok } from '../../kit/maas-site.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** Domains that others answer for, by API v1 and by tools for MAAS. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
  await say('POST', '/domains', { name: 'example.test' });
});
afterAll(() => site.close());

async function say(method: Method, path: string, body?: object) {
  const answer = await site.call(method, path, body === undefined ? {} : { body });
  return {
    ...answer,
    body: JSON.parse(answer.raw) as Record<string, unknown> & { detail?: string; fields?: { field: string }[] },
  };
}

describe('API v1', () => {
  it('makes, changes and takes back who answers', async () => {
    const servers = ['192.0.2.53:53', '192.0.2.54:5353', '[2001:DB8::53]:5353', '192.0.2.53'];
    const made = await say('POST', '/domains', { name: 'corp.test', authoritative: false, forwardTo: servers });
    const forwardTo = ['192.0.2.53', '192.0.2.54:5353', '[2001:db8::53]:5353'];
    expect(made).toMatchObject({ status: 201, body: { authoritative: false, forwardTo } });
    expect((await say('PATCH', '/domains/corp.test', { ttl: 60 })).body).toMatchObject({
      authoritative: false,
      forwardTo,
    });
    const shown = value(await site.db.read(readSnapshot)).domains.find(({ name }) => name === 'corp.test');
    expect(shown).toMatchObject({ authoritative: false, forwardTo });
    const plain = value(await site.db.read(readSnapshot)).domains.find(({ name }) => name === 'example.test');
    expect(plain).not.toHaveProperty('authoritative');
    const dry = await say('PATCH', '/domains/corp.test?dry_run=true', { forwardTo: ['192.0.2.99:5300'] });
    expect(dry.raw).toContain('192.0.2.99 port 5300;');
    expect((await say('PATCH', '/domains/corp.test', { authoritative: true, forwardTo: [] })).body).toMatchObject({
      authoritative: true,
      forwardTo: [],
    });
    const [last] = (await say('GET', '/config/history?limit=1&sort=-id')).body['items'] as { id: number }[];
    expect((await say('POST', `/config/history/${last?.id}/rollback`)).status).toBe(201);
    expect((await say('GET', '/domains/corp.test')).body).toMatchObject({ authoritative: false, forwardTo });
  });

  it.each([
    ['example.test', { forwardTo: ['192.0.2.53'] }, 'forwardTo', 'this site answers for the domain'],
    ['corp.test', { authoritative: true }, 'authoritative', 'only with authoritative off'],
    ['corp.test', { forwardTo: ['ns.corp.test'] }, 'forwardTo', 'ADDRESS:PORT'],
    ['corp.test', { forwardTo: ['192.0.2.53:99999'] }, 'forwardTo', '1 to 65535'],
    ['corp.test', { forwardTo: ['127.0.0.1'] }, 'forwardTo', 'loopback'],
    ['regent.internal', { authoritative: false }, 'authoritative', 'default domain'],
  ])('%s %j is refused', async (name, body, field, words) => {
    const before = (await say('GET', `/domains/${name}`)).raw;
    const answer = await say('PATCH', `/domains/${name}`, body);
    expect([answer.status, answer.body.fields?.[0]?.field.split('/')[0]]).toEqual([422, field]);
    expect(answer.body.detail).toContain(words);
    expect((await say('GET', `/domains/${name}`)).raw).toBe(before);
  });

  it('names no node of the site as its server, and is not the default domain', async () => {
    const { items } = (await say('GET', '/nodes')).body as { items: { name: string; addresses: string[] }[] };
    const own = items.find(({ addresses }) => addresses.length > 0);
    const circle = await say('PATCH', '/domains/corp.test', { forwardTo: [`${own?.addresses[0]}:5353`] });
    expect(circle).toMatchObject({ status: 422 });
    expect(circle.body.detail).toContain(`the cluster's own node ${own?.name}`);
    const usual = await say('PUT', '/settings/default_domain', { value: 'corp.test' });
    expect(usual).toMatchObject({ status: 422 });
    expect(usual.body.detail).toContain('others answer for corp.test');
  });
});

describe('tools for MAAS', () => {
  it('say it in MAAS’s words, with blanks or commas, and read whether this site answers', async () => {
    const values = { name: 'maas.test', authoritative: 'false', forward_dns_servers: '192.0.2.53 192.0.2.54:5353' };
    const made = ok(await maas.post('domains/', null, values));
    expect(Object.keys(made).toSorted()).toEqual(
      ['authoritative', 'id', 'is_default', 'name', 'resource_record_count', 'resource_uri', 'ttl'].toSorted(),
    );
    expect(made.authoritative).toBe(false);
    const kept = async () => (await say('GET', '/domains/maas.test')).body['forwardTo'];
    expect(await kept()).toEqual(['192.0.2.53', '192.0.2.54:5353']);
    ok(await maas.put(made.resource_uri, { ttl: '60' }));
    expect(await kept()).toEqual(['192.0.2.53', '192.0.2.54:5353']);
    ok(await maas.put(made.resource_uri, { forward_dns_servers: '192.0.2.55,192.0.2.56' }));
    expect(await kept()).toEqual(['192.0.2.55', '192.0.2.56']);
    const back = ok(await maas.put(made.resource_uri, { authoritative: 'true', forward_dns_servers: '' }));
    expect([back.authoritative, await kept()]).toEqual([true, []]);
  });

  it.each([
    [{ name: 'r1.test', forward_dns_servers: '192.0.2.53' }, 'forward_dns_servers'],
    [{ name: 'r2.test', authoritative: 'true', forward_dns_servers: '192.0.2.53' }, 'forward_dns_servers'],
    [{ name: 'r3.test', authoritative: 'false', forward_dns_servers: 'ns.test' }, 'forward_dns_servers'],
    [{ name: 'r4.test', authoritative: 'perhaps' }, 'authoritative'],
  ])('%j is refused by its name', async (values, field) => {
    const refused = await maas.post('domains/', null, values);
    expect([refused.status, Object.keys(refused.body as object)]).toEqual([400, [field]]);
  });
});
