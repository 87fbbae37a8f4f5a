import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../contract/client.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { CATALOGUE, shortSelection } from '../drills/hazards/catalogue.ts';
import { HEADLINES } from '../drills/hazards/headlines.ts';
import { monotonicMs } from '../drills/probes/time/clock.ts';
import { exportJson } from '../drills/report/json.ts';
import { junit } from '../drills/report/junit.ts';
import { markdownTable, overview } from '../drills/report/overview.ts';
import { page } from '../drills/report/page/page.ts';
import type { Run } from '../drills/report/round.ts';
import { screen } from '../drills/report/screen.ts';
import { chosen, parseDrillCall, USAGE } from '../drills/run/call.ts';
import { chanceOf } from '../drills/run/chance.ts';
import { openStage, type Stage } from '../drills/run/stage.ts';
import { type Played, playSuite } from '../drills/run/suite.ts';
import { up } from '../lab/lab.ts';
import { layoutOf } from '../lab/layout.ts';
import { readContextKey } from '../lab/product/context.ts';
import { needState } from '../lab/state.ts';
import { labStatus } from '../lab/status.ts';
import { productVersion, systemRandom } from './process.ts';

const TARGETS = new Map(Object.values(HEADLINES).map(({ name, target }) => [name, target]));
const CHECKOUT = join(import.meta.dirname, '..', '..');

/** Entry of scripts/drill. Ends with 0 when every round passed, 1 when one did not, 2 for a mistake in the command line. */
async function main(words: readonly string[]): Promise<number> {
  const call = parseDrillCall(words);
  if (call.verb === 'help') return print(USAGE);
  const random = systemRandom();
  const seed = call.seed ?? Math.floor(random.fraction() * 0xffff_ffff);
  const hazards = chosen(call, CATALOGUE, shortSelection(chanceOf(seed)));
  if (call.verb === 'list')
    return print(hazards.map(({ id, group, title }) => `${id.padEnd(32)} ${group.padEnd(8)} ${title}\n`).join(''));
  const stage = openLabStage();
  const startedAt = new Date().toISOString();
  const run: Run = {
    title: 'Failover drills',
    command: `scripts/drill ${words.join(' ')}${call.seed === null ? ` --seed ${seed}` : ''}`,
    startedAt,
    place: `${stage.topology.name}, whole hosts in containers, ${availableParallelism()} cores`,
    version: productVersion(),
  };
  const folder = resolve(call.out ?? join(CHECKOUT, '.regent', 'drills', startedAt.replace(/[:.]/g, '-')));
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const stopping = new AbortController();
  process.once('SIGINT', () => (say('no further round is begun; again to end at once'), stopping.abort()));
  const runId = crypto.randomUUID();
  const played: Played[] = [];
  await playSuite({
    stage,
    hazards,
    rounds: call.rounds,
    seed,
    isExact: call.seed !== null && hazards.length === 1 && call.rounds === 1,
    ids: () => crypto.randomUUID(),
    now: () => new Date().toISOString(),
    say,
    signal: stopping.signal,
    onPlayed: async (one) => {
      played.push(one);
      process.stdout.write(`${screen(one)}\n`);
      writeReports(folder, run, played);
      if (call.isStored) await store(stage, runId, one);
    },
  });
  process.stdout.write(overview(run, played));
  say(`report: ${join(folder, 'report.html')}`);
  return played.length > 0 && played.every(({ verdict }) => verdict.isPassed) ? 0 : 1;
}

function openLabStage(): Stage {
  const layout = layoutOf(process.env['REGENT_LAB'] || 'lab');
  const { topology } = needState(layout);
  const { url } = labStatus(layout);
  const apiKey = readContextKey(join(CHECKOUT, '.regent', 'context.json'));
  if (url === null || apiKey === null)
    throw new AppError('drill', 'The lab runs no cluster. What to do: sudo scripts/up');
  return openStage({
    layout,
    apiKey,
    client: createClient({ url, apiKey, random: systemRandom(), timeoutMs: 5_000, deadlineMs: 20_000 }),
    boot: async (only) => {
      const [packagesFile, program] = [join(CHECKOUT, 'scripts', 'packages.txt'), join(import.meta.dirname, 'lab.ts')];
      await up({ layout, topology, packagesFile, program, progress: () => {}, only });
    },
    now: monotonicMs,
    wait: (ms) => delay(ms),
  });
}

/** After each round, so that a run that is cut off leaves its report too. */
function writeReports(folder: string, run: Run, played: readonly Played[]): void {
  const files: Record<string, string> = {
    'report.html': page(run, played),
    'report.json': exportJson(run, played, true),
    'junit.xml': junit(run, played),
    'table.md': `${markdownTable(run, played, TARGETS)}\n${markdownTable(run, played, null)}`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

async function store({ client }: Stage, run: string, { verdict, timeline }: Played): Promise<void> {
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
