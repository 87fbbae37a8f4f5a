import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOUNS } from '../../../src/contract/registry.ts';
import { isWrite, ROUTES, type RouteId, type RouteSpec } from '../../../src/contract/routes.ts';
import { ROLES } from '../../../src/contract/base/role.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What holds for every call. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const record = (fqdn: string, data = '192.0.2.1') => ({ fqdn, type: 'A', data });
const revision = async () => (await site.call('GET', '/status')).body['revision'];

describe('idempotency', () => {
  it('answers a replay with the first answer and does nothing twice', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await site.call('POST', '/records', { body: record('once.regent.internal'), headers });
    const before = await revision();
    const second = await site.call('POST', '/records', { body: record('once.regent.internal'), headers });
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers).toMatchObject({ etag: first.headers['etag'], 'idempotent-replayed': 'true' });
    expect(await revision()).toBe(before);
  });

  it('refuses the key for another request, and lets another user have it', async () => {
    const headers = { 'idempotency-key': 'shared' };
    await site.call('POST', '/records', { body: record('shared.regent.internal'), headers });
    const other = await site.call('POST', '/records', { body: record('other.regent.internal'), headers });
    expect(other).toMatchObject({ status: 422, body: { code: 'key_reused' } });
    const foreign = await site.call('POST', '/records', {
      body: record('other.regent.internal'),
      headers,
      role: 'operator',
    });
    expect(foreign.status).toBe(201);
    const bad = await site.call('POST', '/records', {
      body: record('x.regent.internal'),
      headers: { 'idempotency-key': 'a b' },
    });
    expect(bad).toMatchObject({ status: 422, body: { fields: [{ field: 'Idempotency-Key' }] } });
  });

  it('makes one record of eight requests at once', async () => {
    const headers = { 'idempotency-key': 'rush' };
    const send = () => site.call('POST', '/records', { body: record('rush.regent.internal'), headers });
    const answers = await Promise.all(Array.from({ length: 8 }, send));
    expect(new Set(answers.map((answer) => answer.raw)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
  });

  it('does not store a refusal: the same key works when the reason is gone', async () => {
    const headers = { 'idempotency-key': 'later' };
    const send = () => site.call('POST', '/records', { body: record('a.later.test'), headers });
    expect((await send()).status).toBe(422);
    await site.call('POST', '/domains', { body: { name: 'later.test' } });
    expect((await send()).status).toBe(201);
  });
});

describe('ETag', () => {
  it('refuses a change of what was changed meanwhile', async () => {
    const made = await site.call('POST', '/domains', { body: { name: 'etag.test' } });
    const etag = String(made.headers['etag']);
    const set = (ttl: number, tag: string) =>
      site.call('PATCH', '/domains/etag.test', { body: { ttl }, headers: { 'if-match': tag } });
    expect((await set(10, etag)).status).toBe(200);
    expect(await set(20, etag)).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect(await set(20, 'nonsense')).toMatchObject({ status: 412 });
    expect((await set(20, '*')).status).toBe(200);
    const shown = await site.call('GET', '/domains/etag.test');
    const same = await site.call('GET', '/domains/etag.test', {
      headers: { 'if-none-match': String(shown.headers['etag']) },
    });
    expect(same).toMatchObject({ status: 304, raw: '' });
    const gone = await site.call('DELETE', '/domains/etag.test', { headers: { 'if-match': etag } });
    expect(gone.status).toBe(412);
  });

  it('covers the parts of a machine', async () => {
    await site.call('POST', '/subnets', { body: { cidr: '10.20.0.0/24', name: 'etag net' } });
    const made = await site.call('POST', '/machines', { body: { hostname: 'parts' } });
    const interfaces = [{ mac: '52:54:00:00:20:01', addresses: [{ address: '10.20.0.9' }] }];
    const set = await site.call('PATCH', '/machines/parts', { body: { interfaces } });
    expect(set.headers['etag']).not.toBe(made.headers['etag']);
  });
});

