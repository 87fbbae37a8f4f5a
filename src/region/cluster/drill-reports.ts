import { type DRILL_FORMATS, DRILL_REPORT_ROUNDS } from '../../contract/cluster/drill.ts';
import { invalid, isRejected, type Rejected } from '../../core/errors.ts';
import { hazardOf } from '../../drills/hazards/catalogue.ts';
import { junit } from '../../drills/report/junit.ts';
import { overview } from '../../drills/report/overview.ts';
import { chosen } from '../../drills/report/page/choice.ts';
import { page } from '../../drills/report/page/page.ts';
import { type HazardFacts, replay, type ReportedRound, type DrillRun } from '../../drills/report/round.ts';
import { screen } from '../../drills/report/screen.ts';
import { parseStored } from '../../drills/report/stored.ts';
import * as drills from '../../store/queries/cluster/drills.ts';
import type { Tx } from '../../store/tx.ts';

/** Recordings that one page draws, bytes of JSON: all of them are in memory at once. What is beyond is in the tables, and not drawn. */
const DRAWN_BYTES = 32 * 1024 * 1024;

/** Which rounds, by the id of one or by their run. */
export type Which = { readonly id: number } | { readonly run: string };

/** Reports rounds as one text. Null: there is none. Refuses too many, and what is stored in another shape. */
export async function reportOf(
  tx: Tx,
  which: Which,
  format: (typeof DRILL_FORMATS)[number],
): Promise<string | Rejected | null> {
  const rows = await drills.outlineDrillRounds(tx, which, DRILL_REPORT_ROUNDS + 1);
  const first = rows[0];
  if (first === undefined) return null;
  if (rows.length > DRILL_REPORT_ROUNDS) {
    const problem = `the run has more than ${DRILL_REPORT_ROUNDS} rounds`;
    return invalid('run', problem, `at most ${DRILL_REPORT_ROUNDS} rounds in a report; JSON has no such limit`);
  }
  const rounds: ReportedRound[] = [];
  for (const row of rows) {
    const round = parseStored(`round ${row.id}`, row.verdict, row.timeline);
    if (isRejected(round)) return round;
    rounds.push({ ...round, hazard: factsOf(round.verdict.hazard) });
  }
  const run = runOf(rows, rounds);
  if (format === 'junit') return junit(run, rounds);
  const [only] = rounds;
  if (format === 'text') return 'id' in which && only !== undefined ? screen(only) : overview(run, rounds);
  const whole = await withLanes(tx, rows, rounds);
  return isRejected(whole) ? whole : page(run, whole);
}

/** The rounds, with what the probes saw for those that are worth drawing. */
async function withLanes(
  tx: Tx,
  rows: readonly drills.DrillOutline[],
  rounds: readonly ReportedRound[],
): Promise<readonly ReportedRound[] | Rejected> {
  const worth = new Set(chosen(rounds));
  const whole: ReportedRound[] = [];
  let bytes = 0;
  for (const [index, round] of rounds.entries()) {
    const row = rows[index];
    const isDrawn = row !== undefined && worth.has(round) && bytes + row.bytes <= DRAWN_BYTES;
    const stored = isDrawn ? await drills.findDrillRound(tx, row.id) : null;
    if (row === undefined || stored === null) {
      whole.push(round);
      continue;
    }
    const parsed = parseStored(`round ${row.id}`, stored.verdict, stored.timeline);
    if (isRejected(parsed)) return parsed;
    whole.push({ ...round, ...parsed });
    bytes += row.bytes;
  }
  return whole;
}

function runOf(rows: readonly drills.DrillOutline[], rounds: readonly ReportedRound[]): DrillRun {
  const [first] = rounds;
  const run = rows[0]?.run ?? '';
  return {
    title: 'Failover drills',
    command: rounds.length === 1 && first !== undefined ? replay(first.verdict) : `regent drill export --run ${run}`,
    startedAt: rounds.map(({ verdict }) => verdict.startedAt).toSorted()[0] ?? '',
    place: `run ${run}`,
    version: [...new Set(rows.map(({ version }) => version))].join(', '),
  };
}

/** A hazard of another version is shown by its id, without limits. */
function factsOf(id: string): HazardFacts {
  return hazardOf(id) ?? { id, title: id, row: '', group: '', headline: null, expects: [] };
}
