import { P95_ROUNDS, type Spread, spreadOf } from '../../judge/statistics.ts';
import { clip, markdownCell, plain } from './escape.ts';
import { countedAs, judgedRounds, type ReportedRound, type DrillRun } from './round.ts';
import { byHazard, byHeadline, type SummaryRow, total } from './summary.ts';
import { textTable } from './text-table.ts';
import { broken, describeBusy, count, dateTime, grouped, outage, seconds, sentence } from './formats.ts';

const HEADERS = ['write p50', 'p95', 'max', 'VIP max', 'lost', 'failed', 'redundant'] as const;

/** Many rounds as a table of 100 columns, one line a hazard, and a line for each round that failed. Ends with a line break. */
export function overview(run: DrillRun, rounds: readonly ReportedRound[]): string {
  const rows = byHazard(rounds);
  const all = total(rounds);
  const failed = rounds.filter((round) => !round.verdict.isPassed);
  const lines = [
    `${run.title} · ${dateTime(run.startedAt)} · ${run.place}`,
    '',
    ...textTable(
      [
        { header: 'hazard', most: 29 },
        { header: 'passed', isNumber: true },
        ...HEADERS.map((header) => ({ header, isNumber: true })),
      ],
      rows.map((row) => [row.name, `${row.passed}/${row.rounds}`, ...values(row)]),
    ),
    '',
    ...(all === null ? ['no rounds'] : [summing(all)]),
    ...busyLine(rounds),
    ...(hasHint(rows) ? [HINT] : []),
    ...failed.map(({ hazard, label, verdict }) => {
      const why = broken(verdict).map(sentence).join('; ');
      return `FAILED  ${countedAs({ hazard, ...(label && { label }) })} round ${verdict.round}, seed ${verdict.seed}: ${why}`;
    }),
    `again: ${run.command}`,
  ];
  return lines.map((line) => `${clip(plain(line), 100)}\n`).join('');
}

/** What a row of the headline table promises, as text, by the row's name. */
export type Targets = ReadonlyMap<string, string>;

/** A table for a README, with its date and command: a line for each hazard, or, with `targets`, for each row of the headline table. */
export function markdownTable(run: DrillRun, rounds: readonly ReportedRound[], targets: Targets | null): string {
  const rows = targets === null ? byHazard(rounds) : byHeadline(rounds);
  const headers = [
    ...(targets === null ? ['hazard'] : ['event', 'target']),
    'rounds',
    'passed',
    'writes stop: p50',
    'p95',
    'max',
    'VIP gone: p95',
    'max',
    'acknowledged writes lost',
    'failed calls',
    'full redundancy: max',
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const written = `${count(
    rows.reduce((sum, row) => sum + row.acknowledged, 0),
    'acknowledged write',
  )}`;
  return [
    line(headers),
    `|---|${'---:|'.repeat(headers.length - 1)}`,
    ...rows.map((row) =>
      line([
        markdownCell(row.title || row.name),
        ...(targets === null ? [] : [markdownCell(targets.get(row.name) ?? '–')]),
        String(row.rounds),
        String(row.passed),
        ...values(row).toSpliced(3, 0, p95(row.vip)),
      ]),
    ),
    '',
    `Measured ${dateTime(run.startedAt)} with \`${plain(run.command).replaceAll('`', "'")}\` (${markdownCell(run.place)}, ` +
      `version ${markdownCell(run.version)}); ${written}, each checked on every node after the heal.${hasHint(rows) ? ` ${HINT}` : ''}`,
    '',
  ].join('\n');
}

/** The sentence below a table in which a p95 is missing. */
export const HINT = `A p95 needs ${P95_ROUNDS} rounds.`;

/** Whether a p95 is missing among these rows. */
export function hasHint(rows: readonly SummaryRow[]): boolean {
  return rows.some((row) => row.write !== null && row.write.p95 === null);
}

/** A p95 as text; of too few rounds there is none. */
export const p95 = (spread: Spread | null): string => outage(spread?.p95 ?? null);

/** The longest time to full redundancy; with a note when it did not come back in some rounds. */
export function slowestRedundancy(row: SummaryRow): string {
  return row.notRedundant > 0 ? `never (${row.notRedundant})` : seconds(row.redundancy?.max ?? null);
}

function values(row: SummaryRow): string[] {
  return [
    outage(row.write?.p50 ?? null),
    p95(row.write),
    outage(row.write?.max ?? null),
    outage(row.vip?.max ?? null),
    grouped(row.lost),
    grouped(row.failedCalls),
    slowestRedundancy(row),
  ];
}

/** On a machine that is always busy it is the machine that is measured. */
function busyLine(rounds: readonly ReportedRound[]): string[] {
  const known = judgedRounds(rounds).flatMap(({ verdict }) => verdict.busy ?? []);
  const [before, after] = [spreadOf(known.map((busy) => busy.before)), spreadOf(known.map((busy) => busy.after))];
  if (before === null || after === null) return [];
  const p50 = describeBusy({ before: before.p50, after: after.p50 });
  const max = describeBusy({ before: before.max, after: after.max });
  return [`the machine, before and after the faults: p50 ${p50}; max ${max}`];
}

function summing(all: SummaryRow): string {
  return `${all.passed} of ${count(all.rounds, 'round')} passed; ${grouped(all.lost)} of ${count(
    all.acknowledged,
    'acknowledged write',
  )} lost`;
}
