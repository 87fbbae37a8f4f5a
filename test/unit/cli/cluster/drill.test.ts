import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const RUN = '018f3c1e-0000-7000-8000-000000000001';
const NAME = { hazard: 'host-kill-primary', round: 3, seed: 4_294_967_296, startedAt: '2026-03-01T09:58:00.000Z' };
const GOOD = {
  id: 12,
  run: RUN,
  ...NAME,
  isPassed: true,
  broken: [],
  version: '1.2.3',
  label: null,
  storedAt: NAME.startedAt,
};
const BAD = { ...GOOD, id: 13, round: 4, isPassed: false, broken: ['ledger', 'outage'] };
const CHECKS = [
  { what: 'ledger', isHeld: true, limit: '0 lost', measured: '0 lost' },
  { what: 'outage', probe: 'write', isHeld: false, limit: '4.0 s', measured: '22.1 s' },
];
const WHOLE = {
  ...BAD,
  verdict: { ...NAME, isPassed: false, checks: CHECKS },
  timeline: { ...NAME, lanes: [{ a: 1 }] },
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('drills on the command line', () => {
  it('every command has an example that names it', () => {
    const commands = NOUNS.find(({ noun }) => noun === 'drill')?.commands ?? [];
    expect(commands.map(({ verb }) => verb)).toEqual(
      expect.arrayContaining(['list', 'run', 'abort', 'history', 'show', 'export']),
    );
    for (const { verb, examples } of commands) expect(examples?.[0]).toMatch(`regent drill ${verb}`);
  });

  it('lists rounds as the region has them, and asks for those that are wanted', async () => {
    region.on('GET /drills/rounds', page(BAD, GOOD));
    const { code, out } = await regent('drill history');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'ID  STARTED               HAZARD             ROUND  VERDICT  BROKEN          SEED        WHERE',
      '13  2026-03-01 09:58:00Z  host-kill-primary  4      failed   ledger, outage  4294967296  lab',
      '12  2026-03-01 09:58:00Z  host-kill-primary  3      passed   -               4294967296  lab',
    ]);
    expect(Object.fromEntries(region.seen.at(-1)?.query ?? [])).toEqual({ limit: '20' });
    await regent(`drill history --failed --hazard disk-full-wal --run ${RUN} --limit 5`);
    expect(Object.fromEntries(region.seen.at(-1)?.query ?? [])).toEqual({
      limit: '5',
      passed: 'false',
      hazard: 'disk-full-wal',
      run: RUN,
    });
    expect(await regent('drill history --limit 1001')).toMatchObject({ code: 2, out: '' });
  });

  it('shows every check of a round', async () => {
    region.on('GET /drills/rounds/13', { body: WHOLE });
    const { code, out } = await regent('drill show 13');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'Round:    13: host-kill-primary, round 4',
      'Verdict:  failed',
      'Started:  2026-03-01 09:58:00Z (2 min ago)',
      'Where:    lab',
      'Seed:     4294967296',
      `Run:      ${RUN}`,
      'Version:  1.2.3',
      'Checks:   held    ledger: 0 lost (limit 0 lost)',
      '          BROKEN  outage of write: 22.1 s (limit 4.0 s)',
      '',
    ]);
    expect(JSON.parse((await regent('drill show 13 -o json')).out)).toEqual(WHOLE);
    region.on('GET /drills/rounds/99', problem(404, 'not_found', 'There is no round of a drill "99".'));
    expect(await regent('drill show 99')).toMatchObject({ code: 3, out: '' });
  });

  it('exports one round, or all of a run page by page, as one list', async () => {
    region.on('GET /drills/rounds/13', { body: WHOLE });
    region.on('GET /drills/rounds/12', { body: { ...WHOLE, ...GOOD } });
    expect(JSON.parse((await regent('drill export 13 --format json')).out)).toEqual([WHOLE]);
    region.reply('GET /drills/rounds', ({ query }) => ({
      body: query.has('cursor') ? { items: [{ id: 13 }], next: null } : { items: [{ id: 12 }], next: 'more' },
    }));
    const { code, out } = await regent(`drill export --run ${RUN}`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual([{ ...WHOLE, ...GOOD }, WHOLE]);
    const asked = region.seen.filter(({ path }) => path === '/drills/rounds').map(({ query }) => query.get('run'));
    expect(asked).toEqual([RUN, RUN]);
  });

  it('prints the report that the region makes of a round or a run', async () => {
    region.on('GET /drills/report', { body: { format: 'html', text: '<!DOCTYPE html>\n' } });
    expect(await regent(`drill export --run ${RUN} --format html`)).toMatchObject({
      code: 0,
      out: '<!DOCTYPE html>\n',
    });
    await regent('drill export 13 --format junit');
    expect(region.seen.map(({ query }) => Object.fromEntries(query))).toEqual([
      { format: 'html', run: RUN },
      { format: 'junit', round: '13' },
    ]);
  });

  it('lists the hazards that the region knows', async () => {
    const items = [{ id: 'disk-full-wal', group: 'disk', title: 'The disk of the WAL is full', isLong: false }];
    region.on('GET /drills/hazards', { body: { items } });
    const { code, out } = await regent('drill list');
    expect(code).toBe(0);
    expect(out).toBe('ID             GROUP  TITLE\ndisk-full-wal  disk   The disk of the WAL is full\n');
    expect((await regent('drill list -o name')).out).toBe('disk-full-wal\n');
  });

  it('exports nothing that was not named, and says so of a run without rounds', async () => {
    for (const line of ['drill export', `drill export 13 --run ${RUN}`, 'drill export 13 --format pdf']) {
      expect(await regent(line), line).toMatchObject({ code: 2, out: '' });
    }
    region.on('GET /drills/rounds', page());
    expect(await regent(`drill export --run ${RUN}`)).toMatchObject({ code: 3, out: '' });
    expect(region.seen.map(({ path }) => path)).toEqual(['/drills/rounds']);
  });

  it('completes ids of rounds and hazards that were drilled', async () => {
    region.on('GET /drills/rounds', page({ id: 13, hazard: 'disk-full-wal' }, { id: 12, hazard: 'disk-full-wal' }));
    expect((await run(region, ['__complete', '--', 'drill', 'show', ''])).out).toBe('13\n12\n');
    expect((await run(region, ['__complete', '--', 'drill', 'history', '--hazard', ''])).out).toBe('disk-full-wal\n');
    expect((await run(region, ['__complete', '--', 'drill', 'export', '--format', ''])).out).toBe(
      'json\nhtml\njunit\ntext\n',
    );
  });
});
