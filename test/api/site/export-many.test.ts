import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { FileObject, SiteFile } from '../../../src/contract/site/export-form.ts';
import { EXPORT_KINDS } from '../../../src/contract/export-kinds.ts';
import { siteFileText } from '../../../src/cli/format/site-file.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { siteOf } from '../../kit/site-file.ts';
import { until } from '../../kit/until.ts';

const postgres = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(postgres.get());
});
afterAll(() => site.close());

/** REGENT_EXPORT_MACHINES=1000 measures, on a machine at rest, what a site of that size may take; fewer are enough for the law. */
const MEASURED = process.env['REGENT_EXPORT_MACHINES'];
const MACHINES = Number(MEASURED ?? 60);
const MOST_MS = MEASURED === undefined ? Number.POSITIVE_INFINITY : 10_000;

/** Statements for whatever else a site has, at most. */
const OF_SITE = 200;

const apply = async (content: SiteFile, more: object = {}) => {
  const answer = await site.call('POST', '/config/apply', { body: { site: content, ...more } });
  expect(answer.status, answer.raw.slice(0, 2000)).toBe(200);
  return answer.body;
};
const exported = async () => ((await site.call('GET', '/config/export')).body as unknown as { site: SiteFile }).site;

it('makes a round trip of many machines', { timeout: 300_000 }, async () => {
  await apply(manyMachines());
  const times: [string, number][] = [];
  const timed = async <T>(what: string, work: () => Promise<T> | T): Promise<T> => {
    const start = performance.now();
    const result = await work();
    times.push([what, Math.round(performance.now() - start)]);
    return result;
  };

  const query = vi.spyOn(pg.Client.prototype, 'query');
  /** Statements of a piece of work. */
  const counted = async <T>(work: () => Promise<T>) => {
    const start = query.mock.calls.length;
    const result = await work();
    return { result, statements: query.mock.calls.length - start };
  };
  const before = await timed('export', exported);
  const text = await timed('write', () => siteFileText(before));
  const { result: wiped, statements: ofWipe } = await timed('wipe', () =>
    counted(() => apply(rest(before), { prune: EXPORT_KINDS.map(({ plural }) => plural) })),
  );
  // What an autovacuum does at this moment: it leaves statistics of empty tables.
  await admin('analyze');
  await admin('select pg_stat_reset()');
  const parsed = await timed('parse', () => siteOf(text));
  const { result: made, statements: ofApply } = await timed('apply', () => counted(() => apply(parsed)));
  const after = await timed('export again', exported);
  const again = await timed('apply again', () => apply(parsed));

  expect(wiped).toMatchObject({ deleted: MACHINES + 4 });
  expect(made).toMatchObject({ created: MACHINES + 4, changed: 0, deleted: 0 });
  // Of one machine; the rest does not depend on their number.
  expect((ofWipe - OF_SITE) / MACHINES).toBeLessThan(8);
  expect((ofApply - OF_SITE) / MACHINES).toBeLessThan(7);
  expect(siteFileText(after) === text).toBe(true);
  expect(again).toMatchObject({ created: 0, changed: 0, deleted: 0 });
  expect(await readInterfaces(() => apply(parsed))).toBeLessThan(5 * MACHINES ** 2);
  const total = times.slice(0, 6).reduce((sum, [, ms]) => sum + ms, 0);
  console.log(
    `round trip of ${MACHINES} machines: ${total} ms, ${ofWipe} + ${ofApply} statements (${times.map(([what, ms]) => `${what} ${ms}`).join(', ')})`,
  );
  expect(total).toBeLessThan(MOST_MS);
});

const admin = (text: string) => postgres.get().admin<{ rows: string }>(text, site.connection.database);

/** Rows of interfaces that were read since the numbers were reset. A connection publishes its numbers when it is used a second later. */
async function readInterfaces(use: () => Promise<unknown>): Promise<number> {
  const query = `select seq_tup_read + idx_tup_fetch as rows from pg_stat_user_tables where relname = 'interfaces'`;
  const read = async () => {
    await use();
    return Number((await admin(query))[0]?.rows) || undefined;
  };
  return await until('the numbers of the application', read, { deadlineMs: 20_000 });
}

/** What a site always has. */
function rest(content: SiteFile): SiteFile {
  const names = ['settings', 'users', 'resource-pools'];
  return {
    ...Object.fromEntries(names.map((name) => [name, content[name]])),
    domains: (content['domains'] as FileObject[]).filter(({ name }) => name === 'regent.internal'),
    fabrics: [{ name: 'fabric-1' }],
  } as SiteFile;
}

function manyMachines(): SiteFile {
  const machines = Array.from({ length: MACHINES }, (_, index) => ({
    hostname: `m${index}`,
    domain: 'many.test',
    zone: 'hall',
    tags: ['rack-row'],
    interfaces: [
      {
        name: 'eth0',
        mac: `52:54:00:00:${hex(index >> 8)}:${hex(index & 255)}`,
        addresses: [{ address: `10.20.${Math.floor(index / 250) + 1}.${(index % 250) + 1}` }],
      },
    ],
  }));
  return {
    domains: [{ name: 'many.test' }],
    zones: [{ name: 'hall' }],
    tags: [{ name: 'rack-row' }],
    subnets: [{ cidr: '10.20.0.0/16', vlan: 'fabric-1/untagged' }],
    machines,
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
