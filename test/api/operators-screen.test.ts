import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseCoding, encode } from '../../src/api/coding.ts';
import { listMembers } from '../../src/contract/base/route-spec.ts';
import { ROUTES, type RouteSpec } from '../../src/contract/routes.ts';
import { ROW_FIELDS } from '../../src/ui/models/machines/machines.ts';
import { maasClient } from '../kit/maas.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';
import { until } from '../kit/until.ts';

/** What screens ask of the site: inputs and exact answers, printed as a table. */

const pg = usePostgres();
const table: string[] = [];
let site: TestRegion;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(async () => {
  process.stdout.write(`\nui F1, F40, F44, reports 37: input → answer\n${table.join('\n')}\n`);
  await site?.close();
});

const get = (path: string) => site.call('GET', path);
const LISTS = Object.entries<RouteSpec>(ROUTES).filter(
  ([, { query }]) => (query as { properties?: object } | undefined)?.properties?.hasOwnProperty('fields') ?? false,
);
const pathOf = ({ path }: RouteSpec) => path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000');

describe('F1: fields of a list are judged by its schema, never by its first row', () => {
  it('a machine that was never deployed and has no BMC is in the list of the Machines page', async () => {
    const made = await site.call('POST', '/machines', {
      body: { hostname: 'm1', interfaces: [{ mac: '52:54:00:00:00:01' }] },
    });
    expect(made.status).toBe(201);
    const page = await get(`/machines?limit=1000&fields=${ROW_FIELDS}`);
    expect(page).toMatchObject({ status: 200, body: { items: [{ hostname: 'm1', state: 'new' }] } });
    expect(Object.keys((page.body['items'] as object[])[0] ?? {})).not.toContain('deployment');
    table.push(`GET /machines?fields=${ROW_FIELDS} → 200, m1 without deployment and powerState`);
    for (const fields of ['id,deployment', 'id,powerState', 'powerWhy', ' id , deployment ', 'id,id']) {
      const answer = await get(`/machines?fields=${encodeURIComponent(fields)}`);
      table.push(
        `GET /machines?fields=${fields} → ${answer.status} ${JSON.stringify((answer.body['items'] as object[])[0])}`,
      );
      expect([fields, answer.status]).toEqual([fields, 200]);
    }
  });

  it('has all lists', () => {
    expect(LISTS.length).toBeGreaterThan(35);
    expect(LISTS.filter(([, route]) => listMembers(route).length === 0)).toEqual([]);
  });

  it.each(LISTS)('%s takes each member of its schema, and no other one, empty or not', async (id, route) => {
    const members = listMembers(route);
    const path = pathOf(route);
    for (const fields of [members.join(','), ...members]) {
      const answer = await get(`${path}?fields=${fields}`);
      expect([id, fields, answer.status, answer.body.detail]).toEqual([id, fields, 200, undefined]);
    }
    const rule = `Rule: some of ${members.join(', ')}.`;
    for (const [given, name] of [
      ['colour', 'colour'],
      [`${members[0]},Id`, 'Id'],
      [`${members[0]},`, ''],
      ['constructor', 'constructor'],
      ['__proto__', '__proto__'],
    ] as const) {
      const answer = await get(`${path}?fields=${given}`);
      expect([id, given, answer.status, answer.body.detail]).toEqual([
        id,
        given,
        422,
        `fields: there is no member "${name}". ${rule}`,
      ]);
    }
    table.push(`GET ${path}?fields=each of ${members.length} members → 200; fields=colour → 422 ${rule}`);
  });
});

