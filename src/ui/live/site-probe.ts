import { networkSentence, parseJson } from '../../contract/base/wire/transport.ts';
import type { Link } from '../models/base/link.ts';

/** The clock of the lookout, ms. */
const TICK_MS = 100;
/** Ticks from one look at the site to the next. */
const PROBE_TICKS = 2;
/** Ticks without any answer after which the site is away: so it is told within 0.8 s of the loss, and a site may take 0.6 s for once. */
const SILENT_TICKS = 8;
/** Looks under way at most: a browser has six connections to a site. */
const PROBES_MAX = 3;
/** A look that takes longer has no answer. */
const PROBE_TIMEOUT_MS = 900;

/** What the lookout needs of the browser. */
interface SiteProbePorts {
  readonly origin: string;
  readonly fetch: typeof fetch;
}

type SiteProbeResult = Omit<Link, 'since'>;

/** Whoever looks whether the site answers. */
export interface SiteProbe {
  /** Looks as long as somebody sees a page. */
  setActive(isActive: boolean): void;
  /** Looks at once: something failed. */
  probe(): void;
}

/**
 * Looks at the site again and again, without waiting for the look before, and says what it finds. The site is away when nothing was answered for so many ticks,
 * or when two looks in a row failed. Silence is counted in ticks, not by the time of day: while a busy machine stops the worker, the site has not been silent.
 */
export function createSiteProbe(ports: SiteProbePorts, onResult: (result: SiteProbeResult) => void): SiteProbe {
  const pending = new Set<AbortController>();
  let ticker: ReturnType<typeof setInterval> | null = null;
  let ticks = 0;
  let silent = 0;
  let failures = 0;

  const dropAll = () => {
    for (const controller of pending) controller.abort();
    pending.clear();
  };

  const lost = (why: string) => {
    // Those under way wait at a connection that leads nowhere; the next ones open their own.
    dropAll();
    silent = 0;
    onResult({ isUp: false, why, node: '', version: '' });
  };

  async function probe(): Promise<void> {
    if (pending.size >= PROBES_MAX) return;
    const own = new AbortController();
    pending.add(own);
    const timer = setTimeout(() => own.abort(), PROBE_TIMEOUT_MS);
    try {
      const result = await probeSite(ports, own.signal);
      if (!pending.has(own)) return;
      [silent, failures] = [0, 0];
      onResult(result);
    } catch (error) {
      // What has no answer is told by the silence.
      if (own.signal.aborted) return;
      failures += 1;
      if (failures > 1) lost(networkSentence(error));
      else again();
    } finally {
      clearTimeout(timer);
      pending.delete(own);
    }
  }
  // A connection may end for a reason of its own.
  const again = () => setTimeout(() => void (ticker !== null && probe()), 0);

  const tick = () => {
    ticks += 1;
    silent += 1;
    if (silent >= SILENT_TICKS) lost(networkSentence(new DOMException('', 'TimeoutError')));
    if (ticks % PROBE_TICKS === 0) void probe();
  };

  return {
    setActive(isActive) {
      if (isActive === (ticker !== null)) return;
      if (ticker !== null) clearInterval(ticker);
      [silent, failures] = [0, 0];
      ticker = isActive ? setInterval(tick, TICK_MS) : null;
      if (!isActive) dropAll();
    },
    probe: () => void (ticker !== null && probe()),
  };
}

/** One look: does the site answer, and who? */
export async function probeSite(ports: SiteProbePorts, signal: AbortSignal): Promise<SiteProbeResult> {
  const response = await ports.fetch(`${ports.origin}/health/live`, {
    cache: 'no-store',
    credentials: 'omit',
    signal,
  });
  const answer = parseJson(await response.text());
  const node = response.headers.get('x-regent-node') ?? response.headers.get('regent-node') ?? '';
  const why = response.ok ? '' : `the site answers ${response.status}`;
  return { isUp: response.ok, why, node, version: versionOf(answer) };
}

function versionOf(answer: unknown): string {
  const has = typeof answer === 'object' && answer !== null && 'version' in answer;
  return has && typeof answer.version === 'string' ? answer.version : '';
}
