import type { ClusterEvent, HostSpan, Timeline } from '../../../judge/timeline.ts';
import { clip, markup } from '../escape.ts';
import { moment, seconds } from '../formats.ts';
import { isShown, PLOT, type Scale, xOf } from './scale.ts';

/** Height of a host's lane, px. */
export const HOST_HEIGHT = 26;
/** More diamonds than this in a lane say nothing; it also bounds the size. */
const MOST_EVENTS = 40;
const MOST_SPANS = 60;

/** A kind of stripe in a host's lane: its class in the style, what it means, where it lies, px. */
type Stripe = { readonly name: string; readonly meaning: string; readonly y: number; readonly height: number };

const ABSENT: Stripe = { name: 'absent', meaning: 'out of reach', y: 1, height: 24 };
const HOLDING: Stripe = { name: 'vip', meaning: 'VIP', y: 2, height: 10 };
const WRITABLE: Stripe = { name: 'writable', meaning: 'accepts writes', y: 14, height: 10 };

/** A host's lane: when it was out of reach, when it had the VIP, when it accepted writes, and what the cluster did there. */
export function hostLane(timeline: Timeline, host: string, scale: Scale, top: number): string {
  const of = (spans: readonly HostSpan[]): readonly HostSpan[] =>
    spans.filter((span) => span.host === host && span.to >= scale.from && span.from <= scale.to).slice(0, MOST_SPANS);
  const events = timeline.deeds
    .filter((event) => event.host === host && isShown(scale, event.at))
    .slice(0, MOST_EVENTS);
  const stripes = [
    ...of(timeline.absences).map((span) => stripe(ABSENT, span, scale, top)),
    ...of(timeline.holdings).map((span) => stripe(HOLDING, span, scale, top)),
    ...of(timeline.writables).map((span) => stripe(WRITABLE, span, scale, top)),
  ];
  return [
    `<text class="name" x="${PLOT.left - 10}" y="${top + HOST_HEIGHT / 2 + 4}">${markup(clip(host, 19))}</text>`,
    `<path class="track" d="M${PLOT.left} ${top + HOST_HEIGHT / 2}h${PLOT.width}"/>`,
    ...stripes,
    ...events.map((event) => diamond(event, scale, top + HOST_HEIGHT / 2)),
  ].join('');
}

/** Stripes have their meaning written in them if there is room, and as a title. */
function stripe(kind: Stripe, span: HostSpan, scale: Scale, top: number): string {
  const from = xOf(scale, span.from);
  const width = Math.max(2, xOf(scale, span.to) - from);
  const y = top + kind.y;
  const title = `${span.host} ${kind.meaning} from ${moment(span.from - scale.zero)} for ${seconds(span.to - span.from)}`;
  const place = `x="${from}" y="${y}" width="${width}" height="${kind.height}"`;
  const rect = `<rect class="${kind.name}" ${place}><title>${markup(title)}</title></rect>`;
  if (width < kind.meaning.length * 6 + 14) return rect;
  const middle = y + kind.height / 2 + 3.5;
  return `${rect}<text class="in ${kind.name}-in" x="${from + 9}" y="${middle}">${kind.meaning}</text>`;
}

function diamond(event: ClusterEvent, scale: Scale, y: number): string {
  const title = `${moment(event.at - scale.zero)} ${event.kind}: ${clip(event.text, 120)}`;
  return `<path class="event" d="M${xOf(scale, event.at)} ${y - 5}l5 5l-5 5l-5 -5z"><title>${markup(title)}</title></path>`;
}
