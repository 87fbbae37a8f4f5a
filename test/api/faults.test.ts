import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log, LogFields } from '../../src/core/ports.ts';
import { usePostgres } from '../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../kit/region.ts';
import { pause, until } from '../kit/until.ts';

const pg = usePostgres();
let site: TestRegion;
const lines: string[] = [];

function recording(): Log {
  const line = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push(JSON.stringify({ level, message, ...fields }));
  const log: Log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    with: () => log,
  };
  return log;
}

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { log: recording(), deadlineMs: 1500 });
});
afterAll(() => site.close());

describe('the database away', () => {
  it('does what its callers still wait for when it is back, and nothing for those who have gone', {
    timeout: 60_000,
  }, async () => {
    const patient = await startTestRegion(pg.get(), { deadlineMs: 20_000 });
    try {
      const url = await patient.api.listen({ host: '127.0.0.1', port: 0 });
      const post = (name: string, signal: AbortSignal) =>
        fetch(`${url}/api/v1/domains`, {
          method: 'POST',
          headers: { authorization: `Bearer ${patient.keys.admin}`, 'content-type': 'application/json' },
          body: JSON.stringify({ name }),
          signal,
        }).then(
          ({ status }) => status,
          () => 'gone',
        );
      expect((await patient.call('GET', '/domains')).status).toBe(200);
      await pg.get().server.halt();
      const leaving = new AbortController();
      const calls = ['goes.test', 'stays.test', 'goes-too.test'].map((name) =>
        post(name, name.startsWith('goes') ? leaving.signal : AbortSignal.timeout(20_000)),
      );
      await pause(500);
      leaving.abort();
      await pg.get().server.start();
      expect(await Promise.all(calls)).toEqual(['gone', 201, 'gone']);
      // What came after them is done: nothing of theirs is still on its way.
      await pause(500);
      const { body } = await patient.call('GET', '/domains');
      const names = (body as { items: { name: string }[] }).items.map(({ name }) => name);
      expect(names.filter((name) => /go|stay/.test(name))).toEqual(['stays.test']);
    } finally {
      if (pg.get().server.pid() === null) await pg.get().server.start();
      await patient.close();
    }
  });

  it('is 503 with Retry-After and a sentence, live but not ready, and well again by itself', {
    timeout: 60_000,
  }, async () => {
    expect((await site.call('GET', '/domains')).status).toBe(200);
    await pg.get().server.halt();
    try {
      const answers = await Promise.all([
        site.call('GET', '/domains'),
        site.call('POST', '/domains', { body: { name: 'away.test' }, headers: { 'idempotency-key': 'away' } }),
        site.call('GET', '/me', { role: 'operator' }),
      ]);
      for (const answer of answers) {
        expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', status: 503 } });
        expect(answer.headers['retry-after']).toBe('2');
        expect(answer.raw).not.toMatch(/at .*\.ts|node_modules|ECONN.*\n/);
      }
      expect((await site.api.inject('/health/live')).statusCode).toBe(200);
      expect((await site.api.inject('/health/ready')).statusCode).toBe(503);
      // Nobody listens where it asks: that may be its own trouble alone.
      expect((await site.api.inject('/health/ready?held')).statusCode).toBe(503);
    } finally {
      await pg.get().server.start();
    }
    await until('ready again', async () => (await site.api.inject('/health/ready')).statusCode === 200);
    const retry = await site.call('POST', '/domains', {
      body: { name: 'away.test' },
      headers: { 'idempotency-key': 'away' },
    });
    expect(retry.status).toBe(201);
  });

  it('killed under writes: each acknowledged write is there afterwards, each unknown one can be repeated', {
    timeout: 90_000,
  }, async () => {
    const acknowledged: string[] = [];
    let isOver = false;
    const writer = async (lane: number) => {
      for (let n = 0; !isOver || n < 5; n += 1) {
        const name = `k${lane}-${n}.test`;
        const headers = { 'idempotency-key': name };
        await until(
          `write ${name}`,
          async () => (await site.call('POST', '/domains', { body: { name }, headers })).status === 201,
          {
            deadlineMs: 30_000,
          },
        );
        acknowledged.push(name);
      }
    };
    const writing = Promise.all([0, 1, 2].map(writer));
    for (let round = 0; round < 3; round += 1) {
      const goal = acknowledged.length + 15;
      await until('some writes', () => acknowledged.length >= goal, { deadlineMs: 30_000 });
      pg.get().server.kill('SIGKILL');
      await pg.get().server.start();
    }
    isOver = true;
    await writing;
    const names = new Set<string>();
    let cursor = '';
    do {
      const page = await site.call('GET', `/domains?limit=1000${cursor ? `&cursor=${cursor}` : ''}`);
      for (const domain of page.body['items'] as { name: string }[]) names.add(domain.name);
      cursor = page.body.next ?? '';
    } while (cursor !== '');
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('secrets', () => {
  it('are in no log line, error, event, history or list', async () => {
    const made = await site.call('POST', '/api-keys', { body: { label: 'planted' } });
    const secret = made.body.key?.split(':')[2] ?? 'none';
    const auth = (authorization: string) => site.api.inject({ url: '/api/v1/me', headers: { authorization } });
    const wrong = `Bearer regent:token:${secret}x`;
    const answers = [
      (await auth(wrong)).body,
      (await site.call('POST', '/domains', { body: { name: secret, secret } })).raw,
      (await site.call('GET', '/api-keys?limit=1000')).raw,
      (await site.call('GET', '/config/history?limit=1000')).raw,
      (await site.call('GET', '/events?limit=1000')).raw,
      (
        await site.agentApi.inject({
          url: '/agent/v1/desired',
          headers: { authorization: `Bearer node:r1:${NODE_SECRET}x` },
        })
      ).body,
    ];
    expect(answers[1]).toContain('no such field');
    for (const answer of [...answers.toSpliced(1, 1), ...lines]) {
      expect(answer).not.toContain(secret);
      expect(answer).not.toContain(NODE_SECRET);
    }
    for (const key of Object.values(site.keys)) {
      expect([...answers, ...lines].join('\n')).not.toContain(key.split(':')[2]);
    }
    const rows = await pg.get().admin<{ text: string }>(
      `select string_agg(t::text, ' ') as text from (select to_jsonb(i) as t from idempotency i union all select to_jsonb(e) from events e
        union all select to_jsonb(h) from history h union all select to_jsonb(a) from audit a union all select to_jsonb(k) from api_keys k) x`,
      site.connection.database,
    );
    expect(rows[0]?.text.length).toBeGreaterThan(1000);
    expect(rows[0]?.text).not.toContain(secret);
  });

  it('a fault answers without its inside', async () => {
    const broken = await startTestRegion(pg.get(), { log: recording() });
    await pg.get().admin('drop table events', broken.connection.database);
    const answer = await broken.call('POST', '/domains', { body: { name: 'fault.test' } });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(answer.raw).not.toContain('relation');
    expect(lines.at(-1)).toContain('relation');
    await broken.close();
  });
});
