import type { ProxyAsker } from '../../../src/drills/probes/web/proxy-asker.ts';
import { type GapMeter, gapMeter } from './gap.ts';

const FETCH_EVERY_MS = 500;

/** Fetches something new through the proxy all the time; the meter tells how long that failed. */
export function startProxyLoad(asker: ProxyAsker, name: string): { readonly meter: GapMeter; stop(): Promise<void> } {
  const meter = gapMeter();
  const open = new Set<Promise<void>>();
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    const one = asker.fetch(`/${name}/${number}`, 1500).then(({ status }) => {
      if (status === 200) meter.seen();
    });
    const tracked = one.finally(() => open.delete(tracked));
    open.add(tracked);
  }, FETCH_EVERY_MS);
  return {
    meter,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}
