import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Zones and resource pools of machines, and what is said of a machine. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  for (const name of ['hall-1', 'hall-2']) await made('/zones', { name });
  await made('/resource-pools', { name: 'lab' });
});
afterAll(() => site.close());

const say = (method: Method, path: string, body?: unknown, headers = {}) =>
  site.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
const made = async (path: string, body: object) => {
  const answer = await say('POST', path, body);
  if (answer.status !== 201) throw new Error(answer.raw);
  return answer;
};
const listed = async (query: string) =>
  ((await say('GET', `/machines?${query}`)).body['items'] as { hostname: string }[]).map(({ hostname }) => hostname);
const newest = async () =>
  ((await say('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id ?? 0;

describe('the place of a machine', () => {
  it('is the default one where none is named', async () => {
    const answer = await made('/machines', { hostname: 'plain' });
    expect(answer.body).toMatchObject({ zone: 'default', pool: 'default', description: '', annotations: {} });
    expect((await say('GET', '/zones/default')).body).toMatchObject({ id: 1, machines: 1 });
    expect((await say('GET', '/resource-pools/1')).body).toMatchObject({ name: 'default', machines: 1 });
  });

  it('is given at creation and later, by name or id, and found by filters', async () => {
    const first = await made('/machines', { hostname: 'web1', zone: 'hall-1', pool: 'lab', description: 'a note' });
    expect(first.body).toMatchObject({ zone: 'hall-1', pool: 'lab', description: 'a note' });
    const { id } = (await say('GET', '/zones/hall-2')).body;
    const set = await say('PATCH', '/machines/web1', { zone: String(id), annotations: { b: '2', a: '' } });
    expect(set.body).toMatchObject({
      zone: 'hall-2',
      pool: 'lab',
      description: 'a note',
      annotations: { a: '', b: '2' },
    });
    expect(set.headers['etag']).not.toBe(first.headers['etag']);
    expect(await listed('zone=hall-2')).toEqual(['web1']);
    expect(await listed('zone=hall-1')).toEqual([]);
    expect(await listed('pool=lab&zone=hall-2')).toEqual(['web1']);
    expect(await listed('pool=default')).toEqual(['plain']);
  });

  it('has a media to boot by, with its history', async () => {
    expect((await made('/machines', { hostname: 'small1' })).body).toMatchObject({ bootMedia: 'http' });
    const set = await say('PATCH', '/machines/small1', { bootMedia: 'iscsi' });
    expect(set.body).toMatchObject({ bootMedia: 'iscsi' });
    expect((await say('PATCH', '/machines/small1', { bootMedia: 'nfs' })).status).toBe(422);
    expect((await say('POST', `/config/history/${await newest()}/rollback`)).status).toBe(201);
    expect((await say('GET', '/machines/small1')).body).toMatchObject({ bootMedia: 'http' });
    expect((await made('/machines', { hostname: 'small2', bootMedia: 'iscsi' })).body).toMatchObject({
      bootMedia: 'iscsi',
    });
  });

  it('has its history', async () => {
    await made('/machines', { hostname: 'back', zone: 'hall-1' });
    await say('PATCH', '/machines/back', { zone: 'hall-2', annotations: { owner: 'qa' } });
    expect((await say('POST', `/config/history/${await newest()}/rollback`)).status).toBe(201);
    expect((await say('GET', '/machines/back')).body).toMatchObject({ zone: 'hall-1', annotations: {} });
    await say('DELETE', '/machines/back');
    expect((await say('POST', `/config/history/${await newest()}/rollback`)).status).toBe(201);
    expect((await say('GET', '/machines/back')).body).toMatchObject({ zone: 'hall-1' });
    await say('DELETE', '/machines/back');
  });

  it.each([
    ['an unknown zone', { zone: 'hall-9' }, 404, 'There is no zone "hall-9".'],
    ['an unknown pool', { pool: 'nobody' }, 404, 'There is no resource-pool "nobody".'],
    ['no zone', { zone: null }, 422, 'zone'],
    ['an empty zone', { zone: '' }, 422, 'zone'],
    ['a control character', { description: 'a\u0007b' }, 422, 'description: it holds the character U+0007'],
    ['NUL', { description: 'a\u0000b' }, 422, 'description'],
    ['a long description', { description: 'a'.repeat(2001) }, 422, 'description'],
    ['an annotation that is no text', { annotations: { a: 5 } }, 422, 'annotations'],
    ['the name of an annotation', { annotations: { 'a b': 'x' } }, 422, 'annotations: the name "a b" is not usable.'],
    [
      'the text of an annotation',
      { annotations: { a: 'x\u0007' } },
      422,
      'annotations/a: it holds the character U+0007',
    ],
    [
      'too many annotations',
      { annotations: Object.fromEntries([...Array(65).keys()].map((n) => [`n${n}`, ''])) },
      422,
      'annotations',
    ],
  ])('is refused: %s', async (_, body, status, words) => {
    for (const answer of [
      await say('POST', '/machines', { hostname: 'bad', ...body }),
      await say('PATCH', '/machines/plain', body),
    ]) {
      expect(answer.status).toBe(status);
      expect(answer.raw).toContain(JSON.stringify(words).slice(1, -1));
    }
    expect(await listed('hostname=bad')).toEqual([]);
  });
});

describe.each([
  ['zone', '/zones', 'hall-2'],
  ['resource-pool', '/resource-pools', 'lab'],
])('a %s', (noun, path, used) => {
  it('that machines are in is not deleted', async () => {
    const answer = await say('DELETE', `${path}/${used}`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'in_use' } });
    expect(answer.body.detail).toContain(`${used} holds the machines web1.regent.internal.`);
  });

  it('of machines that name none stays, under any name', async () => {
    const answer = await say('DELETE', `${path}/default`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'in_use' } });
    expect(answer.body.detail).toBe(
      `default is the ${noun} of everything that names none. Rule: it stays; it may have another name.`,
    );
    expect((await say('PATCH', `${path}/default`, { name: 'site' })).status).toBe(200);
    expect((await say('DELETE', `${path}/site`)).status).toBe(409);
    expect((await say('PATCH', `${path}/site`, { name: 'default' })).status).toBe(200);
  });
});
