/** Upper bounds of the buckets, seconds: from a cached read to a call that waits for a failover. */
export const LATENCY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Which API a request was for. */
export const SURFACES = ['v1', 'maas', 'agent', 'metadata', 'ui'] as const;
type Surface = (typeof SURFACES)[number];

/** One answered request. `status`: of HTTP. */
export interface AnsweredRequest {
  readonly surface: Surface;
  readonly isRead: boolean;
  readonly status: number;
  readonly seconds: number;
}

/** Requests of one surface and kind. `buckets`: how many were in each bound or less; the last counts all. */
export interface LatencyHistogram {
  readonly surface: Surface;
  readonly kind: 'read' | 'write';
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** How long this process took for requests, since it started. */
export interface Latencies {
  note(request: AnsweredRequest): void;
  histograms(): readonly LatencyHistogram[];
  /** Requests by surface and class of the answer, such as `2xx`. */
  answers(): readonly { readonly surface: Surface; readonly code: string; readonly count: number }[];
}

type Counted = { -readonly [K in keyof LatencyHistogram]: LatencyHistogram[K] } & { buckets: number[] };

/** Counts requests. At most ten histograms and 25 counters, whatever callers send. */
export function createLatencies(): Latencies {
  const histograms = new Map<string, Counted>();
  const answers = new Map<string, { surface: Surface; code: string; count: number }>();
  return {
    note({ surface, isRead, status, seconds }) {
      const kind = isRead ? 'read' : 'write';
      const key = `${surface} ${kind}`;
      const empty = () => ({ surface, kind, buckets: LATENCY_BOUNDS.map(() => 0), count: 0, sum: 0 }) as Counted;
      const counted = histograms.get(key) ?? empty();
      histograms.set(key, counted);
      counted.count += 1;
      counted.sum += seconds;
      for (const [index, bound] of LATENCY_BOUNDS.entries())
        if (seconds <= bound) counted.buckets[index] = (counted.buckets[index] ?? 0) + 1;
      const code = `${Math.min(5, Math.max(1, Math.floor(status / 100)))}xx`;
      const answer = answers.get(`${surface} ${code}`) ?? { surface, code, count: 0 };
      answers.set(`${surface} ${code}`, answer);
      answer.count += 1;
    },
    histograms: () => [...histograms.values()],
    answers: () => [...answers.values()],
  };
}

declare module './use-case.ts' {
  interface CasePorts {
    readonly latencies: Latencies;
    /** Name of the node that this region runs on. */
    readonly node: string;
  }
}
