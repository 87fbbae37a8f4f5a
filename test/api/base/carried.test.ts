import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carriedBy } from '../../../src/contract/machines/carried.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What holds for every declared noun that machines carry, from its declaration alone. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const all = carriedBy('machine').map((declaration) => [declaration.plural, declaration] as const);

describe.each(all)('%s of machines', (plural, { noun, texts }) => {
  const named = (n: number | string) => `${texts.example}-${n}`;
  const machines = async (query: string) =>
    ((await site.call('GET', `/machines?${query}`)).body['items'] as { hostname: string }[]).map(
      (item) => item.hostname,
    );
  const carry = (machine: string, names: unknown, headers = {}) =>
    site.call('PATCH', `/machines/${machine}`, { body: { [plural]: names }, headers });
  const carried = async (machine: string) => (await site.call('GET', `/machines/${machine}`)).body[plural];
  const newest = async () =>
    ((await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id ?? 0;
  const undo = async () => (await site.call('POST', `/config/history/${await newest()}/rollback`)).status;

  it('are given at creation and later, all at once, by name or id, and found by a filter', async () => {
    const ids = [];
    for (const n of ['b', 'a', 'c']) {
      ids.push((await site.call('POST', `/${plural}`, { body: { name: named(n) } })).body.id);
    }
    const made = await site.call('POST', '/machines', {
      body: { hostname: 'web1', [plural]: [named('b'), named('a')] },
    });
    expect(made).toMatchObject({ status: 201, body: { [plural]: [named('a'), named('b')] } });
    expect((await site.call('POST', '/machines', { body: { hostname: 'web2' } })).body[plural]).toEqual([]);
    expect((await site.call('GET', `/${plural}/${named('a')}`)).body['machines']).toBe(1);
    expect(await machines(`${noun}=${named('a')}`)).toEqual(['web1']);
    expect(await machines(`${noun}=${ids[0]}`)).toEqual(['web1']);
    expect(await machines(`${noun}=${named('c')}`)).toEqual([]);
    expect((await site.call('GET', `/machines?${noun}=nope`)).body.detail).toMatch(
      new RegExp(`There is no ${noun} "nope"`),
    );

    const set = await carry('web1', [String(ids[2]), named('c'), named('a')]);
    expect(set).toMatchObject({ status: 200, body: { [plural]: [named('a'), named('c')] } });
    expect(set.headers['etag']).not.toBe(made.headers['etag']);
    expect((await carry('web1', [], { 'if-match': String(made.headers['etag']) })).status).toBe(412);
    // What is not named stays.
    expect((await site.call('PATCH', '/machines/web1', { body: { hostname: 'www' } })).body[plural]).toEqual([
      named('a'),
      named('c'),
    ]);
    await site.call('PATCH', '/machines/www', { body: { hostname: 'web1' } });
  });

  it('are refused where they are bad, and nothing is half done', async () => {
    const before = (await site.call('GET', '/machines/web1')).raw;
    const bad: [unknown, number, RegExp][] = [
      [[named('a'), 'nope'], 404, new RegExp(`^There is no ${noun} "nope"\\. There are ${named('a')}`)],
      [named('a'), 422, new RegExp(plural)],
      [[5], 422, new RegExp(`${plural}/0`)],
      [[''], 422, new RegExp(`${plural}/0`)],
      [null, 422, new RegExp(plural)],
      [Array.from({ length: 65 }, (_, n) => named(n)), 422, new RegExp(plural)],
    ];
    for (const [names, status, detail] of bad) {
      const answer = await carry('web1', names);
      expect({ names, status: answer.status }).toEqual({ names, status });
      expect(answer.body.detail).toMatch(detail);
      expect((await site.call('POST', '/machines', { body: { hostname: 'bad', [plural]: names } })).status).toBe(
        status,
      );
    }
    expect((await site.call('GET', '/machines/web1')).raw).toBe(before);
    expect((await site.call('GET', '/machines/bad')).status).toBe(404);
    expect((await site.call('PATCH', '/machines/web1', { role: 'user', body: { [plural]: [] } })).status).toBe(403);
  });

  it('keep what they are on from being deleted, whoever comes first', async () => {
    expect((await site.call('DELETE', `/${plural}/${named('a')}`)).body).toMatchObject({
      code: 'in_use',
      detail: `${named('a')} is on the machines web1.regent.internal. Remove ${named('a')} from them first.`,
    });
    for (let round = 0; round < 5; round += 1) {
      await site.call('POST', `/${plural}`, { body: { name: named('race') } });
      const [gone, set] = await Promise.all([
        site.call('DELETE', `/${plural}/${named('race')}`),
        carry('web2', [named('race')]),
      ]);
      const isOn = set.status === 200;
      expect(gone.status).toBe(isOn ? 409 : 200);
      expect(isOn || set.body.detail?.startsWith('There is no '), set.raw).toBe(true);
      expect(await carried('web2')).toEqual(isOn ? [named('race')] : []);
      await carry('web2', []);
      await site.call('DELETE', `/${plural}/${named('race')}`);
    }
  });

  it('are renamed, tried dry, and taken back with the machine', async () => {
    await site.call('PATCH', `/${plural}/${named('c')}`, { body: { name: named('z') } });
    expect(await carried('web1')).toEqual([named('a'), named('z')]);
    const dry = await site.call('PATCH', '/machines/web1?dry_run=true', { body: { [plural]: [] } });
    expect(dry.body).toMatchObject({ dryRun: true, object: { [plural]: [] } });
    expect(await carried('web1')).toEqual([named('a'), named('z')]);

    await carry('web1', [named('b')]);
    expect(await undo()).toBe(201);
    expect(await carried('web1')).toEqual([named('a'), named('z')]);
    expect((await site.call('DELETE', '/machines/web1')).body[plural]).toEqual([named('a'), named('z')]);
    expect((await site.call('GET', `/${plural}/${named('a')}`)).body['machines']).toBe(0);
    expect(await undo()).toBe(201);
    expect(await carried('web1')).toEqual([named('a'), named('z')]);
    const one = await site.call('POST', '/machines', { body: { hostname: 'web3', [plural]: [named('a')] } });
    expect(one.status).toBe(201);
    expect(await undo()).toBe(201);
    expect(await machines(`${noun}=${named('a')}`)).toEqual(['web1']);
  });

  it('are not taken back where that no longer fits', async () => {
    await site.call('POST', `/${plural}`, { body: { name: named('new') } });
    const made = await newest();
    await carry('web2', [named('new')]);
    const given = await newest();
    const back = (change: number) => site.call('POST', `/config/history/${change}/rollback`);
    expect((await back(made)).body).toMatchObject({
      code: 'in_use',
      detail: `The ${noun} is still used by machines. Rule: remove or move those first.`,
    });
    await carry('web2', []);
    const taken = await newest();
    await site.call('DELETE', `/${plural}/${named('new')}`);
    expect((await back(taken)).body).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(new RegExp(`^There is no ${noun} \\d+ \\(any more\\)\\.`)),
    });
    expect((await back(given)).body.code).toBe('conflict');
    expect(await carried('web2')).toEqual([]);
  });
});
