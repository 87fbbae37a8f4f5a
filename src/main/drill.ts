import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../contract/client.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { hasOverlay } from '../drills/overlay/apply.ts';
import { withMaas, withPopulation } from '../drills/hazards/expect.ts';
import { CATALOGUE, shortSelection } from '../drills/hazards/catalogue.ts';
import { HEADLINES } from '../drills/hazards/headlines.ts';
import { monotonicMs } from '../drills/probes/time/deadline.ts';
import { comparisonText } from '../drills/report/comparison-table.ts';
import { compare, type HeadlineFacts } from '../drills/report/comparison.ts';
import { overview } from '../drills/report/overview.ts';
import type { DrillRun } from '../drills/report/round.ts';
import { screen } from '../drills/report/screen.ts';
import { playBaseline, withoutOverlays } from '../drills/run/baseline.ts';
import { chosen, type DrillCall, parseDrillCall, USAGE } from '../drills/run/call.ts';
import { chanceOf } from '../drills/run/chance.ts';
import { folderName, keepRuns, openReportFolder, readRuns } from '../drills/run/folder.ts';
import { playRandomSuite } from '../drills/run/random/faults.ts';
import { readProcessorTimes } from '../drills/run/watch/busy.ts';
import { openEnvironment, type Environment } from '../drills/run/environment.ts';
import { type Played, playSuite, type SuiteOrder } from '../drills/run/suite.ts';
import { ensurePools } from '../drills/run/machines/pools.ts';
import { storedTable } from '../drills/run/stored-table.ts';
import { execHost } from '../lab/exec.ts';
import { up } from '../lab/lab.ts';
import { layoutOf } from '../lab/layout.ts';
import { lockLab } from '../lab/outer/lab-lock.ts';
import { contextFileOf, readContextKey } from '../lab/product/context.ts';
import { needState } from '../lab/state.ts';
import { labStatus } from '../lab/status.ts';
import { productVersion, systemRandom } from './process.ts';

const HEADLINE_LIST: readonly HeadlineFacts[] = Object.values(HEADLINES);
/** Real DHCP clients in all, and machines that are switched on together on each VLAN, at most. */
const [REAL, ARRIVING] = [10, 150];
const CHECKOUT = join(import.meta.dirname, '..', '..');
const RUNS = join(CHECKOUT, '.regent', 'drills');

/** Entry of scripts/drill. Ends with 0 when every round passed, 1 when one did not, 2 for a mistake in the command line. */
async function main(argv: readonly string[]): Promise<number> {
  const call = parseDrillCall(argv);
  if (call.verb === 'help') return print(USAGE);
  if (call.verb === 'table') return table(call);
  const random = systemRandom();
  const seed = call.seed ?? Math.floor(random.fraction() * 0xffff_ffff);
  const all = chosen(call, CATALOGUE, shortSelection(chanceOf(seed)));
  const populated = call.clients > 0 ? all.map(withPopulation) : all;
  const hazards = call.asksMaas ? populated.map(withMaas) : populated;
  if (call.verb === 'list')
    return print(hazards.map(({ id, group, title }) => `${id.padEnd(32)} ${group.padEnd(8)} ${title}\n`).join(''));
  const asksMaas = call.asksMaas;
  const environment = {
    ...openLabEnvironment(),
    asksMaas,
    ...(call.clients > 0 && { population: populationOf(call.clients) }),
  };
  // Until the process ends, however it does.
  await lockLab(environment.layout);
  if (await hasOverlay(environment)) await withoutOverlays({ environment, say });
  if (call.clients > 0) await ensurePools(environment);
  const startedAt = new Date().toISOString();
  const run: DrillRun = {
    title: 'Failover drills',
    command: `scripts/drill ${argv.join(' ')}${call.seed === null ? ` --seed ${seed}` : ''}`,
    startedAt,
    place: `${environment.topology.name}, whole hosts in containers, ${availableParallelism()} cores`,
    version: await buildOn(environment),
  };
  const folder = resolve(call.out ?? join(RUNS, folderName(startedAt)));
  const report = openReportFolder(folder, run, HEADLINE_LIST, monotonicMs);
  const stopping = new AbortController();
  process.once('SIGINT', () => (say('no further round starts; interrupt again to end at once'), stopping.abort()));
  const runId = crypto.randomUUID();
  const played: Played[] = [];
  const order: SuiteOrder = {
    environment,
    hazards,
    rounds: call.rounds,
    seed,
    isExact: call.seed !== null && (hazards.length === 1 || call.verb === 'random') && call.rounds === 1,
    ids: () => crypto.randomUUID(),
    now: () => new Date().toISOString(),
    say,
    signal: stopping.signal,
    onPlayed: async (one) => {
      played.push(one);
      process.stdout.write(`${screen(one)}\n`);
      report.add(one);
      // The history is of the cluster as it is, and of hazards that it knows.
      if (call.isStored && one.label === undefined && call.verb !== 'random') await store(environment, runId, one);
    },
  };
  try {
    await playAll(call, order);
  } finally {
    report.finish();
  }
  process.stdout.write(`${overview(run, played)}\n${comparisonText(compare(HEADLINE_LIST, played))}`);
  say(`report: ${join(folder, 'report.html')}`);
  return played.length > 0 && played.every(({ verdict }) => verdict.isPassed) ? 0 : 1;
}

