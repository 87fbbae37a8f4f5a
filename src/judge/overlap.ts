import { compareText } from '../core/order.ts';
import type { HostSpan } from './timeline.ts';

/** Two hosts at once count from so many ms on: 0, not for an instant. */
export const TOLERANCE_MS = 0;

/** Two hosts that did at the same time what only one may do. `ms`: all of it; `from`: the first time. */
export type Overlap = { readonly hosts: readonly [string, string]; readonly ms: number; readonly from: number };

type Piece = Pick<HostSpan, 'from' | 'to'>;

/** Each two hosts whose spans overlap, the longest first. Time in which one of the two has an `excused` span does not count. */
export function overlapsOf(spans: readonly HostSpan[], excused: readonly HostSpan[]): Overlap[] {
  const hosts = [...new Set(spans.map((span) => span.host))].toSorted(compareText);
  const pairs = hosts.flatMap((one, index) => hosts.slice(index + 1).map((other) => [one, other] as const));
  return pairs
    .flatMap(([one, other]): Overlap[] => {
      const holes = [...merged(excused, one), ...merged(excused, other)];
      const pieces = shared(merged(spans, one), merged(spans, other))
        .flatMap((piece) => without(piece, holes))
        .filter(({ from, to }) => to - from >= TOLERANCE_MS);
      if (pieces.length === 0) return [];
      const ms = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
      return [{ hosts: [one, other], ms, from: Math.min(...pieces.map(({ from }) => from)) }];
    })
    .toSorted((a, b) => b.ms - a.ms);
}

/** A host's spans in order, those that meet made one. */
function merged(spans: readonly HostSpan[], host: string): Piece[] {
  const own = spans.filter((span) => span.host === host).toSorted((a, b) => a.from - b.from);
  return own.reduce<Piece[]>((pieces, { from, to }) => {
    const last = pieces.at(-1);
    if (last === undefined || from > last.to) pieces.push({ from, to });
    else pieces[pieces.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    return pieces;
  }, []);
}

function shared(some: readonly Piece[], others: readonly Piece[]): Piece[] {
  return some.flatMap((a) =>
    others.flatMap((b) => {
      const from = Math.max(a.from, b.from);
      const to = Math.min(a.to, b.to);
      return from > to || isHandover(a, b) || isHandover(b, a) ? [] : [{ from, to }];
    }),
  );
}

/** One ends at the instant at which the other begins. What was seen once only is a span without length, and is seen inside another. */
const isHandover = (before: Piece, after: Piece): boolean => before.to === after.from && before.from < after.from;

function without(piece: Piece, holes: readonly Piece[]): Piece[] {
  return holes.reduce<Piece[]>(
    (left, hole) =>
      left.flatMap((part) =>
        hole.to < part.from || hole.from > part.to
          ? [part]
          : [
              { from: part.from, to: Math.min(part.to, hole.from) },
              { from: Math.max(part.from, hole.to), to: part.to },
            ].filter(({ from, to }) => from < to),
      ),
    [piece],
  );
}
