import type { HostSpan } from '../../../judge/timeline.ts';

/** Times during which something is so, host by host. */
export interface SpanBook {
  /** It is so from this moment on; nothing when it was so already. */
  open(host: string, at: number): void;
  /** Not any more; nothing when it was not. */
  close(host: string, at: number): void;
  /** All spans until `end`; those that are open end there. */
  all(end: number): HostSpan[];
}

/** An empty book. */
export function openSpanBook(): SpanBook {
  const spans: HostSpan[] = [];
  const since = new Map<string, number>();
  return {
    open: (host, at) => {
      if (!since.has(host)) since.set(host, at);
    },
    close: (host, at) => {
      const from = since.get(host);
      if (from === undefined) return;
      since.delete(host);
      spans.push({ host, from, to: at });
    },
    all: (end) =>
      [...spans, ...Array.from(since, ([host, from]) => ({ host, from, to: end }))].flatMap((span) =>
        span.from > end ? [] : [{ ...span, to: Math.min(span.to, end) }],
      ),
  };
}
