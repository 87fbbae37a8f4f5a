import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_PREFIX } from '../../../src/contract/routes.ts';
import { SERIES } from '../../../src/region/cluster/series/table.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const HOUR = 3600;
const DAY = 86_400;
const SUBNET = '10.10.20.0/24';
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const admin = (text: string) => pg.get().admin(text, site.connection.database);
/** The hour that has begun, Unix time. */
const hour = () => Math.floor(Date.now() / 1000 / HOUR) * HOUR;

/** Two days in which a lease came every hour, at both subnets; an hour without values; pools of 100. */
beforeEach(async () => {
  const slot = hour() / 300;
  await admin(`truncate series cascade;
    insert into series (name, labels) select n, jsonb_build_object('subnet', c)
      from unnest(array['regent_pool_leases', 'regent_pool_addresses']) as n, unnest(array['${SUBNET}', '10.10.30.0/24']) as c;
    insert into series_samples select s.id, ${slot} - 12 * h, case s.name when 'regent_pool_leases' then 60 - h else 100 end
      from series s, generate_series(0, 48) as h where h <> 5;
    update chores set last_ran = now() where name = 'series'`);
});

const ask = (query: string) => site.call('GET', `/series?${query}`);
const field = async (query: string) => (await ask(query)).body['fields'];

describe('GET /series', () => {
  it('lists every series with its unit and its meaning', async () => {
    const { status, body } = await site.call('GET', '/series');

    expect(status).toBe(200);
    expect(body).toMatchObject({ definitions: SERIES, series: [], step: '5m' });
  });

  it('gives one value for each step, and null for a gap', async () => {
    const from = hour() - 8 * HOUR;
    const { body } = await ask(
      `name=regent_pool_leases&label=subnet=${SUBNET}&step=1h&from=${iso(from)}&to=${iso(hour())}`,
    );

    expect(body).toMatchObject({ step: '1h', from: iso(from), to: iso(hour()) });
    expect(body['definitions']).toMatchObject([{ name: 'regent_pool_leases', unit: 'count' }]);
    const values = [52, 53, 54, null, 56, 57, 58, 59];
    expect(body['series']).toMatchObject([
      { name: 'regent_pool_leases', labels: { subnet: SUBNET }, values, low: values, high: values },
    ]);
  });

  it('gives several names in one call, of five minutes without bounds', async () => {
    const { body } = await ask(
      `name=regent_pool_leases,regent_pool_addresses&from=${iso(hour())}&to=${iso(hour() + 300)}`,
    );

    expect(body['series']).toEqual(
      ['regent_pool_addresses', 'regent_pool_leases'].flatMap((name) =>
        [SUBNET, '10.10.30.0/24'].map((subnet) =>
          expect.objectContaining({ name, labels: { subnet }, values: [name === 'regent_pool_leases' ? 60 : 100] }),
        ),
      ),
    );
    expect(Object.keys((body['series'] as object[])[0] ?? {})).toEqual(['name', 'labels', 'values']);
  });

  it('says when a pool is full', async () => {
    const { body } = await ask(`name=regent_pool_leases&label=subnet=${SUBNET}&step=1h&from=${iso(hour() - 2 * DAY)}`);

    const [one] = body['series'] as { forecast: { limit: number; fullAt: string } }[];
    expect(one?.forecast.limit).toBe(100);
    expect(Math.abs(Date.parse(one?.forecast.fullAt ?? '') / 1000 - (hour() + 40 * HOUR))).toBeLessThan(60);
    const short = await ask(`name=regent_pool_leases&label=subnet=${SUBNET}&from=${iso(hour() - 5 * HOUR)}`);
    expect(short.body['series']).toMatchObject([{ forecast: { limit: 100, fullAt: null } }]);
  });

  it('is not sent again while nothing has changed', async () => {
    const query = `name=regent_pool_leases&step=1h&from=${iso(hour() - DAY)}&to=${iso(hour())}`;
    const headers = { authorization: `Bearer ${site.keys.auditor}` };
    const get = (tag?: string) =>
      site.api.inject({
        method: 'GET',
        url: `${API_PREFIX}/series?${query}`,
        headers: tag === undefined ? headers : { ...headers, 'if-none-match': tag },
      });
    const tag = String((await get()).headers['etag']);

    expect(tag).toMatch(/^"\d{1,15}"$/);
    expect((await get(tag)).statusCode).toBe(304);
    await admin(`update series_samples set value = 1 where slot = ${hour() / 300} - 12`);
    expect((await get(tag)).statusCode).toBe(200);
  });

  it('refuses what it does not have, with the rule', async () => {
    expect(await field('name=regent_pool_lease')).toMatchObject([
      { field: 'name', problem: expect.stringContaining('the nearest is "regent_pool_leases"') },
    ]);
    expect(
      await field(
        `name=${SERIES.slice(0, 17)
          .map(({ name }) => name)
          .join()}`,
      ),
    ).toMatchObject([{ field: 'name', rule: 'at most 16 names in a call' }]);
    expect(await field('name=regent_leases&label=subnet=a')).toMatchObject([
      { field: 'label', problem: 'regent_leases has no label "subnet"' },
    ]);
    expect(await field('name=regent_pool_leases&label=subnet')).toMatchObject([
      { field: 'label', rule: 'KEY=VALUE; KEY is a label of each of the names' },
    ]);
    expect(await field(`name=regent_leases&step=5m&from=${iso(hour() - 10 * DAY)}`)).toMatchObject([
      { field: 'from', rule: 'step 5m has the last 8 days, step 1h the last 400 days' },
    ]);
    expect(await field('name=regent_leases&from=yesterday')).toMatchObject([{ field: 'from' }]);
    expect(await field('name=regent_leases&step=1d')).toMatchObject([{ field: 'step' }]);
    await admin(
      `insert into series (name, labels) select 'regent_pool_leases', jsonb_build_object('subnet', n) from generate_series(1, 30) as n`,
    );
    expect(await field(`name=regent_pool_leases&step=5m&from=${iso(hour() - 7.9 * DAY)}`)).toMatchObject([
      { field: 'from', rule: expect.stringContaining('at most 60000 points in an answer') },
    ]);
  });

  it('has what the task of a region stores, at once and once in five minutes', async () => {
    await admin("truncate series cascade; update chores set last_ran = '-infinity' where name = 'series'");
    const stop = site.region.startTasks();
    const stored = async () => Number((await admin('select count(*) as n from series_samples'))[0]?.['n']);
    await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(5), { timeout: 20_000, interval: 100 });
    await stop();

    const { body } = await ask('name=regent_database_up,regent_machines,regent_leases');
    const values = (body['series'] as { name: string; values: (number | null)[] }[]).map((one) => [
      one.name,
      one.values.filter((value) => value !== null),
    ]);
    expect(values).toContainEqual(['regent_database_up', [1]]);
    expect(values).toContainEqual(['regent_leases', [0]]);
    const names = new Set((await admin('select name from series')).map((row) => String(row['name'])));
    expect([...names].filter((name) => SERIES.every((one) => one.name !== name))).toEqual([]);
  });

  it('is for watchers only, as the metrics are', async () => {
    const status = async (key: string) =>
      (
        await site.api.inject({
          method: 'GET',
          url: `${API_PREFIX}/series`,
          headers: { authorization: `Bearer ${key}` },
        })
      ).statusCode;

    expect(await Promise.all([site.keys.auditor, site.keys.user, 'a:b:c'].map(status))).toEqual([200, 403, 401]);
  });
});
