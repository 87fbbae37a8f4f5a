import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, isRejected } from '../../core/errors.ts';
import { RANDOM_FAULTS } from '../hazards/random.ts';
import { comparisonMarkdown } from '../report/comparison-table.ts';
import { compare, type HeadlineFacts } from '../report/comparison.ts';
import { exportJson, linesHead, roundLine } from '../report/json.ts';
import { junit } from '../report/junit.ts';
import { markdownTable } from '../report/overview.ts';
import { page } from '../report/page/page.ts';
import { parseLines, parseReport, type RunRead } from '../report/reading.ts';
import type { ReportedRound, DrillRun } from '../report/round.ts';

/** Grows by a line with each round: what a run that is cut off, by whatever, leaves behind. */
const LINES = 'rounds.jsonl';
const REPORT = 'report.json';
/** Reports of hundreds of rounds take long to write: not after each. */
const WHOLE_EVERY_MS = 300_000;

/** The folder of a run. */
export interface ReportFolder {
  /** A round was played. */
  add(round: ReportedRound): void;
  /** Writes the whole report. */
  finish(): void;
}

/** Begins a run's folder. `now`: ms of a monotonic clock. */
export function openReportFolder(
  folder: string,
  run: DrillRun,
  headlines: readonly HeadlineFacts[],
  now: () => number,
): ReportFolder {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, LINES), `${linesHead(run)}\n`);
  const rounds: ReportedRound[] = [];
  let writtenAt: number | null = null;
  const finish = () => {
    const targets = new Map(headlines.map(({ name, target }) => [name, target]));
    put(folder, 'report.html', page(run, rounds, headlines));
    put(folder, REPORT, exportJson(run, rounds, true, headlines));
    put(folder, 'junit.xml', junit(run, rounds));
    const table = comparisonMarkdown([run], compare(headlines, rounds));
    put(folder, 'table.md', `${table}\n${markdownTable(run, rounds, targets)}\n${markdownTable(run, rounds, null)}`);
    writtenAt = now();
  };
  return {
    add: (round) => {
      rounds.push(round);
      appendFileSync(join(folder, LINES), `${roundLine(round, true)}\n`);
      if (writtenAt === null || now() - writtenAt > WHOLE_EVERY_MS) finish();
    },
    finish,
  };
}

/** Every run below a folder of runs, without the recordings. Throws AppError `drill` for a file that is no report. */
export function readRuns(root: string): RunRead[] {
  const folders = existsSync(root) ? readdirSync(root).toSorted() : [];
  return folders.flatMap((name) => {
    const [lines, report] = [join(root, name, LINES), join(root, name, REPORT)];
    if (existsSync(lines)) return [need(parseLines(lines, readFileSync(lines, 'utf8')))];
    return existsSync(report) ? [need(parseReport(report, readFileSync(report, 'utf8')))] : [];
  });
}

/**
 * Writes runs below a folder of runs, each in one named by its beginning, without the recordings: what stays of a measurement, and is read again by
 * `readRuns`. One that is there already is overwritten; one of random faults that passed is left out: it measures no fault alone.
 * Throws AppError `drill`, and writes nothing, where a run is with its recordings.
 */
export function keepRuns(root: string, runs: readonly RunRead[]): void {
  const places = runs
    .filter(({ rounds }) => !rounds.some(({ hazard, verdict }) => hazard.id === RANDOM_FAULTS.id && verdict.isPassed))
    .map(({ run, rounds }) => ({ folder: join(root, folderName(run.startedAt)), run, rounds }));
  const whole = places.find(({ folder }) => existsSync(join(folder, REPORT)));
  if (whole !== undefined)
    throw new AppError(
      'drill',
      `${whole.folder} already holds that run, and its recordings would be lost. What to do: name another folder with --keep`,
    );
  for (const { folder, run, rounds } of places) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    put(folder, LINES, `${[linesHead(run), ...rounds.map((round) => roundLine(round, false))].join('\n')}\n`);
  }
}

/** The name of a run's folder. `startedAt`: ISO 8601. */
export const folderName = (startedAt: string): string => startedAt.replaceAll(/[:.]/g, '-');

function need(read: ReturnType<typeof parseReport>): RunRead {
  if (isRejected(read)) throw new AppError('drill', read.message);
  return read;
}

/** Whole or not at all. */
function put(folder: string, name: string, text: string): void {
  const place = join(folder, name);
  writeFileSync(`${place}.new`, text);
  renameSync(`${place}.new`, place);
}
