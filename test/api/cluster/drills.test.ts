import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/drills/hazards/catalogue.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { hazard, round } from '../../unit/drills/report-rounds.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { version: '1.2.3' });
});
afterAll(() => site.close());

const RUN = '018f3c1e-0000-7000-8000-000000000001';
const send = (number: number, options: object = {}) =>
  site.call('POST', '/drills/ledger', { body: { run: RUN, number }, ...options });
const itemsOf = async (path: string) => (await site.call('GET', path)).body['items'] as Record<string, unknown>[];

describe('the ledger of a drill', () => {
  it('takes each number once, whoever repeats it, and configures nothing', async () => {
    const status = async () => (await site.call('GET', '/status')).body['revision'];
    const traces = async () => [await status(), await itemsOf('/events?limit=1000'), await itemsOf('/config/history')];
    const before = await traces();
    const headers = { 'idempotency-key': 'one' };
    const first = await send(1, { headers, role: 'operator' });
    expect(first).toMatchObject({ status: 201, body: { run: RUN, number: 1, writtenAt: expect.any(String) } });
    const second = await send(1, { headers, role: 'operator' });
    expect(second).toMatchObject({ status: 201, body: first.body, headers: { 'idempotent-replayed': 'true' } });
    expect(await send(1)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await traces()).toEqual(before);
  });

  it('is read by run, in pages', async () => {
    for (const number of [4, 2, 3]) expect((await send(number)).status).toBe(201);
    const page = await site.call('GET', `/drills/ledger/${RUN.toUpperCase()}?limit=3&fields=number`);
    expect(page.body['items']).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
    const rest = await itemsOf(`/drills/ledger/${RUN}?limit=3&cursor=${page.body.next}`);
    expect(rest).toMatchObject([{ number: 4 }]);
    expect(await itemsOf('/drills/ledger/018f3c1e-0000-7000-8000-00000000ffff')).toEqual([]);
  });

  it.each([
    ['no number', { run: RUN }, 'number', 'number: it is missing.'],
    ['a number too small', { run: RUN, number: 0 }, 'number', 'number: 0 must be >= 1.'],
    ['a number too large', { run: RUN, number: 2 ** 31 }, 'number', 'number: 2147483648 must be <= 2147483647.'],
    ['a name as run', { run: 'x', number: 1 }, 'run', 'run: "x" is not the UUID of a run. Rule: 8-4-4-4-12'],
    ['a member too many', { run: RUN, number: 1, host: 'r1' }, 'host', 'host: there is no such field.'],
  ])('refuses %s', async (_what, body, field, detail) => {
    const answer = await site.call('POST', '/drills/ledger', { body });
    expect(answer).toMatchObject({
      status: 422,
      body: { fields: [{ field }], detail: expect.stringContaining(detail) },
    });
  });
});

const roundOf = (hazard: string, round: number, isHeld = true) => {
  const name = { hazard, round, seed: 4_294_967_296, startedAt: '2026-03-01T10:00:00.000Z' };
  const checks = [{ what: 'outage', probe: 'write', isHeld, limit: '4.0 s', measured: '3.1 s' }];
  return {
    run: RUN,
    verdict: { ...name, isPassed: isHeld, checks, redundantMs: 12_000.5 },
    timeline: { ...name, lanes: [{ probe: 'write', samples: [{ sentAt: 0.5, endedAt: 2 }] }] },
  };
};
const store = (body: unknown) => site.call('POST', '/drills/rounds', { body });

