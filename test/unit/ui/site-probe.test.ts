import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSiteProbe } from '../../../src/ui/live/site-probe.ts';

/** A site that answers after so long, or never. */
function rig() {
  const site = { tookMs: 5, fails: 0, mode: 'well' as 'well' | 'silent' | 'cut', underWay: 0, most: 0 };
  const asked = new Set<AbortSignal>();
  const count = () => {
    site.underWay = [...asked].filter(({ aborted }) => !aborted).length;
    site.most = Math.max(site.most, site.underWay);
  };
  const answer = (signal: AbortSignal) =>
    new Promise<Response>((done, fail) => {
      signal.addEventListener('abort', () => fail(signal.reason as Error));
      if (site.mode === 'silent') return;
      // An answer that is on its way when the site falls silent does not arrive.
      setTimeout(() => {
        if (site.mode !== 'silent') done(new Response('{"version":"1"}', { headers: { 'x-regent-node': 'r1' } }));
      }, site.tookMs);
    });
  const ask = (async (_url, init) => {
    const signal = init?.signal as AbortSignal;
    asked.add(signal);
    count();
    try {
      const isCut = site.mode === 'cut' || site.fails > 0;
      if (site.fails > 0) site.fails -= 1;
      if (isCut) throw new TypeError('fetch failed');
      return await answer(signal);
    } finally {
      asked.delete(signal);
      count();
    }
  }) as typeof fetch;
  const found: { isUp: boolean; why: string; at: number }[] = [];
  const siteProbe = createSiteProbe({ origin: 'http://site', fetch: ask }, ({ isUp, why }) =>
    found.push({ isUp, why, at: Date.now() }),
  );
  siteProbe.setActive(true);
  siteProbe.probe();
  return { site, siteProbe, found, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

/** When it was lost after it was broken, ms. */
async function lostAfter(mode: 'silent' | 'cut', phase: number, tookMs: number): Promise<number> {
  const { site, siteProbe, found, pass } = rig();
  site.tookMs = tookMs;
  await pass(2000 + phase);
  const began = Date.now();
  site.mode = mode;
  await pass(2000);
  siteProbe.setActive(false);
  const first = found.find(({ isUp, at }) => !isUp && at >= began);
  return (first?.at ?? Number.POSITIVE_INFINITY) - began;
}

describe('the site probe', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(['silent', 'cut'] as const)('tells within 0.9 s of a site that is %s, whenever it happens', async (mode) => {
    for (const tookMs of [1, 90, 400]) {
      for (let phase = 0; phase < 220; phase += 13) {
        expect(await lostAfter(mode, phase, tookMs), `${tookMs} ms, phase ${phase}`).toBeLessThanOrEqual(900);
      }
    }
  });

  it('is patient with a site that is slow for once, and with one that is slow always', async () => {
    const { site, found, pass } = rig();
    await pass(1000);
    site.tookMs = 590;
    await pass(700);
    site.tookMs = 5;
    await pass(1000);
    site.tookMs = 590;
    await pass(20_000);
    expect(found.filter(({ isUp }) => !isUp)).toEqual([]);
    expect(site.most).toBeLessThanOrEqual(3);
  });

  it('is not deceived by a connection that ends for once, nor by a worker that was stopped', async () => {
    const { site, found, pass } = rig();
    await pass(1000);
    site.fails = 1;
    await pass(1000);
    // Answers lie there unread while the clock goes on.
    vi.setSystemTime(Date.now() + 60_000);
    await pass(1000);
    expect(found.filter(({ isUp }) => !isUp)).toEqual([]);
    expect(found.length).toBeGreaterThan(10);
  });

  it('leaves nothing behind at a site that does not answer, and sees at once that it is back', async () => {
    const { site, found, pass } = rig();
    await pass(1000);
    site.mode = 'silent';
    await pass(30_000);
    expect(site.most).toBeLessThanOrEqual(3);
    expect(found.at(-1)).toMatchObject({ isUp: false, why: 'it did not answer in time' });
    site.mode = 'well';
    await pass(300);
    expect(found.at(-1)?.isUp).toBe(true);
  });

  it('ends with the last page that is seen', async () => {
    const { site, siteProbe, found, pass } = rig();
    site.mode = 'silent';
    await pass(300);
    siteProbe.setActive(false);
    await pass(5000);
    expect([site.underWay, found]).toEqual([0, []]);
  });
});
