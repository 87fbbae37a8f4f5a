import type pg from 'pg';
import { addMachines } from '../kit/many-machines.ts';
import { BEARER, besideBare } from './beside-bare.ts';
import { residentMb, type Server } from './processes.ts';
import { type Figure, least, median, most, percentile, timed } from './report.ts';

const PORT = { region: 15_242, bare: 15_243 };
const PREFIX = '/MAAS/api/2.0';
/** Disks of each machine: what a server that boots from a mirror has. */
const DISKS = 2;
/** Rounds before those that count, on both sides: the code of a region that has served a while is compiled. */
const WARM_ROUNDS = 4;

/** Lists of the MAAS API over an embedded PostgreSQL, beside bare Fastify and pg that send the same objects, which are stored ready made for them. */
export async function benchMaas(): Promise<Figure[]> {
  return besideBare(PORT, async ({ client, region, bare, start }) =>
    figures(await start(region), await start(bare), client),
  );
}

async function figures(region: Server, bare: Server, client: pg.Client): Promise<Figure[]> {
  const run = (text: string, values?: unknown[]) => client.query(text, values);
  const regionUrl = `${region.url}${PREFIX}/machines/`;
  await run('create table bench_documents (id text primary key, document jsonb not null)');
  await addMachines(run, 0, 1000, DISKS);
  const thousand = await inTurn({ regionUrl, bareUrl: `${bare.url}/documents`, run }, 1000, 9);
  const tagged = [await tagAll(region.url), await tagAll(region.url), await tagAll(region.url)].flat();
  await addMachines(run, 1000, 10_000, DISKS);
  const all = await inTurn({ regionUrl, bareUrl: `${bare.url}/documents`, run }, 10_000, 5);
  const found = await timed(9, () => size(`${regionUrl}?hostname=m4711`, 1));
  const note = (sample: readonly number[]) => `p95 ${percentile(sample, 0.95).toFixed(0)} ms`;
  return [
    most('MAAS: 1,000 machines in full', median(thousand.region), {
      unit: 'ms',
      target: 100,
      note: note(thousand.region),
    }),
    most('MAAS: 10,000 machines in full', median(all.region), { unit: 'ms', target: 800, note: note(all.region) }),
    share('1,000', thousand),
    share('10,000', all),
    most('MAAS: one of 10,000 by its name', median(found), { unit: 'ms', target: 100, note: note(found) }),
    most('MAAS: a tag for 1,000 machines', median(tagged), { unit: 'ms', target: 2000, note: note(tagged) }),
    most('MAAS: memory of regiond after lists of 10,000', residentMb(region.pid), { unit: 'MB', target: 300 }),
  ];
}

interface Pair {
  readonly region: readonly number[];
  readonly bare: readonly number[];
}

function share(count: string, { region, bare }: Pair): Figure {
  const note = `${median(bare).toFixed(0)} ms bare, ${median(region).toFixed(0)} ms here`;
  const goal = { unit: '%', target: 70, note } as const;
  return least(`MAAS: ${count} machines, share of bare Fastify + pg`, (100 * median(bare)) / median(region), goal);
}

/** In turn, so that a slow minute of the machine meets both. */
async function inTurn(
  {
    regionUrl,
    bareUrl,
    run,
  }: {
    readonly regionUrl: string;
    readonly bareUrl: string;
    readonly run: (text: string, values?: unknown[]) => Promise<unknown>;
  },
  count: number,
  rounds: number,
): Promise<Pair> {
  const documents = (await (await fetch(regionUrl, { headers: BEARER })).text()) || '[]';
  await run('truncate bench_documents');
  await run(`insert into bench_documents select d ->> 'system_id', d from jsonb_array_elements($1::jsonb) d`, [
    documents,
  ]);
  // As PostgreSQL does by itself within a minute of such a change.
  await run('analyze');
  const pair = { region: [] as number[], bare: [] as number[] };
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    const here = await timed(1, () => size(regionUrl, count));
    const there = await timed(1, () => size(bareUrl, count));
    if (round < 0) continue;
    pair.region.push(...here);
    pair.bare.push(...there);
  }
  return pair;
}

/** Reads a list to its last byte. The number of machines is looked at without parsing it, which would take the time of both. */
async function size(url: string, count: number): Promise<void> {
  const response = await fetch(url, { headers: BEARER });
  let found = 0;
  let before = '';
  for await (const chunk of response.body ?? []) {
    const text = before + Buffer.from(chunk as Uint8Array).toString('latin1');
    found += text.split('"fqdn":').length - 1;
    before = text.slice(-'"fqdn":'.length + 1);
  }
  if (!response.ok || found !== count)
    throw new Error(`${url}: ${response.status}, ${found} machines and not ${count}`);
}

/** Gives a tag to a thousand machines and takes it from them; ms of both. */
async function tagAll(url: string): Promise<number[]> {
  const post = (path: string, body: URLSearchParams) =>
    fetch(url + PREFIX + path, { method: 'POST', headers: BEARER, body });
  await post('/tags/', new URLSearchParams({ name: 'all' }));
  const ids = Array.from({ length: 1000 }, (_none, at) => at.toString(16).padStart(6, '0'));
  const sample: number[] = [];
  for (const name of ['add', 'remove']) {
    const started = performance.now();
    const answer = await post(
      '/tags/all/?op=update_nodes',
      new URLSearchParams(ids.map((id): [string, string] => [name, id])),
    );
    if (!answer.ok) throw new Error(`a tag for 1,000 machines: ${answer.status} ${await answer.text()}`);
    const told = (await answer.json()) as { readonly added: number; readonly removed: number };
    if (told.added + told.removed !== 1000) throw new Error(`${told.added} gained the tag, ${told.removed} lost it`);
    sample.push(performance.now() - started);
  }
  return sample;
}
