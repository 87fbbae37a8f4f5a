import { describe, expect, it } from 'vitest';
import { createClient } from '../../../src/contract/client.ts';
import { ProblemError } from '../../../src/contract/base/wire/transport.ts';
import { AppError } from '../../../src/core/errors.ts';

type Answer = Response | Error;

/** A client over scripted answers and virtual time; `seen` holds what was sent, `waits` the pauses. */
function scripted(answers: Answer[], deadlineMs = 10_000, others: readonly string[] = []) {
  const seen: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = [];
  const waits: number[] = [];
  let now = 0;
  let keys = 0;
  const client = createClient({
    url: 'http://127.0.0.1:5240/',
    others,
    apiKey: 'regent:token:secret',
    random: { fraction: () => 0.5, hex: () => `key${(keys += 1)}` },
    deadlineMs,
    now: () => now,
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
    },
    fetch: async (url, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers).entries());
      seen.push({ url: new Request(url).url, method: init?.method ?? 'GET', headers, body: init?.body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      if (!answer) throw new Error('no answer scripted');
      return answer.clone();
    },
  });
  return { client, seen, waits };
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });
const failed = (syscall: string, message: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(message), { syscall }) });
const refused = () => failed('connect', 'connect ECONNREFUSED 127.0.0.1:5240');
const reset = () => failed('read', 'read ECONNRESET');
const problem = (status: number, code: string) =>
  json(status, { type: 'about:blank', title: 't', status, code, detail: 'a sentence', requestId: 'r' });

