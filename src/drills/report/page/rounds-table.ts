import { clip, markup } from '../escape.ts';
import { figures } from '../figures.ts';
import { countedAs, type ReportedRound } from '../round.ts';
import { broken, dateTime, grouped, outage, seconds, sentence } from '../formats.ts';
import { anchor } from './choice.ts';
import { badge } from './round-section.ts';

/** Every round in a line; those that are drawn are linked. */
export function roundsTable(rounds: readonly ReportedRound[], drawn: readonly ReportedRound[]): string {
  const isDrawn = new Set(drawn);
  const rows = rounds.map((round) => {
    const { verdict } = round;
    const own = figures(round);
    const name = `${markup(countedAs(round))} ${verdict.round}`;
    const failed = broken(verdict).map(sentence).join('; ');
    const why = failed === '' ? '' : `<span class="id">${markup(clip(failed, 300))}</span>`;
    const numbers = [
      outage(own.writeMs),
      outage(own.vipMs),
      grouped(own.lost),
      grouped(own.failedCalls),
      seconds(own.redundantMs),
      String(verdict.seed),
    ];
    return [
      `<tr><td>${isDrawn.has(round) ? `<a href="#${anchor(rounds, round)}">${name}</a>` : name}${why}</td>`,
      `<td class="strip">${markup(dateTime(verdict.startedAt))}</td>`,
      ...numbers.map((text) => `<td class="number">${markup(text)}</td>`),
      `<td class="number">${badge(verdict.isPassed, round.label)}</td></tr>`,
    ].join('');
  });
  const heads = ['writes stop', 'VIP gone', 'acked writes lost', 'calls failed', 'full redundancy', 'seed', 'verdict'];
  return [
    '<div class="wide"><table><thead><tr><th>round</th><th>began</th>',
    ...heads.map((text) => `<th class="number">${text}</th>`),
    `</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`,
  ].join('');
}
