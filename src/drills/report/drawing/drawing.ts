import type { Timeline } from '../../../judge/timeline.ts';
import type { RoundVerdict } from '../../../judge/verdict.ts';
import { markup } from '../escape.ts';
import { HOST_HEIGHT, hostLane } from './host-lane.ts';
import { markLabels, markLines } from './marks.ts';
import { PROBE_HEIGHT, probeLane } from './probe-lane.ts';
import { PLOT, type Scale, ticks, xOf } from './scale.ts';

const WIDTH = PLOT.left + PLOT.width + PLOT.right;
/** Between the probes and the hosts. */
const BREAK = 12;

/** A part of a round as SVG: marks above, a lane for each probe and each host, an axis in seconds around the fault. Styled by the page. */
export function drawing(timeline: Timeline, verdict: RoundVerdict, scale: Scale, title: string): string {
  const labels = markLabels(timeline.marks, scale);
  const hosts = [...timeline.cast.regions, ...timeline.cast.racks];
  const top = labels.height + 16;
  const hostTop = top + timeline.lanes.length * PROBE_HEIGHT + BREAK;
  const bottom = hostTop + hosts.length * HOST_HEIGHT;
  const parts = [
    axis(scale, top, bottom),
    heads(top - 5),
    ...timeline.lanes.map((lane, index) => probeLane(lane, verdict, scale, top + index * PROBE_HEIGHT)),
    ...hosts.map((host, index) => hostLane(timeline, host, scale, hostTop + index * HOST_HEIGHT)),
    markLines(timeline.marks, scale, 3, bottom),
    labels.text,
  ];
  return `<svg class="drawing" viewBox="0 0 ${WIDTH} ${bottom + 38}" role="img" aria-label="${markup(title)}">${parts.join('\n')}</svg>`;
}

function heads(y: number): string {
  const right = PLOT.left + PLOT.width + 12;
  return (
    `<text class="head" x="${PLOT.left - 10}" y="${y}" text-anchor="end">probe</text>` +
    `<text class="head" x="${right + 54}" y="${y}" text-anchor="end">outage</text>` +
    `<text class="head" x="${right + 64}" y="${y}">limit</text>`
  );
}

function axis(scale: Scale, top: number, bottom: number): string {
  const marks = ticks(scale).map((at) => {
    const value = Math.round((at - scale.zero) / 10) / 100;
    const text = value === 0 ? '0 s' : `${value < 0 ? '−' : '+'}${Math.abs(value)} s`;
    return (
      `<path class="grid" d="M${xOf(scale, at)} ${top}V${bottom + 4}"/>` +
      `<text class="tick" x="${xOf(scale, at)}" y="${bottom + 17}">${text}</text>`
    );
  });
  const middle = PLOT.left + PLOT.width / 2;
  return `${marks.join('')}<text class="axis" x="${middle}" y="${bottom + 34}">seconds from the first fault</text>`;
}
