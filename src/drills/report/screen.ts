import { firstFault } from '../../judge/recording.ts';
import type { RoundCheck } from '../../judge/verdict.ts';
import { clip, plain } from './escape.ts';
import { foremost, happenings } from './events.ts';
import { writesLost } from './figures.ts';
import { countedAs, replay, type ReportedRound } from './round.ts';
import { textTable } from './text-table.ts';
import {
  answerTime,
  broken,
  describeBusy,
  count,
  dateTime,
  grouped,
  moment,
  outage,
  seconds,
  sentence,
  subject,
} from './formats.ts';

/** The width of a terminal that everyone has. */
const COLUMNS = 100;
const LINES = 40;
const MOST_BROKEN = 5;
const MOST_HAPPENINGS = 9;

/** One round on one screen: at most 40 lines of 100 columns, the verdict first. Ends with a line break. */
export function screen(round: ReportedRound): string {
  const head = [...headLines(round), '', ...happeningLines(round)];
  const foot = [...judgedLines(round), '', `again: ${replay(round.verdict, round.label)}`];
  const lines = [...head, ...laneLines(round, LINES - head.length - foot.length - 2), '', ...foot];
  return lines.map((line) => `${clip(plain(line), COLUMNS)}\n`).join('');
}

function headLines(round: ReportedRound): string[] {
  const { hazard, verdict, timeline, label } = round;
  const verdictText = !verdict.isPassed ? 'FAILED' : label === undefined ? 'PASSED' : 'NOTED ';
  const failed = broken(verdict);
  const more = failed.length - MOST_BROKEN;
  const recorded = timeline === null ? '' : ` · ${seconds(timeline.endedAt)} recorded`;
  const busy = verdict.busy === undefined ? '' : ` · ${describeBusy(verdict.busy)}`;
  return [
    `${verdictText}  ${countedAs(round)} · round ${verdict.round}`,
    `        ${hazard.title}`,
    `        ${dateTime(verdict.startedAt)}${recorded}${busy} · seed ${verdict.seed}`,
    ...failed
      .slice(0, MOST_BROKEN)
      .map((check) => `  ${label === undefined ? 'not held' : 'found   '}  ${sentence(check)}`),
    ...(more > 0 ? [`  not held  ${count(more, 'check')} more`] : []),
  ];
}

function happeningLines({ timeline }: ReportedRound): string[] {
  if (timeline === null) return [];
  const all = happenings(timeline);
  const shownEvents = foremost(all, MOST_HAPPENINGS);
  const fault = firstFault(timeline);
  const from = fault === null ? 'no fault was made' : `first fault ${seconds(fault)} after the probes began`;
  return [
    `What happened (${from})`,
    ...textTable(
      [{ header: '' }, { header: '', isNumber: true }, { header: '' }, { header: '', most: 34 }, { header: '' }],
      shownEvents.map((item) => ['', moment(item.afterMs), item.kind, cast(item.host, item.roles), item.text]),
    ).slice(1),
    ...(all.length > shownEvents.length ? [`  … and ${count(all.length - shownEvents.length, 'event')} more`] : []),
    '',
  ];
}

function laneLines(round: ReportedRound, room: number): string[] {
  const { outages } = round.verdict;
  const checkOf = (probe: string, what: RoundCheck['what']): RoundCheck | undefined =>
    round.verdict.checks.find((check) => check.what === what && check.probe === probe);
  const isBroken = (probe: string): boolean =>
    round.verdict.checks.some((check) => check.probe === probe && !check.isHeld);
  // What did not hold is never cut off.
  const order = [...outages.filter((lane) => isBroken(lane.probe)), ...outages.filter((lane) => !isBroken(lane.probe))];
  const shownProbes = order.slice(0, outages.length <= room ? room : room - 1).map((lane) => lane.probe);
  const fault = round.timeline === null ? null : firstFault(round.timeline);
  const rows = outages
    .filter((lane) => shownProbes.includes(lane.probe))
    .map((lane) => [
      isBroken(lane.probe) ? '✗' : ' ',
      lane.probe,
      outage(lane.ms),
      lane.from === null || fault === null ? '' : moment(lane.from - fault),
      checkOf(lane.probe, 'outage')?.limit ?? '',
      `${lane.failed}/${lane.asked}`,
      checkOf(lane.probe, 'failures')?.limit ?? '',
      answerTime(lane.slowestMs),
    ]);
  const numbers = ['outage', 'from', 'limit', 'failed', 'limit', 'slowest answer'];
  return [
    ...textTable(
      [
        { header: ' ' },
        { header: 'probe', most: 30 },
        ...numbers.map((header) => ({ header, isNumber: true, most: 16 })),
      ],
      rows,
    ),
    ...(outages.length > shownProbes.length
      ? [`   … and ${count(outages.length - shownProbes.length, 'probe')} more`]
      : []),
  ];
}

function judgedLines({ verdict }: ReportedRound): string[] {
  const { ledger } = verdict;
  const bad = [
    `${writesLost(ledger)} lost`,
    `${ledger.unexpected.length} unexpected`,
    `${ledger.twice.length} twice`,
    `${ledger.unequal.length} unequal`,
  ];
  const rows = verdict.checks
    .filter((check) => check.probe === undefined && check.what !== 'ledger')
    .slice(0, 6)
    .map((check) => [
      check.isHeld ? '✓' : '✗',
      subject(check),
      check.measured,
      check.limit === '' || check.limit === check.measured ? '' : `limit ${check.limit}`,
    ]);
  const isClean = [ledger.lost, ledger.unexpected, ledger.twice, ledger.unequal].every((list) => list.length === 0);
  const writes = [isClean ? '✓' : '✗', 'Ledger of writes', `${grouped(ledger.acknowledged)} acknowledged`];
  return textTable(
    [{ header: '' }, { header: '' }, { header: '', most: 36 }, { header: '' }],
    [[...writes, bad.join(', ')], ...rows],
  ).slice(1);
}

function cast(host: string | null, held: string): string {
  if (host === null) return '';
  return held === '' ? host : `${host} (${held})`;
}