describe('lists', () => {
  it('pages, sorts, filters and picks fields', async () => {
    await site.call('POST', '/domains', { body: { name: 'list.test' } });
    for (const n of [3, 1, 2, 5, 4]) await site.call('POST', '/records', { body: record(`n${n}.list.test`) });
    const names: string[] = [];
    let cursor = '';
    do {
      const page = await site.call(
        'GET',
        `/records?domain=list.test&sort=-fqdn&limit=2&fields=fqdn${cursor ? `&cursor=${cursor}` : ''}`,
      );
      const items = page.body['items'] as { fqdn: string }[];
      expect(items.every((item) => Object.keys(item).join() === 'fqdn')).toBe(true);
      names.push(...items.map((item) => item.fqdn));
      cursor = page.body.next ?? '';
    } while (cursor);
    expect(names).toEqual([5, 4, 3, 2, 1].map((n) => `n${n}.list.test`));
    const wrong = await site.call('GET', '/records?domain=list.test&fields=colour');
    expect(wrong.body.detail).toContain('some of id, fqdn');
    expect((await site.call('GET', '/services?sort=service&limit=1')).body).toMatchObject({ next: expect.any(String) });
    expect((await site.call('GET', '/settings?sort=colour')).status).toBe(422);
  });
});

describe('a dry run', () => {
  it('shows the real files and leaves nothing', async () => {
    const before = await revision();
    const events = (await site.call('GET', '/events?limit=1000')).body['items'];
    const headers = { 'idempotency-key': 'dry' };
    const preview = await site.call('POST', '/records?dry_run=true', { body: record('dry.regent.internal'), headers });
    expect(preview).toMatchObject({ status: 200, body: { dryRun: true, object: { fqdn: 'dry.regent.internal' } } });
    const nodes = preview.body['nodes'] as { node: string; files: { target: string; diff: string }[] }[];
    const zone = nodes[0]?.files.find((file) => file.target.endsWith('zones/db.regent.internal'));
    expect(zone?.diff).toContain('\n+dry A 192.0.2.1\n');
    expect(await revision()).toBe(before);
    expect((await site.call('GET', '/events?limit=1000')).body['items']).toEqual(events);
    expect((await site.call('GET', '/records/dry.regent.internal,A')).status).toBe(404);
    expect((await site.call('POST', '/records', { body: record('dry.regent.internal'), headers })).status).toBe(201);
    const refused = await site.call('POST', '/records?dry_run=true', { body: record('dry.regent.internal') });
    expect(refused.status).toBe(409);
    const key = await site.call('POST', '/api-keys?dry_run=true', { body: { label: 'never' } });
    expect(key.body).toMatchObject({ object: { key: null } });
  });
});

describe('configuration history', () => {
  it('tells who changed what, and takes one change back', async () => {
    await site.call('POST', '/domains', { body: { name: 'history.test' }, role: 'operator' });
    await site.call('POST', '/records', { body: record('h.history.test'), role: 'operator' });
    const history = await site.call('GET', '/config/history?limit=1');
    const change = (history.body['items'] as { id: number; who: string; summary: string; rows: unknown[] }[])[0];
    expect(change).toMatchObject({
      who: 'operator',
      summary: 'record create h.history.test A',
      rows: [{ table: 'records' }],
    });
    const preview = await site.call('POST', `/config/history/${change?.id}/rollback?dry_run=true`);
    expect(preview.raw).toContain('-h A 192.0.2.1');
    const undone = await site.call('POST', `/config/history/${change?.id}/rollback`);
    expect(undone).toMatchObject({ status: 201, body: { id: change?.id } });
    expect((await site.call('GET', '/records/h.history.test,A')).status).toBe(404);
    const latest = (await site.call('GET', '/config/history?limit=1')).body['items'] as { reverts: number }[];
    expect(latest[0]?.reverts).toBe(change?.id);
    const again = await site.call('POST', `/config/history/${change?.id}/rollback`);
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await site.call('POST', '/config/history/999999/rollback')).status).toBe(404);
  });
});

describe('roles', () => {
  const cases = (Object.entries(ROUTES) as [RouteId, RouteSpec][]).flatMap(([id, route]) =>
    ROLES.map((role) => [id, role, route] as const),
  );

  it.each(cases)('%s by %s', async (id, role, route) => {
    // No such change: one that only an admin makes would be refused for what it is.
    const path = route.path
      .replace('{change}', '999999')
      .replace('{kind}', 'fabric')
      .replace(/\{\w+\}/g, 'nothing');
    // A dry run, so that what is allowed does nothing; a refusal by role comes before every look at the object.
    const answer = await site.call(route.method, `${path}${isWrite(route) ? '?dry_run=true' : ''}`, {
      role,
      ...(route.body ? { body: bodyFor(id) } : {}),
    });
    expect(answer.body.code === 'forbidden').toBe(!route.roles.includes(role));
    expect(answer.status === 403).toBe(!route.roles.includes(role));
  });

  it('lets an auditor change nothing', () => {
    const open = (Object.values(ROUTES) as RouteSpec[]).filter(
      (route) => isWrite(route) && route.roles.includes('auditor'),
    );
    expect(open).toEqual([]);
  });
});

