import { networkSentence, parseJson } from '../../contract/base/wire/transport.ts';
import type { Link } from '../models/base/link.ts';

/** The interval of the clock, ms. */
const TICK_MS = 100;
/** Ticks between two probes of the site. */
const PROBE_TICKS = 2;
/**
 * After so many ticks without an answer the site counts as away: so a loss shows within 0.8 s, and one answer may take
 * 0.6 s.
 */
const SILENT_TICKS = 8;
/** Probes at the same time: a browser has six connections to a site. */
const PROBES_MAX = 3;
/** A probe that takes longer has failed, ms. */
const PROBE_TIMEOUT_MS = 900;

/** What the probe needs of the browser. */
type SiteProbePorts = { readonly origin: string; readonly fetch: typeof fetch };

type SiteProbeResult = Omit<Link, 'since'>;

/** Probes whether the site answers. */
export interface SiteProbe {
  /** Probes while a page is visible. */
  setActive(isActive: boolean): void;
  /** Probes at once, because something failed. */
  probe(): void;
}

/**
 * Probes the site at an interval, without waiting for the probe before, and reports each result. The site counts as
 * away when no answer came for so many ticks, or when two probes in a row failed. Silence is counted in ticks, not by
 * the time of day: while a busy machine stops the worker, the ticks stop too.
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
    // Pending probes hang on dead connections; the next ones open connections of their own.
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
      // A probe without an answer counts as silence, which the ticks measure.
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

/** One probe: does the site answer, and which node? */
export async function probeSite(ports: SiteProbePorts, signal: AbortSignal): Promise<SiteProbeResult> {
  const response = await ports.fetch(`${ports.origin}/health/live`, { cache: 'no-store', credentials: 'omit', signal });
  const answer = parseJson(await response.text());
  const node = response.headers.get('x-regent-node') ?? response.headers.get('regent-node') ?? '';
  const why = response.ok ? '' : `the site answers ${response.status}`;
  return { isUp: response.ok, why, node, version: versionOf(answer) };
}

function versionOf(answer: unknown): string {
  const has = typeof answer === 'object' && answer !== null && 'version' in answer;
  return has && typeof answer.version === 'string' ? answer.version : '';
}
