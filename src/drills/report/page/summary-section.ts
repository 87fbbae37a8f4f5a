import { markup } from '../escape.ts';
import { HINT, hasHint, p95, slowestRedundancy } from '../overview.ts';
import { judgedRounds, type ReportedRound } from '../round.ts';
import { byHazard, byHeadline, type SummaryRow, total } from '../summary.ts';
import { count, grouped, outage, seconds } from '../formats.ts';
import { dots, reach } from './dots.ts';

/** The few figures that say how the run went. */
export function tiles(rounds: readonly ReportedRound[]): string {
  const all = total(rounds);
  if (all === null) return '';
  const notHeld = (what: string): number =>
    judgedRounds(rounds).filter(({ verdict }) => verdict.checks.some((check) => check.what === what && !check.isHeld))
      .length;
  const split = notHeld('holders') + notHeld('primaries');
  const half = all.rounds < 2 ? '' : `; half of the rounds: ${outage(all.write?.p50 ?? null)} or less`;
  const tile = (value: string, text: string, isBroken: boolean): string =>
    `<div class="tile${isBroken ? ' broken' : ''}"><b>${markup(value)}</b><span>${markup(text)}</span></div>`;
  return `<div class="tiles">${[
    tile(`${all.passed} / ${all.rounds}`, `${all.rounds === 1 ? 'round' : 'rounds'} passed`, all.passed < all.rounds),
    tile(grouped(all.lost), `of ${count(all.acknowledged, 'acknowledged write')} lost`, all.lost > 0),
    tile(grouped(split), 'checks found two VIP holders or two writable primaries', split > 0),
    tile(outage(all.write?.max ?? null), `longest stop of writes${half}`, notHeld('outage') > 0),
    tile(slowestRedundancy(all), 'longest time from the heal to full redundancy', all.notRedundant > 0),
  ].join('')}</div>`;
}

/** The tables over all rounds: rows of the headline table, if there are some, and hazards. */
export function summarySection(rounds: readonly ReportedRound[]): string {
  const headlines = byHeadline(rounds);
  const hazards = byHazard(rounds);
  const parts =
    headlines.length === 0 || hazards.length < 2 ? [] : ['<h2>What it means for service</h2>', table(headlines, null)];
  return [
    ...parts,
    `<h2>${hazards.length > 1 ? 'Every hazard' : 'The hazard'}</h2>`,
    table(hazards, hazards.length > 1 ? total(rounds) : null),
  ].join('\n');
}

function table(rows: readonly SummaryRow[], all: SummaryRow | null): string {
  const most = reach(rows);
  const heads = [
    'passed',
    'writes stop,<br>p50',
    '<br>p95',
    '<br>longest',
    'VIP gone,<br>p95',
    '<br>longest',
    'acked writes<br>lost',
    'calls<br>failed',
  ];
  return [
    '<div class="wide"><table><thead><tr><th>what was done</th>',
    `<th class="strip">writes stop, by round<br>0 to ${seconds(most)}; bar: limit</th>`,
    ...[...heads, 'full redundancy,<br>slowest'].map((text) => `<th class="number">${text}</th>`),
    '</tr></thead><tbody>',
    ...rows.map((row) => `<tr><td>${title(row)}</td><td>${dots(row, most)}</td>${numbers(row)}</tr>`),
    all === null ? '' : `<tr class="total"><td>All rounds</td><td></td>${numbers(all)}</tr>`,
    '</tbody></table></div>',
    hasHint(rows) ? `<p class="note">${HINT}</p>` : '',
  ].join('');
}

function title(row: SummaryRow): string {
  return row.title === '' ? markup(row.name) : `${markup(row.title)}<span class="id">${markup(row.name)}</span>`;
}

function numbers(row: SummaryRow): string {
  const cell = (text: string, isBad = false): string =>
    `<td class="number${isBad ? ' bad-text' : ''}">${markup(text)}</td>`;
  return [
    cell(`${row.passed} / ${row.rounds}`, row.passed < row.rounds),
    cell(outage(row.write?.p50 ?? null)),
    cell(p95(row.write)),
    cell(outage(row.write?.max ?? null)),
    cell(p95(row.vip)),
    cell(outage(row.vip?.max ?? null)),
    cell(grouped(row.lost), row.lost > 0),
    cell(grouped(row.failedCalls)),
    cell(slowestRedundancy(row), row.notRedundant > 0),
  ].join('');
}