describe('F44: answers of reads are coded if their client takes that', () => {
  const ask = async (path: string, accepted: string | null, more: Readonly<Record<string, string>> = {}) => {
    const headers = { authorization: `Bearer ${site.keys.admin}`, ...more };
    const coded = accepted === null ? headers : { ...headers, 'accept-encoding': accepted };
    const response = await site.api.inject({ method: 'GET', url: `/api/v1${path}`, headers: coded });
    const coding = response.headers['content-encoding'];
    const decode = coding === 'br' ? brotliDecompressSync : coding === 'gzip' ? gunzipSync : (bytes: Buffer) => bytes;
    const text = response.rawPayload.length === 0 ? '' : decode(response.rawPayload).toString();
    table.push(
      `GET ${path} accept-encoding: ${accepted ?? 'left out'} ${JSON.stringify(more)} → ${response.statusCode} ${String(coding ?? 'as it is')}, ${response.rawPayload.length} bytes of ${text.length}`,
    );
    return { status: response.statusCode, headers: response.headers, coding, text, bytes: response.rawPayload.length };
  };

  it.each([
    ['gzip, deflate, br', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['gzip;q=1.0', 'gzip'],
    ['deflate', undefined],
    ['identity', undefined],
    ['br;q=0', undefined],
    [null, undefined],
  ])('accept-encoding %s gives %s', async (accepted, coding) => {
    const plain = await ask('/settings?limit=1000', null);
    const answer = await ask('/settings?limit=1000', accepted);
    expect([answer.status, answer.coding, answer.headers['vary']]).toEqual([200, coding, 'Accept-Encoding']);
    expect(answer.text).toBe(plain.text);
    expect(answer.bytes * 2 < plain.bytes).toBe(coding !== undefined);
  });

  it('has the tag of the object, and 304 for it in either form', async () => {
    const made = await site.call('POST', '/machines', {
      body: { hostname: 'coded', description: 'x'.repeat(1500), interfaces: [{ mac: '52:54:00:00:00:02' }] },
    });
    expect(made.status, made.raw).toBe(201);
    const plain = await ask('/machines/coded', null);
    const coded = await ask('/machines/coded', 'br');
    expect([coded.coding, coded.headers['etag']]).toEqual(['br', `W/${plain.headers['etag']}`]);
    for (const tag of [plain.headers['etag'], coded.headers['etag']])
      expect(await ask('/machines/coded', 'br', { 'if-none-match': String(tag) })).toMatchObject({
        status: 304,
        bytes: 0,
      });
    const changed = await site.call('PATCH', '/machines/coded', {
      body: { description: 'short' },
      headers: { 'if-match': String(coded.headers['etag']) },
    });
    expect(changed.status).toBe(200);
  });

  it('leaves short answers, answers of changes, refusals and streams as they are', async () => {
    expect((await ask('/zones/default', 'br')).coding).toBeUndefined();
    expect((await ask('/machines?fields=colour', 'br')).coding).toBeUndefined();
    const key = await site.call('POST', '/api-keys', { body: { label: 'one' }, headers: { 'accept-encoding': 'br' } });
    expect([key.status, key.headers['content-encoding'], typeof key.body.key]).toEqual([201, undefined, 'string']);
  });

  it('codes a long answer in another thread, to the same text', async () => {
    const long = JSON.stringify({ items: Array.from({ length: 20_000 }, (_, id) => ({ id, name: `m${id}` })) });
    expect(long.length).toBeGreaterThan(64 * 1024);
    expect(brotliDecompressSync(await encode(long, 'br')).toString()).toBe(long);
    expect(gunzipSync(await encode(long, 'gzip')).toString()).toBe(long);
  });

  it('codes more than 64 kB by gzip for browsers only', () => {
    for (const [accepted, length, isBrowser, coding] of [
      ['gzip', 65_536, false, 'gzip'],
      ['gzip', 65_537, false, null],
      ['gzip', 1_000_000, true, 'gzip'],
      ['gzip, br', 1_000_000, false, 'br'],
      ['br', 1399, true, null],
    ] as const)
      expect(chooseCoding(accepted, length, isBrowser)).toBe(coding);
  });
});

describe('#37: the context of a note is rendered', () => {
  const note = async (message: string, context: object | null) => {
    const answer = await site.call('POST', '/notifications', {
      body: { message, users: true, ...(context === null ? {} : { context }) },
    });
    const shown = answer.status === 201 ? String(answer.body['text']) : String(answer.body.detail);
    table.push(`POST /notifications ${JSON.stringify({ message, context })} → ${answer.status} ${shown}`);
    return { status: answer.status, shown, id: Number(answer.body.id) };
  };
  const RULE = 'Rule: each {name} of the message is a member of the context; braces that stay are written {{ and }}.';

  it.each([
    ['Disk {disk} of {machine.name} is full', { disk: 'sda', machine: { name: 'm1' } }, 'Disk sda of m1 is full'],
    ['{n} of {all[count]} {{left}}', { n: 3, all: { count: 7 } }, '3 of 7 {left}'],
    ['{flag} {none} {list} {word!s}', { flag: true, none: null, list: [1, 'a'], word: 'x' }, 'True None [1,"a"] x'],
    ['<b>{name}</b>', { name: '<i>' }, '<b><i></b>'],
    ['no placeholder', { name: 'x' }, 'no placeholder'],
    ['{literal} without a context', null, '{literal} without a context'],
    ['{literal} with an empty one', {}, '{literal} with an empty one'],
  ])('%s', async (message, context, text) => {
    expect(await note(message, context)).toMatchObject({ status: 201, shown: text });
  });

  it.each([
    ['Disk {disk} of {machine}', { disk: 'sda' }, 'message: {machine} has no value in the context. '],
    ['{a.b}', { a: 1 }, 'message: {a.b} has no value in the context. '],
    ['{constructor}', { a: 1 }, 'message: {constructor} has no value in the context. '],
    ['100 } percent', { a: 1 }, 'message: the brace "}" is no part of a placeholder. '],
    ['{a:>5}', { a: 1 }, 'message: the brace "{" is no part of a placeholder. '],
    ['{}', { a: 1 }, 'message: the brace "{" is no part of a placeholder. '],
  ])('%s is refused', async (message, context, problem) => {
    expect(await note(message, context)).toMatchObject({ status: 422, shown: problem + RULE });
  });

  it('also when the message or the context changes later, and by the MAAS API', async () => {
    const { id } = await note('Disk {disk}', { disk: 'sda' });
    const changed = await site.call('PATCH', `/notifications/${id}`, { body: { context: { disk: 'sdb' } } });
    expect(changed.body).toMatchObject({ message: 'Disk {disk}', text: 'Disk sdb' });
    const refused = await site.call('PATCH', `/notifications/${id}`, { body: { context: { disc: 'sdb' } } });
    expect(refused).toMatchObject({
      status: 422,
      body: { detail: `message: {disk} has no value in the context. ${RULE}` },
    });
    expect((await get(`/notifications/${id}`)).body).toMatchObject({ text: 'Disk sdb' });
    const maas = maasClient(site);
    const made = await maas.post('notifications/', '', {
      message: 'Hall {hall}',
      context: '{"hall": 3}',
      users: 'true',
    });
    expect([made.status, made.body.message, made.body.context]).toEqual([200, 'Hall {hall}', { hall: 3 }]);
    expect((await get(`/notifications/${made.body.id}`)).body).toMatchObject({ text: 'Hall 3' });
    const bad = await maas.post('notifications/', '', {
      message: 'Hall {hall}',
      context: '{"room": 3}',
      users: 'true',
    });
    table.push(`MAAS notifications create "Hall {hall}" {"room": 3} → ${bad.status} ${bad.raw}`);
    expect([bad.status, Object.keys(JSON.parse(bad.raw) as object)]).toEqual([400, ['message']]);
    // A note of an earlier release that cannot be rendered is shown as it is.
    await pg.get().admin(`update notifications set message = 'Old {x} }' where id = ${id}`, site.connection.database);
    expect((await get(`/notifications/${id}`)).body).toMatchObject({ text: 'Old {x} }' });
  });
});

describe('F40: the files of a change are kept as long as the change', () => {
  let own: TestRegion;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    own = await startTestRegion(pg.get());
    stop = own.region.startTasks();
    await own.call('POST', '/domains', { body: { name: 'kept.test' } });
  });
  afterAll(async () => {
    await stop?.();
    await own?.close();
  });
  const sqlOf = (text: string) => pg.get().admin<Record<string, unknown>>(text, own.connection.database);
  const filesOf = async (id: number) => {
    const { body } = await own.call('GET', `/config/history/${id}/files`);
    return { nodes: body['nodes'] as { node: string; files: { diff: string }[] }[], lost: body['lost'] as string[] };
  };
  const changed = async (n: number) => {
    await own.call('POST', '/records', { body: { fqdn: `n${n}.kept.test`, type: 'A', data: `192.0.2.${n + 1}` } });
    const { body } = await own.call('GET', '/config/history?limit=1');
    const id = (body['items'] as { id: number }[])[0]?.id ?? 0;
    await until('it is published', async () => (await filesOf(id)).nodes.length > 0);
    return id;
  };

  // That more than fifty of a node stay is in test/store/base/body-parts.test.ts.
  it('over later ones, and over purges', { timeout: 60_000 }, async () => {
    await until(
      'bodies are stored by parts',
      async () => (await sqlOf("select from features where name = 'parts'")).length > 0,
    );
    const ids: number[] = [];
    for (let n = 0; n < 8; n += 1) ids.push(await changed(n));
    await sqlOf(`update chores set last_ran = last_ran - interval '2 hours'`);
    await sqlOf(`update body_parts set named_at = named_at - interval '2 hours'`);
    await sqlOf(`update publications set published_at = published_at - interval '2 hours'`);
    own.wakes.fire();
    await changed(60);
    for (const [n, id] of ids.entries()) {
      const { nodes, lost } = await filesOf(id);
      expect([id, lost, nodes.map(({ node }) => node)]).toEqual([id, [], ['r1']]);
      expect(nodes[0]?.files.map(({ diff }) => diff).join('')).toContain(`\n+n${n} A 192.0.2.${n + 1}\n`);
    }
    table.push(`GET /config/history/N/files of each of 8 changes → its files`);
  });

  it('and a change whose files are gone says so, never that it changed nothing', async () => {
    const { body } = await own.call('GET', '/config/history?limit=60');
    const ids = (body['items'] as { id: number }[]).map(({ id }) => id);
    // As earlier releases did: only the newest ones of each node stay.
    await sqlOf(`delete from publications p where generation < (
      select generation from publications where node_id = p.node_id order by generation desc offset 4 limit 1)`);
    const old = await filesOf(ids.at(-1) ?? 0);
    expect(old).toEqual({ nodes: [], lost: ['r1'] });
    table.push(`GET /config/history/${ids.at(-1)}/files, purged → ${JSON.stringify(old)}`);
    expect(await filesOf(ids[0] ?? 0)).toMatchObject({ nodes: [{ node: 'r1' }], lost: [] });
    // The user is no configuration of a node: nothing is lost, and nothing changed.
    await own.call('POST', '/zones', { body: { name: 'elsewhere' } });
    const zone = (await own.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
    await until('it is compiled', async () => {
      const found = await own.call('GET', `/config/history/${zone[0]?.id}/findings`);
      return found.body['state'] === 'compiled';
    });
    expect(await filesOf(zone[0]?.id ?? 0)).toEqual({ nodes: [], lost: [] });
  });
});