describe('rounds of drills', () => {
  it('are stored with the product’s version, told as one event, and shown whole', async () => {
    const body = roundOf('host-kill-primary', 1, false);
    const stored = await store(body);
    expect(stored).toMatchObject({
      status: 201,
      body: {
        run: RUN,
        hazard: 'host-kill-primary',
        seed: 4_294_967_296,
        isPassed: false,
        broken: ['outage'],
        version: '1.2.3',
      },
    });
    expect(stored.body).not.toHaveProperty('timeline');
    const { verdict, timeline } = body;
    const shown = await site.call('GET', `/drills/rounds/${stored.body.id}`, { role: 'auditor' });
    expect(shown).toMatchObject({ status: 200, body: { ...stored.body, verdict, timeline } });
    const events = await itemsOf('/events?kind=drill');
    expect(events).toMatchObject([{ kind: 'drill.recorded', subject: 'host-kill-primary', data: stored.body }]);
    expect((await store(body)).body.detail).toContain('This round of the run is stored already.');
  });

  it('are listed newest first, by hazard, by verdict and by run', async () => {
    for (const round of [2, 3]) await store(roundOf('host-kill-primary', round));
    await store(roundOf('disk-full-wal', 1));
    const rounds = async (query: string) =>
      (await itemsOf(`/drills/rounds?${query}`)).map(({ hazard, round }) => `${String(hazard)} ${String(round)}`);
    const first = await site.call('GET', '/drills/rounds?limit=2');
    expect(first.body['items']).toMatchObject([{ hazard: 'disk-full-wal' }, { round: 3 }]);
    expect(await rounds(`limit=2&cursor=${first.body.next}`)).toEqual(['host-kill-primary 2', 'host-kill-primary 1']);
    expect(await rounds('hazard=disk-full-wal')).toEqual(['disk-full-wal 1']);
    expect(await rounds('hazard=host-kill-primary&passed=false')).toEqual(['host-kill-primary 1']);
    expect(await rounds(`run=${RUN}&passed=true&sort=id&limit=1`)).toEqual(['host-kill-primary 2']);
    expect(await rounds('run=018f3c1e-0000-7000-8000-00000000ffff')).toEqual([]);
    expect((await site.call('GET', '/drills/rounds?run=x')).status).toBe(422);
    expect((await site.call('GET', '/drills/rounds/999')).body.code).toBe('not_found');
    expect((await site.call('GET', '/drills/rounds/last')).body.code).toBe('not_found');
  });

  it('may be larger than other bodies, and no larger than their own bound', async () => {
    const body = roundOf('noise', 1);
    const padded = (bytes: number) => ({ ...body, timeline: { ...body.timeline, pad: 'x'.repeat(bytes) } });
    const large = await store(padded(1.9 * 1024 * 1024));
    expect(large.status).toBe(201);
    expect((await store(padded(2.2 * 1024 * 1024))).body).toMatchObject({
      code: 'invalid_value',
      fields: [{ field: 'timeline' }],
    });
    const flood = await store(padded(3 * 1024 * 1024));
    expect(flood).toMatchObject({
      status: 413,
      body: { detail: 'The body is larger than the limit of 2621440 bytes.' },
    });
    expect((await site.call('GET', `/drills/rounds/${large.body.id}`)).raw.length).toBeGreaterThan(1.9 * 1024 * 1024);
  });

  it.each([
    [
      'another round’s recording',
      (body: ReturnType<typeof roundOf>) => ({ ...body, timeline: { ...body.timeline, seed: 7 } }),
      'timeline/seed',
    ],
    [
      'no checks',
      ({ run, timeline }: ReturnType<typeof roundOf>) => ({ run, timeline, verdict: timeline }),
      'verdict/checks',
    ],
    ['a hazard that is none', () => roundOf('Kill It', 1), 'verdict/hazard'],
    [
      'a time that is none',
      (body: ReturnType<typeof roundOf>) => ({ ...body, verdict: { ...body.verdict, startedAt: 'noon' } }),
      'verdict/startedAt',
    ],
    [
      'a text with a line end',
      (body: ReturnType<typeof roundOf>) => ({ ...body, timeline: { ...body.timeline, note: 'a\nb' } }),
      'timeline/note',
    ],
  ])('are refused with %s', async (_what, change, field) => {
    const answer = await store(change(roundOf('refused', 9)));
    expect(answer.status, answer.raw).toBe(422);
    expect(answer.body.fields?.map((problem) => problem.field)).toContain(field);
  });
});