describe('the client', () => {
  it('writes path, query, body and key of a call', async () => {
    const { client, seen } = scripted([json(200, { id: 1 }, { etag: '"3"' })]);
    const reply = await client.call('subnet.set', {
      params: { subnet: '10.0.0.0/24' },
      body: { dnsOn: false },
      query: { dry_run: false },
    });
    expect(reply).toEqual({ status: 200, body: { id: 1 }, etag: '"3"', change: null });
    expect(seen[0]).toMatchObject({
      url: 'http://127.0.0.1:5240/api/v1/subnets/10.0.0.0%2F24?dry_run=false',
      method: 'PATCH',
      body: '{"dnsOn":false}',
      headers: { authorization: 'Bearer regent:token:secret', 'idempotency-key': 'key1' },
    });
  });

  it('repeats a change with the same key after network faults and 503, and honours Retry-After', async () => {
    const away = new Response('{}', { status: 503, headers: { 'retry-after': '2' } });
    const { client, seen, waits } = scripted([refused(), away, json(201, { id: 7 })]);
    await client.call('record.create', { body: { fqdn: 'a.b', type: 'A', data: '192.0.2.1' } });
    expect(seen.map((call) => call.headers['idempotency-key'])).toEqual(['key1', 'key1', 'key1']);
    expect(waits[1]).toBe(2000);
  });

  it('gives up at its deadline and says what happened', async () => {
    const { client, waits } = scripted([refused()], 5000);
    const error = await client.call('status.show', {}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AppError);
    expect(String(error)).toContain('connect ECONNREFUSED');
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(5000);
  });

  it('goes on to the other addresses at once, with the same key, and pauses after the last', async () => {
    const others = ['http://b:5240', 'http://c:5240/'];
    const { client, seen, waits } = scripted(
      [reset(), problem(503, 'unavailable'), refused(), json(201, {})],
      9000,
      others,
    );
    await client.call('domain.create', { body: { name: 'a.test' } });
    expect(seen.map(({ url }) => new URL(url).host)).toEqual(['127.0.0.1:5240', 'b:5240', 'c:5240', '127.0.0.1:5240']);
    expect(new Set(seen.map((call) => call.headers['idempotency-key'])).size).toBe(1);
    expect(waits.slice(0, 2)).toEqual([0, 0]);
    expect(waits[2]).toBeGreaterThan(0);
  });

  it('says when a change may have been made, and with which key to learn it; not when it surely was not', async () => {
    const told = async (answers: Answer[], call: 'change' | 'read') => {
      const { client } = scripted(answers, 1000);
      const asked =
        call === 'read' ? client.call('status.show', {}) : client.call('domain.create', { body: { name: 'a.test' } });
      return asked.then(
        () => 'answered',
        (error: unknown) => String(error),
      );
    };
    const doubt =
      'Whether the change was made is not known: check before you make it again, or repeat the call with the same Idempotency-Key (key1)';
    expect(await told([reset(), refused()], 'change')).toContain(doubt);
    expect(await told([reset(), problem(503, 'unavailable')], 'change')).toBe(`ProblemError: a sentence. ${doubt}.`);
    expect(await told([problem(504, 'unavailable')], 'change')).toContain(doubt);
    expect(await told([refused()], 'change')).not.toContain('not known');
    expect(await told([problem(503, 'unavailable')], 'change')).toBe('ProblemError: a sentence');
    expect(await told([reset()], 'read')).not.toContain('not known');
    // An answer with the same key is the change's own, whatever went before.
    expect(await told([reset(), problem(409, 'conflict')], 'change')).toBe('ProblemError: a sentence');
  });

  it('does not wait for a Retry-After beyond its deadline', async () => {
    const away = new Response('{}', { status: 503, headers: { 'retry-after': '60' } });
    const { client, waits } = scripted([away], 30_000);
    await expect(client.call('status.show', {})).rejects.toBeInstanceOf(ProblemError);
    expect(waits).toEqual([]);
  });

  it('gives the problem of a 503 when it lasts, and a refusal at once', async () => {
    const lasting = await scripted([problem(503, 'unavailable')], 2000)
      .client.call('status.show', {})
      .catch((caught: unknown) => caught);
    expect(lasting).toBeInstanceOf(ProblemError);
    const { client, seen } = scripted([problem(409, 'conflict')]);
    const refusal = await client.call('domain.create', { body: { name: 'a.test' } }).catch((caught: unknown) => caught);
    expect(refusal).toMatchObject({ problem: { code: 'conflict', detail: 'a sentence' } });
    expect(seen).toHaveLength(1);
  });

  it('says so when something else than Regent answers', async () => {
    const { client } = scripted([new Response('<html>', { status: 200 })]);
    await expect(client.call('me.show', {})).rejects.toThrow("not one of Regent's API");
  });

  it('reads all pages', async () => {
    const { client, seen } = scripted([json(200, { items: [1, 2], next: 'c' }), json(200, { items: [3], next: null })]);
    const items: unknown[] = [];
    for await (const item of client.all('domain.list', { query: { sort: 'name' } })) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expect(seen[1]?.url).toContain('sort=name&cursor=c');
  });

  it('resumes events from the last id, over broken streams', async () => {
    const event = (id: number) => `id: ${id}\ndata: ${JSON.stringify({ id, kind: 'a.b' })}\n\n`;
    const stream = (text: string) => new Response(text, { status: 200 });
    const { client, seen } = scripted([
      stream(`: hello\n\n${event(4)}${event(5)}id: 6\ndata: {"cut`),
      refused(),
      stream(event(6)),
    ]);
    const stop = new AbortController();
    const ids: number[] = [];
    for await (const item of client.events(3, stop.signal)) {
      ids.push(item.id);
      if (item.id === 6) stop.abort();
    }
    expect(ids).toEqual([4, 5, 6]);
    expect(seen.map((call) => call.headers['last-event-id'])).toEqual(['3', '5', '5']);
  });

  it('resumes a stream that broke before its first event from where it began, at the next address', async () => {
    const stream = (text: string) => new Response(text, { status: 200 });
    const event = (id: number) => `id: ${id}\ndata: ${JSON.stringify({ id, kind: 'a.b' })}\n\n`;
    const answers = [stream('retry: 1000\nid: 7\n\n'), stream(`id: 7\n\n${event(7)}${event(8)}`)];
    const { client, seen } = scripted(answers, 10_000, ['http://b:5240']);
    const stop = new AbortController();
    for await (const item of client.events(null, stop.signal)) {
      expect(item.id).toBe(8);
      stop.abort();
    }
    expect(seen.map(({ url, headers }) => [new URL(url).host, headers['last-event-id']])).toEqual([
      ['127.0.0.1:5240', undefined],
      ['b:5240', '7'],
    ]);
  });

  it('ends the event stream with the refusal', async () => {
    const { client } = scripted([problem(401, 'unauthenticated')]);
    const next = client.events(null, new AbortController().signal).next();
    await expect(next).rejects.toBeInstanceOf(ProblemError);
  });
});