async function playAll({ verb, isStockOnly, minutes }: DrillCall, order: SuiteOrder): Promise<void> {
  if (verb === 'baseline') await playBaseline({ ...order, isStockOnly });
  else if (verb === 'random') await playRandomSuite({ ...order, minutes });
  else await playSuite(order);
}

/** Ten of the machines on all VLANs are real clients, five on each of the lab's two. */
function populationOf(clients: number): NonNullable<Environment['population']> {
  const real = Math.min(REAL, clients);
  return { holding: clients - Math.ceil(real / 2), arriving: Math.min(ARRIVING, clients), real };
}

function table({ out, keep, build, since }: DrillCall): number {
  const found = storedTable(readRuns(resolve(out ?? RUNS)), HEADLINE_LIST, { version: build, since });
  if (found === null) throw new AppError('drill', 'There is no stored run. What to do: sudo scripts/drill all');
  if (keep !== null) keepRuns(resolve(keep), found.runs);
  return print(`${found.text}\n${found.markdown}`);
}

/** What is installed there: it is that which is drilled, not this checkout. */
async function buildOn({ layout, topology }: Environment): Promise<string> {
  const argv = ['cat', '/opt/regent/current/VERSION'];
  const result = await execHost(layout, topology.hosts[0]?.name ?? '', argv, { timeoutMs: 10_000 });
  return result.code === 0 ? result.stdout.trim() : productVersion();
}

function openLabEnvironment(): Environment {
  const layout = layoutOf(process.env['REGENT_LAB'] || 'lab');
  const { topology } = needState(layout);
  const { url } = labStatus(layout);
  const apiKey = readContextKey(contextFileOf(CHECKOUT));
  if (url === null || apiKey === null)
    throw new AppError('drill', 'The lab runs no cluster. What to do: sudo scripts/up');
  return openEnvironment({
    layout,
    apiKey,
    client: createClient({ url, apiKey, random: systemRandom(), timeoutMs: 5_000, deadlineMs: 20_000 }),
    boot: async (only) => {
      const [packagesFile, program] = [join(CHECKOUT, 'scripts', 'packages.txt'), join(import.meta.dirname, 'lab.ts')];
      await up({ layout, topology, packagesFile, program, progress: () => {}, only });
    },
    now: monotonicMs,
    wait: (ms) => delay(ms),
    processors: readProcessorTimes,
  });
}

async function store({ client }: Environment, run: string, { verdict, timeline }: Played): Promise<void> {
  if (timeline === null) return;
  try {
    await client.call('drill.record', { body: { run, verdict, timeline } });
  } catch (error) {
    say(`the round is not in the cluster's history: ${sentenceOf(error)}`);
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const isOurs =
      error instanceof AppError ||
      (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    say(`drill: ${isOurs || !(error instanceof Error) ? sentenceOf(error) : (error.stack ?? error.message)}`);
    process.exit(error instanceof AppError && error.code !== 'usage' ? 1 : 2);
  },
);
