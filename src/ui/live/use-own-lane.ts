import { useEffect, useState } from 'preact/hooks';
import { useLive } from './live.ts';

const EVERY_MS = 500;
/** An hour: longer than any drill. */
const MOST = 7200;

/** Moments, and whether the site answered this page at each. */
export type OwnLaneSamples = readonly { readonly at: number; readonly isUp: boolean }[];

/** Probes the site from this page, twice a second, while the page is open. */
export function useOwnLane(): OwnLaneSamples {
  const live = useLive();
  const [seen, setSeen] = useState<OwnLaneSamples>([]);
  useEffect(() => {
    const timer = setInterval(() => {
      const { kind } = live.badge.value;
      if (kind === 'connecting') return;
      // The site's clock advances by seconds; the page's own clock adds the rest.
      const at = live.siteTime();
      setSeen((now) => [...now.slice(-MOST), { at, isUp: kind === 'live' }]);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return seen;
}
