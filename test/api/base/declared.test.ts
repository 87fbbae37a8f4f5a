import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Declaration, Field } from '../../../src/contract/base/declare.ts';
import { NOUNS } from '../../../src/contract/registry.ts';
import { ROLES } from '../../../src/contract/base/role.ts';
import { badValues, sampleOf, withoutSecrets } from '../../kit/declared.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Answer, startTestRegion, type TestRegion } from '../../kit/region.ts';

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort((a, b) => a - b);

/** What holds for every declared noun, from its declaration alone. What is special about one is tested beside the others. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  // Where the static route of the example begins.
  await site.call('POST', '/subnets', { body: { cidr: '192.0.2.0/24' } });
});
afterAll(() => site.close());

const all: readonly (readonly [string, Declaration])[] = NOUNS.map((declaration) => [declaration.noun, declaration]);

describe.each(all)('%s', (noun, { plural, fields, counts, sorts, filters, texts }) => {
  const path = `/${plural}`;
  const named = (n: number | string) => `${texts.example}-${n}`;
  const others = Object.entries<Field>(fields).filter(([member]) => member !== 'name');
  const post = (name: unknown, headers = {}) => site.call('POST', path, { body: { name }, headers });
  const patch = (name: string, body: object, headers = {}) => site.call('PATCH', `${path}/${name}`, { body, headers });
  const names = async (query = '') =>
    ((await site.call('GET', `${path}?${query}`)).body['items'] as { name: string }[]).map((item) => item.name);
  const changes = async () =>
    (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number; summary: string }[];
  const undo = async () => {
    const [change] = await changes();
    return site.call('POST', `/config/history/${change?.id ?? 0}/rollback`);
  };

  it('is made, shown, changed and deleted, by id and by name', async () => {
    const made = await post(named(1));
    expect(made.status).toBe(201);
    expect(Object.keys(made.body)).toEqual(['id', ...Object.keys(fields), ...Object.keys(counts)]);
    expect(made.headers['etag']).toBe('"1"');
    const shown = withoutSecrets(fields, made.body);
    expect((await site.call('GET', `${path}/${named(1)}`)).body).toEqual(shown);
    expect((await site.call('GET', `${path}/${made.body.id}`)).body).toEqual(shown);
    const set = await patch(named(1), {
      name: named('x'),
      ...Object.fromEntries(others.map(([member, field]) => [member, sampleOf(field).value])),
    });
    expect(set).toMatchObject({ status: 200, body: { id: made.body.id, name: named('x') } });
    const after = (await site.call('GET', `${path}/${named('x')}`)).body;
    for (const [member, field] of others) expect(after[member]).toEqual(sampleOf(field).shown);
    expect(withoutSecrets(fields, set.body)).toEqual(after);
    expect(set.headers['etag']).toBe('"2"');
    expect(await patch(named('x'), {})).toMatchObject({ status: 200, body: after });
    expect(await site.call('DELETE', `${path}/${made.body.id}`)).toMatchObject({
      status: 200,
      body: { name: named('x') },
    });
    const gone = await site.call('GET', `${path}/${named('x')}`);
    expect(gone).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(gone.body.detail).toMatch(new RegExp(`^There is no ${noun} "${named('x')}"\\.`));
  });

  it('refuses bad input, naming the field', async () => {
    const first = await post(named(2));
    const bad: [string, unknown, number, string?][] = [
      ['no body', undefined, 400],
      ['no name', {}, 422, 'name'],
      ['an empty name', { name: '' }, 422, 'name'],
      ['a number', { name: 5 }, 422, 'name'],
      ['null', { name: null }, 422, 'name'],
      ['digits alone, which are an id', { name: '42' }, 422, 'name'],
      ['too long a name', { name: 'a'.repeat(300) }, 422, 'name'],
      ['a control character', { name: 'a\nb' }, 422, 'name'],
      ['NUL', { name: 'a\u0000b' }, 422, 'name'],
      ['quotes', { name: `a'b"` }, 422, 'name'],
      ['a member that it does not have', { name: named(3), colour: 'red' }, 422, 'colour'],
      ['a name that one has', { name: named(2) }, 409, 'name'],
      ...others.flatMap(([member, field]) =>
        badValues(field).map(([what, value]): [string, unknown, number, string?] => {
          const body = { name: named(3), [member]: value };
          const isUnknown = field.refersTo !== undefined && typeof value === 'string';
          return isUnknown ? [`${what} as ${member}`, body, 404] : [`${what} as ${member}`, body, 422, member];
        }),
      ),
    ];
    for (const [what, body, status, field] of bad) {
      for (const suffix of ['', '?dry_run=true']) {
        const answer = await site.call('POST', path + suffix, body === undefined ? {} : { body });
        expect({ what, status: answer.status }).toEqual({ what, status });
        // Whatever has no field to name, such as a missing body, names none.
        expect(answer.body.fields?.[0]?.field, what).toBe(field);
      }
    }
    const second = await post(named(4));
    expect(await patch(named(4), { name: named(2) })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await patch(named(4), { name: '7' })).status).toBe(422);
    expect((await site.call('GET', `${path}?colour=red`)).status).toBe(422);
    expect((await site.call('GET', `${path}?sort=colour`)).status).toBe(422);
    expect((await site.call('GET', `${path}?cursor=nonsense`)).status).toBe(422);
    for (const { body } of [first, second]) expect((await site.call('DELETE', `${path}/${body.id}`)).status).toBe(200);
    expect((await site.call('DELETE', `${path}/${first.body.id}`)).status).toBe(404);
  });

  it.each(ROLES)('lets the role %s do what it may', async (role) => {
    const mayWrite = role === 'admin' || role === 'operator';
    expect((await site.call('GET', path, { role })).status).toBe(200);
    const made = await site.call('POST', path, { role, body: { name: named(role) } });
    expect(made.status).toBe(mayWrite ? 201 : 403);
    if (!mayWrite) await post(named(role));
    expect((await site.call('PATCH', `${path}/${named(role)}`, { role, body: {} })).status).toBe(mayWrite ? 200 : 403);
    expect((await site.call('DELETE', `${path}/${named(role)}`, { role })).status).toBe(mayWrite ? 200 : 403);
    if (!mayWrite) await site.call('DELETE', `${path}/${named(role)}`);
  });

  it('of rivals one wins', async () => {
    const rivals = await Promise.all([1, 2, 3, 4].map(() => post(named('rival'))));
    expect(statuses(rivals)).toEqual([201, 409, 409, 409]);
    const etag = { 'if-match': '"1"' };
    const sets = await Promise.all([5, 6, 7].map((n) => patch(named('rival'), { name: named(n) }, etag)));
    // Who comes when the name is gone already finds nothing; who has found it is told that it has changed.
    expect(sets.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(sets.every(({ status }) => [200, 404, 412].includes(status))).toBe(true);
    const winner = sets.find(({ status }) => status === 200)?.body.id ?? 0;
    expect((await patch(String(winner), {}, etag)).status).toBe(412);
    expect((await site.call('DELETE', `${path}/${winner}`, { headers: etag })).status).toBe(412);
    const gone = await Promise.all([1, 2].map(() => site.call('DELETE', `${path}/${winner}`)));
    expect(statuses(gone)).toEqual([200, 404]);
  });

  it('is made once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': `${noun}-once` };
    const [first, ...rest] = await Promise.all([1, 2, 3].map(() => post(named('once'), headers)));
    expect(first?.status).toBe(201);
    const same = withoutSecrets(fields, first?.body ?? {});
    for (const answer of rest) expect(withoutSecrets(fields, answer.body)).toEqual(same);
    const hidden = Object.values<Field>(fields).filter(({ isHidden }) => isHidden);
    const raws = new Set([first, ...rest].map((answer) => answer?.raw));
    expect(raws.size, 'a replay is the same answer, but for a secret').toBe(hidden.length > 0 ? 2 : 1);
    expect((await post(named('twice'), headers)).body.code).toBe('key_reused');
    expect(await names(`name=${named('once')}`)).toEqual([named('once')]);
    await site.call('DELETE', `${path}/${named('once')}`);
  });

  it('keeps nothing of a dry run', async () => {
    const before = await names();
    const dry = await site.call('POST', `${path}?dry_run=true`, { body: { name: named('dry') } });
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, object: { name: named('dry') }, nodes: [] } });
    await post(named('wet'));
    const wet = await site.call('GET', `${path}/${named('wet')}`);
    expect(
      (await site.call('PATCH', `${path}/${named('wet')}?dry_run=true`, { body: { name: named('dry') } })).body,
    ).toMatchObject({
      object: { name: named('dry') },
    });
    expect((await site.call('DELETE', `${path}/${named('wet')}?dry_run=true`)).body).toMatchObject({ dryRun: true });
    expect((await site.call('GET', `${path}/${named('wet')}`)).raw).toBe(wet.raw);
    await site.call('DELETE', `${path}/${named('wet')}`);
    expect(await names()).toEqual(before);
  });

  it('has its history, and each change can be taken back once', async () => {
    const made = await post(named('back'));
    expect((await changes())[0]?.summary).toBe(`${noun} create ${named('back')}`);
    await patch(named('back'), { name: named('there') });
    expect((await changes())[0]?.summary).toBe(`${noun} set ${named('back')}`);
    expect((await undo()).status).toBe(201);
    expect((await site.call('GET', `${path}/${made.body.id}`)).body).toEqual(withoutSecrets(fields, made.body));
    await site.call('DELETE', `${path}/${named('back')}`);
    const [deleted] = await changes();
    expect(deleted?.summary).toBe(`${noun} delete ${named('back')}`);
    expect((await undo()).status).toBe(201);
    expect((await site.call('GET', `${path}/${made.body.id}`)).body).toEqual(withoutSecrets(fields, made.body));
    const again = await site.call('POST', `/config/history/${deleted?.id ?? 0}/rollback`);
    expect(again.body.code).toBe('conflict');
    await site.call('DELETE', `${path}/${made.body.id}`);
    await post(named('unmade'));
    expect((await undo()).status).toBe(201);
    expect((await site.call('GET', `${path}/${named('unmade')}`)).status).toBe(404);
    const events = (await site.call('GET', `/events?limit=1000`)).body['items'] as { kind: string; subject: string }[];
    for (const verb of ['created', 'changed', 'deleted']) {
      expect(events.some((event) => event.kind === `${noun}.${verb}` && event.subject.startsWith(texts.example))).toBe(
        true,
      );
    }
  });

  it('is listed by pages, in order, by its filters', async () => {
    for (const n of [3, 1, 2, 5, 4]) await post(named(`p${n}`));
    const wanted = [1, 2, 3, 4, 5].map((n) => named(`p${n}`));
    expect(Object.keys(filters)).toContain('name');
    const part = `name=${named('p').toUpperCase()}`;
    expect(await names(`${part}&sort=name`)).toEqual(wanted);
    expect(await names(part)).toEqual([3, 1, 2, 5, 4].map((n) => named(`p${n}`)));
    const byOrder = new Map<string, string[]>();
    for (const sort of ['id', ...sorts]) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const { body } = await site.call('GET', `${path}?${part}&sort=-${sort}&limit=2&fields=name${cursor}`);
        const items = body['items'] as { name: string }[];
        expect(items.every((item) => Object.keys(item).join() === 'name')).toBe(true);
        seen.push(...items.map((item) => item.name));
        cursor = body.next ? `&cursor=${body.next}` : '';
      } while (cursor !== '');
      expect(seen).toHaveLength(5);
      byOrder.set(sort, seen);
    }
    expect(byOrder.get('name')).toEqual(wanted.toReversed());
    expect(await names('name=%25')).toEqual([]);
    for (const name of wanted) expect((await site.call('DELETE', `${path}/${name}`)).status).toBe(200);
  });
});
