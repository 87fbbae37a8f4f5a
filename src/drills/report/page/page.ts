import { comparisonSection } from '../comparison-table.ts';
import { compare, type HeadlineFacts } from '../comparison.ts';
import { clip, markup } from '../escape.ts';
import { judgedRounds, type ReportedRound, type DrillRun } from '../round.ts';
import { broken, count, dateTime, sentence } from '../formats.ts';
import { anchor, drawn } from './choice.ts';
import { legend, PATTERNS } from './legend.ts';
import { roundSection } from './round-section.ts';
import { roundsTable } from './rounds-table.ts';
import { STYLE } from './style.ts';
import { summarySection, tiles } from './summary-section.ts';

/** How the figures came about: what a reader must know to trust them. */
const METHOD = [
  'Probes used the cluster’s floating address (VIP) as clients do, all through the round. The fault was made at a random moment on hosts chosen at random; the seed of a round repeats both.',
  'An <b>outage</b> is the longest time from one good answer to the next, less what is usual between two. <b>Calls failed</b> are writes and reads that were given up.',
  'Every write had a number. After the heal each number was checked in every node’s own database: an acknowledged one that is missing anywhere is <b>lost</b>.',
  '<b>Full redundancy</b> counts from the last heal until every node is well again. <b>p50</b> and <b>p95</b> are values that half and 95 % of the rounds did not exceed (nearest rank).',
];

/** A report of a run as one HTML file: no script, nothing from the network, readable on screen and on paper. */
export function page(
  run: DrillRun,
  rounds: readonly ReportedRound[],
  headlines: readonly HeadlineFacts[] = [],
): string {
  const whole = drawn(rounds);
  const own = judgedRounds(rounds);
  const failed = own.filter((round) => !round.verdict.isPassed).length;
  const result =
    rounds.length === 0
      ? '<span class="verdict">No rounds were run</span>'
      : failed === 0
        ? `<span class="verdict passed">✓ ${own.length === 1 ? 'The round' : `All ${own.length} rounds`} passed</span>`
        : `<span class="verdict failed">✗ ${failed} of ${count(own.length, 'round')} failed</span>`;
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${markup(run.title)}</title><style>${STYLE}</style></head><body>${PATTERNS}`,
    `<header><h1>${markup(run.title)}</h1>${result}`,
    `<p class="meta">${markup(dateTime(run.startedAt))} · ${markup(run.place)} · version ${markup(run.version)} · <code>${markup(run.command)}</code></p></header>`,
    tiles(rounds),
    failedList(rounds, whole),
    comparisonSection(compare(headlines, rounds)),
    rounds.length === 0 ? '' : summarySection(rounds),
    '<h2>How it was measured</h2>',
    METHOD.map((text) => `<p>${text}</p>`).join(''),
    ...(whole.length === 0 ? [] : drawnSection(rounds, whole)),
    ...(rounds.length > 1 ? ['<h2>All rounds</h2>', roundsTable(rounds, whole)] : []),
    '</body></html>',
    '',
  ].join('\n');
}

function drawnSection(rounds: readonly ReportedRound[], whole: readonly ReportedRound[]): string[] {
  const left = rounds.length - whole.length;
  const failed = rounds.filter((round) => !round.verdict.isPassed && !whole.includes(round)).length;
  const why =
    `Drawn are rounds that failed, and of each hazard the round whose writes stopped longest; the other ${left} are in the table below` +
    `${failed === 0 ? '' : `, ${failed} failed ones among them`}.`;
  return [
    `<h2>${whole.length === 1 ? 'The round' : 'Rounds'}, drawn</h2>`,
    left === 0 ? '' : `<p>${why}</p>`,
    legend(),
    ...whole.map((round) =>
      round.timeline === null ? '' : roundSection(round, round.timeline, anchor(rounds, round)),
    ),
  ];
}

const MOST = 30;

/** Rounds that failed and why, before all else; empty when there is none. */
export function failedList(rounds: readonly ReportedRound[], drawn: readonly ReportedRound[]): string {
  const failed = rounds.filter((round) => !round.verdict.isPassed);
  if (failed.length === 0) return '';
  const items = failed.slice(0, MOST).map((round) => {
    const name = `${markup(round.hazard.title)}, round ${round.verdict.round}`;
    const title = drawn.includes(round) ? `<a href="#${anchor(rounds, round)}">${name}</a>` : name;
    const why = clip(broken(round.verdict).map(sentence).join('; '), 300);
    return `<li>${title}: ${markup(why)}</li>`;
  });
  const more = failed.length - items.length;
  const rest = more > 0 ? `<p class="note">${count(more, 'failed round')} more in the table of all rounds.</p>` : '';
  return `<h2>What failed</h2><ul class="failed">${items.join('\n')}</ul>${rest}`;
}