function bodyFor(id: RouteId): unknown {
  const bodies: Partial<Record<RouteId, unknown>> = {
    'domain.create': { name: 'role.test' },
    'record.create': record('role.regent.internal'),
    'machine.create': { hostname: 'role' },
    'device.create': { hostname: 'role' },
    'file.set': { content: '' },
    'annotation.set': { texts: { description: 'role' } },
    'config.apply': { site: {} },
    'backup-target.set': { store: { kind: 'folder', path: '/srv/role' } },
    'finding.mute': { until: new Date(Date.now() + 3_600_000).toISOString(), reason: 'role' },
    'alert-target.create': { name: 'role', settings: { kind: 'webhook', url: 'https://role.example.net/' } },
    'notification.create': { message: 'role' },
    'subnet.create': { cidr: '10.99.0.0/24' },
    ...Object.fromEntries(NOUNS.map(({ noun }) => [`${noun}.create`, { name: 'role' }])),
    'vlan.create': { vid: 99 },
    'range.create': { kind: 'reserved', first: '10.99.0.1', last: '10.99.0.9' },
    'reservation.create': { address: '10.99.0.1' },
    'setting.set': { value: 5 },
    'user.create': { name: 'role', role: 'user' },
    'user.set': { role: 'user' },
    'user.set-password': { password: 'role role' },
    'api-key.create': { label: 'role' },
    'api-key.set': { label: 'role' },
    'token.create': { isRegion: true, isRack: false },
    'site-certificate.set': { certificate: 'role', privateKey: 'role' },
    'node.probe': { address: '10.88.0.3' },
    'machine.power': { verb: 'query' },
    'storage.change': { changes: [{ do: 'unmount', device: 'role' }] },
    'machine.tag-many': { tag: 'role' },
    'drill.write': { run: DRILL.run, number: 1 },
    'drill.record': DRILL,
    'image.create': { manifest: 'role' },
    'script.create': { name: 'role', content: '#!/bin/sh' },
    'ssh-key.add': { key: 'ssh-ed25519 role' },
    'ssh-key.import': { source: 'gh:role' },
    'drill.run': { hazard: 'planned-switchover' },
  };
  return bodies[id] ?? {};
}

const ROUND = { hazard: 'role', round: 1, seed: 1, startedAt: '2026-03-01T10:00:00Z' };
const DRILL = {
  run: '018f3c1e-0000-7000-8000-000000000001',
  verdict: { ...ROUND, isPassed: true, checks: [] },
  timeline: ROUND,
};

describe('fuzz', () => {
  const writes = (Object.values(ROUTES) as RouteSpec[]).filter((route) => isWrite(route));
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      'auto',
      'a.regent.internal',
      '10.0.0.0/8',
      '10.1.1.1',
      '::1',
      'CNAME',
      'TXT',
      '52:54:00:00:00:01',
      '*',
      '@',
      '-1',
      '1e99',
      '__proto__',
    ),
  );
  const leaf = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const names = [
    'name',
    'ttl',
    'fqdn',
    'type',
    'data',
    'hostname',
    'domain',
    'interfaces',
    'mac',
    'addresses',
    'address',
    'subnet',
    'cidr',
    'vlan',
    'dnsOn',
    'value',
    'role',
    'label',
    'user',
    'expiresAt',
    'kind',
    'run',
    'number',
    'verdict',
    'timeline',
    'changes',
    'do',
    'device',
  ];
  const key = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: word });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const body = fc.oneof(
    { weight: 5, arbitrary: fc.dictionary(key, value, { maxKeys: 6 }) },
    { weight: 1, arbitrary: value },
  );

  it('never answers 5xx, whatever comes', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...writes), word, body, async (route, ref, content) => {
        const path = route.path.replace(/\{\w+\}/g, () =>
          encodeURIComponent(ref.isWellFormed() && ref !== '' ? ref : 'x'),
        );
        const answer = await site.call(route.method as Method, path, route.body ? { body: content ?? {} } : {});
        expect(answer.status, answer.raw).toBeLessThan(500);
        expect(answer.status < 400 || (answer.body.detail ?? '') !== '').toBe(true);
      }),
      { numRuns: 600 },
    );
  });
});