describe('reports of stored rounds', () => {
  const OTHER = '018f3c1e-0000-7000-8000-000000000002';
  const report = (query: string) => site.call('GET', `/drills/report?${query}`, { role: 'auditor' });
  const keep = async (number: number, options: Parameters<typeof round>[0] = {}, run = OTHER) => {
    const { verdict, timeline } = round({ number, ...options });
    const stored = await store({ run, verdict, timeline });
    expect(stored.status, stored.raw).toBe(201);
    return String(stored.body.id);
  };

  it('are made of one round and of a run, in each form', async () => {
    const id = await keep(1);
    await keep(2, { writeMs: 22_000, hazard: hazard({ id: 'of-tomorrow', title: 'not told' }) });
    const text = await report(`round=${id}`);
    expect(text).toMatchObject({ status: 200, body: { format: 'text' } });
    expect(text.body['text']).toMatch(/^PASSED {2}host-kill-primary · round 1\n/);
    expect((await report(`run=${OTHER}`)).body['text']).toContain('1 of 2 rounds passed');
    const junit = String((await report(`run=${OTHER.toUpperCase()}&format=junit`)).body['text']);
    expect(junit).toContain('tests="2" failures="1"');
    const html = String((await report(`run=${OTHER}&format=html`)).body['text']);
    expect(html).toMatch(/^<!DOCTYPE html>/);
    expect(html.match(/The whole round/g)).toHaveLength(2);
    // A hazard that this version does not know is told by its id.
    expect(html).toContain('of-tomorrow');
    expect(html).not.toContain('not told');
    // A browser that follows a link gets the file, in which nothing runs.
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const path = `/drills/report?run=${OTHER}&format=html`;
    const file = await site.call('GET', path, { role: 'auditor', headers: { accept } });
    expect(file).toMatchObject({ status: 200, raw: html });
    expect(file.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': 'inline; filename="drill.html"',
      'content-security-policy': expect.stringContaining('sandbox'),
    });
    expect((await site.call('GET', path, { headers: { accept: '*/*' } })).body['format']).toBe('html');
  });

  it('refuse what is not there, what is not named, and a recording of another shape', async () => {
    expect((await report('round=9999')).body.code).toBe('not_found');
    expect((await report('run=018f3c1e-0000-7000-8000-00000000ffff')).body.code).toBe('not_found');
    for (const query of ['', `round=1&run=${OTHER}`, 'run=x', 'round=1&format=pdf']) {
      expect((await report(query)).status, query).toBe(422);
    }
    const bare = await store(roundOf('bare', 1));
    const refused = await report(`round=${bare.body.id}&format=html`);
    expect(refused).toMatchObject({ status: 422, body: { fields: [{ field: 'round' }] } });
    expect(refused.body.detail).toContain(`round ${bare.body.id} cannot be reported: verdict/outages is missing`);
  });

  it('take 300 rounds and no more', async () => {
    const run = '018f3c1e-0000-7000-8000-000000000003';
    await keep(1, { probes: ['write'] }, run);
    await site.db.repeatable((tx) =>
      tx.run(sql`insert into drill_rounds (run, hazard, round, seed, started_at, passed, version, verdict, timeline)
        select run, hazard, n, seed, started_at, passed, version, verdict, timeline
        from drill_rounds, generate_series(2, 300) n where run = ${run}::uuid`),
    );
    expect((await report(`run=${run}`)).body['text']).toContain('of 300 rounds passed');
    expect((await report(`run=${run}&format=html`)).status).toBe(200);
    await keep(301, { probes: ['write'] }, run);
    expect((await report(`run=${run}`)).body.detail).toContain('the run has more than 300 rounds');
  });
});

describe('the hazards', () => {
  it('are those that this version can make', async () => {
    const items = await itemsOf('/drills/hazards');
    expect(items.map(({ id }) => id)).toEqual(CATALOGUE.map(({ id }) => id));
    expect(items[0]).toMatchObject({ group: CATALOGUE[0]?.group, title: CATALOGUE[0]?.title, isLong: false });
  });
});
