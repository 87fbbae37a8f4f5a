import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/contract/client.ts';
import type { Event } from '../../../src/contract/site/event.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TestRegion;
let url: string;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  url = await site.api.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => site.close());

const client = () => createClient({ url, apiKey: site.keys.admin, random: realRandom });
const create = (name: string) => site.call('POST', '/domains', { body: { name } });
const lastId = async () => ((await site.call('GET', '/events?limit=1')).body['items'] as Event[])[0]?.id ?? 0;

/** Reads a stream until `count` events have come. */
async function collect(after: number | null, count: number, onFirst = () => {}): Promise<Event[]> {
  const stop = new AbortController();
  const seen: Event[] = [];
  for await (const event of client().events(after, stop.signal)) {
    if (seen.length === 0) onFirst();
    seen.push(event);
    if (seen.length >= count) stop.abort();
  }
  return seen;
}

describe('events', () => {
  it('are paged by id, filtered by kind or noun, without a gap', async () => {
    const start = await lastId();
    for (const name of ['e1.test', 'e2.test', 'e3.test']) await create(name);
    const first = await site.call('GET', `/events?after=${start}&limit=2`);
    expect((first.body['items'] as Event[]).map((event) => event.id)).toEqual([start + 1, start + 2]);
    const rest = await site.call('GET', `/events?after=${first.body.next}&kind=domain`);
    expect(rest.body['items']).toMatchObject([{ kind: 'domain.created', subject: 'e3.test', who: 'admin' }]);
    expect(rest.body['next']).toBeNull();
    expect((await site.call('GET', '/events?kind=nothing')).body['items']).toEqual([]);
  });

  it('stream as they happen, and resume after the last one that was seen', async () => {
    const start = await lastId();
    const streaming = collect(start, 3);
    for (const name of ['s1.test', 's2.test', 's3.test']) await create(name);
    const events = await streaming;
    expect(events.map((event) => event.subject)).toEqual(['s1.test', 's2.test', 's3.test']);
    expect((await collect(start + 1, 2)).map((event) => event.id)).toEqual([start + 2, start + 3]);
  });

  it('survive a cut in the middle: each exactly once, in order', async () => {
    const start = await lastId();
    const streaming = collect(start, 20);
    for (let n = 0; n < 20; n += 1) {
      await create(`cut${n}.test`);
      if (n % 5 === 4) site.api.server.closeAllConnections();
    }
    const events = await streaming;
    expect(events.map((event) => event.id)).toEqual(Array.from({ length: 20 }, (_, n) => start + 1 + n));
  });

  it('are for those only who may read them', async () => {
    const refused = await fetch(`${url}/api/v1/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${site.keys.user}x` },
    });
    expect(refused.status).toBe(401);
    const bad = await fetch(`${url}/api/v1/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${site.keys.admin}`, 'last-event-id': 'x' },
    });
    expect(bad.status).toBe(422);
  });

  it('tell whoever only sees the site that something changed, not to what', async () => {
    const start = await lastId();
    await create('seen.test');
    const own = createClient({ url, apiKey: site.keys.user, random: realRandom });
    const stop = new AbortController();
    const { value } = await own.events(start, stop.signal).next();
    stop.abort();
    expect(value).toMatchObject({ kind: 'domain.created', subject: 'seen.test', who: '', data: {} });
    const listed = await site.call('GET', `/events?after=${start}`, { role: 'user' });
    expect(listed.body['items']).toMatchObject([{ subject: 'seen.test', who: '', data: {} }]);
    const whole = await site.call('GET', `/events?after=${start}`);
    expect(whole.body['items']).toMatchObject([{ who: 'admin', data: { name: 'seen.test' } }]);
  });

  it('that are the affair of one user are told to that user alone, in a list and in a stream', async () => {
    const note = { message: 'Hall 2', users: true };
    const { body: made } = await site.call('POST', '/notifications', { body: note });
    const start = await lastId();
    const at = `/notifications/${made['id']}/dismiss`;
    expect((await site.call('POST', at, { role: 'user' })).status).toBe(200);
    await create('own.test');
    const kinds = async (role: 'user' | 'admin') =>
      ((await site.call('GET', `/events?after=${start}`, { role })).body['items'] as Event[]).map(({ kind }) => kind);
    expect(await kinds('user')).toEqual(['notification.dismissed', 'domain.created']);
    expect(await kinds('admin')).toEqual(['domain.created']);
    const first = async (apiKey: string) => {
      const stop = new AbortController();
      const { value } = await createClient({ url, apiKey, random: realRandom }).events(start, stop.signal).next();
      stop.abort();
      return value;
    };
    expect(await first(site.keys.user)).toMatchObject({ kind: 'notification.dismissed', subject: String(made['id']) });
    expect(await first(site.keys.admin)).toMatchObject({ kind: 'domain.created', id: start + 2 });
    // What is dismissed already is no event, and whoever was told nothing goes on from any id all the same.
    await site.call('POST', at, { role: 'admin' });
    await site.call('POST', at, { role: 'admin' });
    expect(await kinds('admin')).toEqual(['domain.created', 'notification.dismissed']);
    expect((await site.call('GET', `/events?after=${start + 1}`)).status).toBe(200);
  });

  it('come newest first, before a place, of a subject, since a moment', async () => {
    const start = await lastId();
    for (const name of ['n1', 'n2', 'n3']) await create(`${name}.test`);
    const subjects = async (query: string) => {
      const { body } = await site.call('GET', `/events?${query}`);
      return [(body['items'] as Event[]).map(({ subject }) => subject), body.next];
    };
    expect(await subjects('sort=-id&limit=2')).toEqual([['n3.test', 'n2.test'], String(start + 2)]);
    expect(await subjects(`sort=-id&limit=2&before=${start + 2}&after=${start}`)).toEqual([['n1.test'], null]);
    expect(await subjects('subject=n2.test')).toEqual([['n2.test'], null]);
    expect(await subjects(`since=2999-01-01T00:00:00Z`)).toEqual([[], null]);
    expect(await subjects(`since=2020-01-01T00:00:00Z&subject=n1.test&sort=-id`)).toEqual([['n1.test'], null]);
    expect((await site.call('GET', '/events?since=yesterday')).status).toBe(422);
  });

  it('refuse a place whose next events are deleted, or that is yet to come', async () => {
    const start = await lastId();
    await create('gap1.test');
    await create('gap2.test');
    await pg.get().admin('delete from events where id = $1', site.connection.database, [start + 1]);
    const gone = await site.call('GET', `/events?after=${start}`);
    expect(gone.body.detail).toBe(
      `after: the events up to ${start + 1} are deleted. Rule: read the objects again and continue from ${start + 1}.`,
    );
    expect((await site.call('GET', `/events?after=${start + 1}`)).body['items']).toHaveLength(1);
    const resumed = client().events(start, new AbortController().signal).next();
    await expect(resumed).rejects.toThrow('are deleted');
    expect((await site.call('GET', `/events?after=${start + 1000}`)).body.detail).toContain('there is no event');
  });

  it('end when the key is revoked', { timeout: 30_000 }, async () => {
    const made = await site.call('POST', '/api-keys', { body: { label: 'stream' } });
    const stream = await fetch(`${url}/api/v1/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${made.body.key}` },
    });
    let isEnded = false;
    void stream.text().then(() => {
      isEnded = true;
    });
    await site.call('DELETE', `/api-keys/${made.body.token}`);
    let n = 0;
    await until(
      'the stream has ended',
      async () => {
        n += 1;
        await create(`revoked${n}.test`);
        return isEnded;
      },
      { everyMs: 200 },
    );
  });

  it('are bounded: the stream beyond the limit is refused, and a free place can be taken again', {
    timeout: 60_000,
  }, async () => {
    const stop = new AbortController();
    const open = () =>
      fetch(`${url}/api/v1/events`, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${site.keys.admin}` },
        signal: stop.signal,
      });
    const streams = await Promise.all(Array.from({ length: 200 }, open));
    expect(streams.every((stream) => stream.status === 200)).toBe(true);
    const beyond = await open();
    expect(beyond.status).toBe(503);
    await beyond.body?.cancel();
    stop.abort();
    await until('a place is free', async () => {
      const one = new AbortController();
      const response = await fetch(`${url}/api/v1/events`, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${site.keys.admin}` },
        signal: one.signal,
      });
      one.abort();
      return response.status === 200;
    });
  });
});
