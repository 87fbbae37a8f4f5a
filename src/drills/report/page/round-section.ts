import type { Timeline } from '../../../judge/timeline.ts';
import { drawing } from '../drawing/drawing.ts';
import { closeScale, wholeScale } from '../drawing/scale.ts';
import { clip, markup } from '../escape.ts';
import { foremost, happenings } from '../events.ts';
import { replay, type ReportedRound } from '../round.ts';
import { broken, describeBusy, count, dateTime, moment, seconds, sentence, subject } from '../formats.ts';

const MOST_EVENTS = 60;

/** One round, drawn: verdict, drawings, what happened, what was judged. */
export function roundSection(round: ReportedRound, timeline: Timeline, id: string): string {
  const { verdict } = round;
  const close = closeScale(timeline, verdict);
  const figures = [
    ...(close === null
      ? []
      : [figure(drawing(timeline, verdict, close, `Round ${verdict.round} around the fault`), 'Around the fault')]),
    figure(drawing(timeline, verdict, wholeScale(timeline), `Round ${verdict.round}, whole`), 'The whole round'),
  ];
  const failed = broken(verdict);
  return [
    `<details open id="${id}"><summary><h3>${markup(titled(round))}, round ${verdict.round}</h3>${badge(verdict.isPassed, round.label)}</summary>`,
    `<p class="meta">${markup(dateTime(verdict.startedAt))} · ${seconds(timeline.endedAt)} recorded${busyOf(round)} · again: <code>${markup(replay(verdict, round.label))}</code></p>`,
    failed.length === 0
      ? ''
      : `<ul class="broken">${failed.map((check) => `<li>${markup(sentence(check))}</li>`).join('')}</ul>`,
    ...figures,
    events(timeline),
    judged(round),
    '</details>',
  ].join('\n');
}

function busyOf({ verdict: { busy } }: ReportedRound): string {
  return busy === undefined ? '' : ` · ${describeBusy(busy)}`;
}

/** Passed or failed, as sign and text; a round with stock settings is recorded, not judged. */
export function badge(isPassed: boolean, label?: ReportedRound['label']): string {
  if (isPassed && label !== undefined) return '<span class="verdict">recorded</span>';
  return isPassed ? '<span class="verdict passed">✓ passed</span>' : '<span class="verdict failed">✗ failed</span>';
}

function titled({ hazard, label }: ReportedRound): string {
  return label === undefined ? hazard.title : `${hazard.title}, stock settings`;
}

function figure(svg: string, caption: string): string {
  return `<figure><figcaption><b>${caption}</b></figcaption>${svg}</figure>`;
}

function events(timeline: Timeline): string {
  const all = happenings(timeline);
  const shownEvents = foremost(all, MOST_EVENTS);
  const rows = shownEvents.map((item) => {
    const host = item.host === null ? '' : `${item.host}${item.roles === '' ? '' : ` (${item.roles})`}`;
    const cells = [item.kind, clip(host, 60), clip(item.text, 160)].map((text) => `<td>${markup(text)}</td>`).join('');
    return `<tr><td class="number">${moment(item.afterMs)}</td>${cells}</tr>`;
  });
  const more = all.length - shownEvents.length;
  return [
    '<table class="events"><thead><tr><th class="number">from the fault</th><th>event</th><th>host (its role before)</th><th>what happened</th></tr></thead>',
    `<tbody>${rows.join('')}</tbody></table>`,
    more > 0 ? `<p class="note">${count(more, 'event')} more are in the JSON export.</p>` : '',
  ].join('');
}

function judged({ verdict, predicted }: ReportedRound): string {
  const rows = verdict.checks.map((check) => {
    const foretold = predicted?.find((item) => check.what === 'outage' && item.probe === check.probe);
    const range = foretold === undefined ? '' : `${seconds(foretold.leastMs)} to ${seconds(foretold.mostMs)}`;
    const cells = [subject(check), check.limit, ...(predicted === undefined ? [] : [range]), check.measured];
    return `<tr>${cells.map((text) => `<td>${markup(text)}</td>`).join('')}<td class="number">${badge(check.isHeld)}</td></tr>`;
  });
  const heads = ['what had to hold', 'limit', ...(predicted === undefined ? [] : ['predicted']), 'measured'];
  return [
    `<table class="events"><thead><tr>${heads.map((text) => `<th>${text}</th>`).join('')}<th class="number">verdict</th></tr></thead>`,
    `<tbody>${rows.join('')}</tbody></table>`,
  ].join('');
}
