import type { Lane } from '../../../judge/timeline.ts';
import type { RoundVerdict } from '../../../judge/verdict.ts';
import { clip, markup } from '../escape.ts';
import { moment, outage, seconds } from '../formats.ts';
import { badRuns, goodRuns, pathOf } from './runs.ts';
import { PLOT, type Scale, xOf } from './scale.ts';

/** Height of a probe's lane, px. */
export const PROBE_HEIGHT = 22;

/** A probe's lane: good answers as a bar, failed questions over it, its longest outage as a frame, its figures at the right. */
export function probeLane(lane: Lane, verdict: RoundVerdict, scale: Scale, top: number): string {
  const middle = top + PROBE_HEIGHT / 2;
  const bad = badRuns(lane.samples, scale);
  return [
    `<text class="name" x="${PLOT.left - 10}" y="${middle + 4}">${markup(clip(lane.probe, 19))}</text>`,
    `<path class="track" d="M${PLOT.left} ${middle}h${PLOT.width}"/>`,
    frame(lane.probe, verdict, scale, top),
    `<path class="good" d="${pathOf(goodRuns(lane.samples, scale), middle)}"/>`,
    bad.length === 0 ? '' : `<path class="bad" d="${pathOf(bad, middle)}"/>`,
    figure(lane.probe, verdict, middle + 4),
  ].join('');
}

function frame(probe: string, verdict: RoundVerdict, scale: Scale, top: number): string {
  const found = verdict.outages.find((item) => item.probe === probe);
  if (found === undefined || found.from === null || found.to === null) return '';
  if (found.to < scale.from || found.from > scale.to) return '';
  const from = xOf(scale, found.from);
  const width = Math.max(2, xOf(scale, found.to) - from);
  const title = `${probe}: no good answer for ${seconds(found.ms)}, from ${moment(found.from - scale.zero)} to ${moment(found.to - scale.zero)}`;
  const rect = `x="${from}" y="${top + 3}" width="${width}" height="${PROBE_HEIGHT - 6}" rx="2"`;
  return `<rect class="gap${isBroken(probe, verdict) ? ' over' : ''}" ${rect}><title>${markup(title)}</title></rect>`;
}

function figure(probe: string, verdict: RoundVerdict, y: number): string {
  const found = verdict.outages.find((item) => item.probe === probe);
  if (found === undefined) return '';
  const check = verdict.checks.find((item) => item.what === 'outage' && item.probe === probe);
  const left = PLOT.left + PLOT.width + 12;
  const value = `<text class="figure" x="${left + 54}" y="${y}">${markup(outage(found.ms))}</text>`;
  if (check === undefined && !isBroken(probe, verdict)) return value;
  const sign = isBroken(probe, verdict)
    ? `<text class="sign broken" x="${left + 128}" y="${y}">✗</text>`
    : `<text class="sign held" x="${left + 128}" y="${y}">✓</text>`;
  const limit = check === undefined ? '' : `≤ ${check.limit}`;
  return `${value}<text class="limit" x="${left + 64}" y="${y}">${markup(clip(limit, 10))}</text>${sign}`;
}

function isBroken(probe: string, verdict: RoundVerdict): boolean {
  return verdict.checks.some((check) => check.probe === probe && !check.isHeld);
}
