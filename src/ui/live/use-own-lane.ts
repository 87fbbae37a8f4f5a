import { useEffect, useState } from 'preact/hooks';
import { useLive } from './live.ts';

const EVERY_MS = 500;
/** An hour: longer than any drill. */
const MOST = 7200;

/** Moments, and whether the site answered this page then. */
export type OwnLaneSamples = readonly { readonly at: number; readonly isUp: boolean }[];

/** How this page itself reaches the site, twice a second, for as long as it is open. */
export function useOwnLane(): OwnLaneSamples {
  const live = useLive();
  const [seen, setSeen] = useState<OwnLaneSamples>([]);
  useEffect(() => {
    const timer = setInterval(() => {
      const { kind } = live.badge.value;
      if (kind === 'connecting') return;
      // The site's clock goes on by seconds: the page's own has what is between.
      const at = live.siteTime();
      setSeen((now) => [...now.slice(-MOST), { at, isUp: kind === 'live' }]);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return seen;
}
