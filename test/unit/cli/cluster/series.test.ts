import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, run } from '../fake-region.ts';

const LEASES = {
  name: 'regent_pool_leases',
  unit: 'count',
  labels: ['subnet'],
  help: 'Dynamic addresses with a lease.',
};
const SPAN = { step: '1h', from: '2026-03-01T06:00:00.000Z', to: '2026-03-01T09:00:00.000Z', definitions: [LEASES] };
const forecast = (fullAt: string | null) => ({
  ...SPAN,
  series: [
    {
      name: 'regent_pool_leases',
      labels: { subnet: '10.0.0.0/24' },
      values: [52.5, null, 54],
      low: [52, null, 54],
      high: [53, null, 54],
      forecast: { limit: 100, fullAt },
    },
  ],
});

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('series on the command line', () => {
  it('are listed without a name', async () => {
    region.on('GET /series', { body: { ...SPAN, series: [] } });

    const { out } = await regent('series');

    expect(out).toMatch(/^regent_pool_leases +count +subnet +Dynamic addresses with a lease\.$/m);
  });

  it('have a row for each value, none for a gap, and the end of a pool', async () => {
    region.on('GET /series', { body: forecast('2026-03-04T10:00:00.000Z') });

    const { out, err } = await regent('series regent_pool_leases --label subnet=10.0.0.0/24 --step 1h');

    const rows = out.split('\n').filter((line) => line.includes('regent_pool_leases'));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/regent_pool_leases\{subnet=10\.0\.0\.0\/24\} +52\.5 +52 +53$/);
    expect(err).toMatch(/: 100 addresses; full .+ by a line through these values\.$/m);
  });

  it('say if a pool has no end', async () => {
    region.on('GET /series', { body: forecast(null) });

    expect((await regent('series regent_pool_leases')).err).toContain('no end within 400 days by these values');
    expect(JSON.parse((await regent('series regent_pool_leases -o json')).out)).toEqual(forecast(null));
  });

  it('refuse a moment that is none', async () => {
    const { err } = await regent('series regent_pool_leases --from soon');

    expect(err).toContain('--from: "soon" is neither a span nor a moment. Rule: 30m, 2h, 7d');
  });
});
