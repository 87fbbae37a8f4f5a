import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/contract/people/audit.ts';
import { auditSentence, changeSentence } from '../../../src/contract/site/wire/change-sentence.ts';
import type { ConfigChange } from '../../../src/contract/site/config.ts';
import { eventSentence } from '../../../src/contract/site/wire/event-sentence.ts';
import type { Event } from '../../../src/contract/site/event.ts';
import { plainSentence } from '../../../src/contract/site/wire/sentence.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
let change: unknown;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await site.call('POST', '/domains', { body: { name: 'lab.test' } });
  const record = { fqdn: 'www.lab.test', type: 'A', data: '10.10.10.9' };
  const made = await site.call('POST', '/records', { body: record });
  change = made.headers['x-regent-change'];
  const gone = await site.call('DELETE', `/records/${made.body['id']}`);
  if (gone.status !== 200) throw new Error(gone.raw);
  await site.call('DELETE', `/records/${made.body['id']}`);
});
afterAll(() => site.close());

const items = async <T>(path: string): Promise<T[]> => (await site.call('GET', path)).body['items'] as T[];
const GONE = 'admin deleted record www.lab.test A 10.10.10.9';

describe('history', () => {
  it('names in changes what was deleted by its number (F21)', async () => {
    const [last] = await items<ConfigChange>('/config/history?limit=1');
    expect(plainSentence(changeSentence(last as ConfigChange))).toBe(GONE);
    // Events of an earlier release are not joined to their changes: the rows have the name.
    await pg.get().admin('update events set operation = null', site.connection.database);
    const [again] = await items<ConfigChange>('/config/history?limit=1');
    expect(plainSentence(changeSentence(again as ConfigChange))).toBe(GONE);
  });

  it('names in the audit trail what was deleted, and what was refused (F21)', async () => {
    const [refused, done] = await items<AuditEntry>('/audit?action=record+delete');
    expect(plainSentence(auditSentence(done as AuditEntry))).toBe(GONE);
    expect(plainSentence(auditSentence(refused as AuditEntry))).toBe(
      'admin was refused: record delete www.lab.test A 10.10.10.9 (not found)',
    );
  });

  it('finds what happened to a deleted object by its name', async () => {
    for (const path of ['/config/history', '/audit', '/events'])
      expect((await items(`${path}?object=www.lab.test`)).length, path).toBeGreaterThan(0);
    for (const path of ['/config/history', '/events'])
      expect((await items(`${path}?text=10.10.10.9`)).length, path).toBe(2);
    expect(await items('/events?text=nothing-has-this')).toEqual([]);
  });

  it('keeps people and machines apart (F37)', async () => {
    for (const path of ['/config/history', '/audit', '/events']) {
      const whose = async (by: string) => (await items<{ who: string }>(`${path}?by=${by}`)).map(({ who }) => who);
      expect(new Set(await whose('people')), path).toEqual(new Set(['admin']));
      expect(await whose('machines'), path).not.toContain('admin');
    }
  });

  it('names nodes in events (F2)', async () => {
    const sql = `insert into nodes (id, name) values ('f2e6a278', 'k1');
      select emit_events('node:f2e6a278', '[{"kind": "config.published", "subject": "f2e6a278", "data": {"generation": 7}}]', false)`;
    await pg.get().admin(`set regent.operation = 'test'; ${sql}`, site.connection.database);
    const [event] = await items<Event>('/events?kind=config.published&sort=-id&limit=1');
    expect(event && plainSentence(eventSentence(event))).toBe('Regent published configuration 7 for k1');
    expect((await items<Event>('/events?object=k1')).map(({ id }) => id)).toContain(event?.id);
  });

  it('does not say to role user who did something', async () => {
    const refused = await site.call('GET', '/events?by=people', { role: 'user' });
    expect(refused.status).toBe(403);
    const hidden = await site.call('GET', '/events?text=10.10.10.9', { role: 'user' });
    expect(hidden.body['items']).toEqual([]);
  });
});

describe('the answer of a change', () => {
  it('has the id of the change, and a replay the same one; a refusal and a read have none', async () => {
    const [oldest] = await items<ConfigChange>('/config/history?object=www.lab.test&sort=id');
    expect(change).toBe(String(oldest?.id));
    const headers = { 'idempotency-key': 'history-1' };
    const body = { name: 'twice.test' };
    const first = await site.call('POST', '/domains', { body, headers });
    const again = await site.call('POST', '/domains', { body, headers });
    expect(Number(first.headers['x-regent-change'])).toBeGreaterThan(Number(change));
    expect(again.headers['x-regent-change']).toBe(first.headers['x-regent-change']);
    expect((await site.call('GET', '/domains')).headers['x-regent-change']).toBeUndefined();
    expect((await site.call('POST', '/domains', { body })).headers['x-regent-change']).toBeUndefined();
  });
});
