import autocannon from 'autocannon';
import type pg from 'pg';
import { addMachines } from '../kit/many-machines.ts';
import { BEARER, besideBare, KEY } from './beside-bare.ts';
import { residentMb, runTime, type Server, startServer } from './processes.ts';
import { type Figure, least, median, most, percentile, timed } from './report.ts';

const PORT = { region: 15_240, bare: 15_241 };

/** API, memory and start times of a region process over an embedded PostgreSQL, beside bare Fastify and pg in the same run. */
export async function benchApi(): Promise<Figure[]> {
  return besideBare(PORT, async ({ client, region: order, bare: bareOrder, start }) => {
    await (await startServer(order)).stop();
    const region = await start(order);
    const idle = residentMb(region.pid);
    const bare = await start(bareOrder);
    const requests = await benchRequests(region, bare);
    const lists = await benchLists(region, client);
    const cli = await benchCli(region);
    return [
      most('regiond, cold start to ready', region.startMs, {
        unit: 'ms',
        target: 2000,
        note: 'schema applied, code compiled before',
      }),
      most('regiond, memory idle', idle, { unit: 'MB', target: 150 }),
      ...requests,
      ...lists,
      most('regiond, memory after lists of 10,000 machines', residentMb(region.pid), { unit: 'MB', target: 300 }),
      ...cli,
    ];
  });
}

/** In turn, several times, so that a slow minute of the machine meets both. */
async function benchRequests(region: Server, bare: Server): Promise<Figure[]> {
  const ratios: number[] = [];
  let rates = { region: 0, bare: 0 };
  for (let round = 0; round < 4; round += 1) {
    rates = {
      bare: await rate(`${bare.url}/domains/regent.internal`, {}),
      region: await rate(`${region.url}/api/v1/domains/regent.internal`, BEARER),
    };
    if (round > 0) ratios.push((100 * rates.region) / rates.bare);
  }
  const note = `last round ${rates.region.toFixed(0)}/s beside ${rates.bare.toFixed(0)}/s, one core each, 3 counted rounds of 4 s`;
  return [least('requests/s, share of bare Fastify + pg', median(ratios), { unit: '%', target: 70, note })];
}

async function rate(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const result = await autocannon({ url, headers, connections: 10, duration: 4 });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} errors`);
  return result.requests.average;
}

async function benchLists(region: Server, client: pg.Client): Promise<Figure[]> {
  const run = (text: string, values?: unknown[]) => client.query(text, values);
  await addMachines(run, 0, 1000);
  const thousand = await timed(15, () => listMachines(region.url, 1000));
  await addMachines(run, 1000, 10_000);
  const all = await timed(7, () => listMachines(region.url, 10_000));
  return [
    most('list 1,000 machines, full objects', median(thousand), {
      unit: 'ms',
      target: 100,
      note: `p95 ${percentile(thousand, 0.95).toFixed(0)} ms`,
    }),
    most('list 10,000 machines, ten pages', median(all), {
      unit: 'ms',
      target: 800,
      note: `p95 ${percentile(all, 0.95).toFixed(0)} ms`,
    }),
  ];
}

async function listMachines(url: string, expected: number): Promise<void> {
  let count = 0;
  let cursor = '';
  do {
    const response = await fetch(
      `${url}/api/v1/machines?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      { headers: BEARER },
    );
    const page = (await response.json()) as { items: { interfaces: unknown[] }[]; next: string | null };
    count += page.items.filter((machine) => machine.interfaces.length === 2).length;
    cursor = page.next ?? '';
  } while (cursor !== '');
  if (count !== expected) throw new Error(`${count} machines were listed, not ${expected}`);
}

async function benchCli(region: Server): Promise<Figure[]> {
  await runTime(['bin/regent', '--version']);
  const env = { REGENT_URL: region.url, REGENT_API_KEY: `${KEY.consumer}:${KEY.token}:${KEY.secret}` };
  const bare = median(await timed(15, () => runTime([process.execPath, '-e', '0'])));
  const help = median(await timed(15, () => runTime(['bin/regent', '--help'])));
  const get = median(await timed(15, () => runTime(['bin/regent', 'domain', 'show', 'regent.internal'], env)));
  const note = `bare node here: ${bare.toFixed(0)} ms`;
  return [
    most('regent --help', help, { unit: 'ms', target: 60, note }),
    most('regent domain show', get, { unit: 'ms', target: 100, note }),
  ];
}
