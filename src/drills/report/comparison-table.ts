import type { ComparisonRow, ComparisonSide } from './comparison.ts';
import { markdownCell, markup } from './escape.ts';
import type { DrillRun } from './round.ts';
import { textTable } from './text-table.ts';
import { dateTime, grouped, outage } from './formats.ts';

const NONE = '–';
const HEADS = [
  'p50',
  'p95',
  'max',
  'rounds',
  'lost',
  'verdict',
  'stock p50',
  'max',
  'rounds',
  'lost',
  'ratio',
] as const;
const HINT =
  'A p95 needs 30 rounds; with fewer rounds we judge the maximum. Stock: the same engines with their stock settings, on the same hosts.';

/** The headline table for a terminal, about 140 columns wide: with our settings, and with stock ones beside. */
export function comparisonText(rows: readonly ComparisonRow[]): string {
  if (rows.length === 0) return 'no rounds\n';
  const lines = textTable(
    [
      { header: 'event', most: 46 },
      { header: 'target', most: 30 },
      ...HEADS.map((header) => ({ header, isNumber: true })),
    ],
    rows.map((row) => [row.name, row.target, ...cells(row)]),
  );
  return `${[...lines, '', HINT].join('\n')}\n`;
}

/** The same for a README, with the commands and dates of the runs that it is made of. */
export function comparisonMarkdown(runs: readonly DrillRun[], rows: readonly ComparisonRow[]): string {
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const made = runs.map(
    ({ command, startedAt, place, version }) =>
      `* ${dateTime(startedAt)}: \`${command.replaceAll('`', "'")}\` (${markdownCell(place)}, version ${markdownCell(version)})`,
  );
  return [
    line(['event', 'target', ...HEADS]),
    `|---|---|${'---:|'.repeat(HEADS.length)}`,
    ...rows.map((row) => line([row.name, row.target, ...cells(row)].map(markdownCell))),
    '',
    HINT,
    '',
    ...made,
    '',
  ].join('\n');
}

/** The same as a section of the page; empty when nothing was played with stock settings. */
export function comparisonSection(rows: readonly ComparisonRow[]): string {
  if (!rows.some(({ stock }) => stock !== null)) return '';
  const head = ['event', 'target', ...HEADS].map((text, at) => `<th${at < 2 ? '' : ' class="number"'}>${text}</th>`);
  const body = rows.map(
    (row) =>
      `<tr><td>${markup(row.name)}</td><td>${markup(row.target)}</td>${cells(row)
        .map((text) => `<td class="number">${markup(text)}</td>`)
        .join('')}</tr>`,
  );
  return [
    '<h2>Beside stock settings</h2>',
    `<div class="wide"><table><thead><tr>${head.join('')}</tr></thead><tbody>`,
    ...body,
    `</tbody></table></div><p class="note">${HINT}</p>`,
  ].join('\n');
}

function cells(row: ComparisonRow): string[] {
  const { own, stock, ratio, harm } = row;
  const figure = (side: ComparisonSide | null, of: 'p50' | 'p95' | 'max') =>
    side?.spread == null ? NONE : outage(side.spread[of]);
  const count = (side: ComparisonSide | null, of: 'rounds' | ComparisonRow['harm']) =>
    side === null ? NONE : grouped(side[of]);
  return [
    figure(own, 'p50'),
    figure(own, 'p95'),
    figure(own, 'max'),
    count(own, 'rounds'),
    count(own, harm),
    verdictOf(row),
    figure(stock, 'p50'),
    figure(stock, 'max'),
    count(stock, 'rounds'),
    count(stock, harm),
    ratio === null ? NONE : `${ratio.toFixed(1)} ×`,
  ];
}

/** The worst first. */
function verdictOf({ own, isPromiseHeld, harm }: ComparisonRow): string {
  if (own === null || isPromiseHeld === null) return NONE;
  if (isPromiseHeld) return 'kept';
  if (own.lost > 0 && harm === 'lost') return 'LOST';
  if (own.split > 0 && harm !== 'shared') return 'SPLIT';
  if (own.shared > 0) return 'SHARED';
  return own.unfit === own.rounds ? 'not measured' : 'missed';
}
