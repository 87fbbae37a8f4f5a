import { sentenceOf } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import type { Findings } from './findings.ts';

/** Whether a region can be reached, by the last call of any kind. */
export interface RegionLink {
  works(): void;
  fails(error: unknown): void;
  /** ISO time since which no region answered; null while one does. */
  staleSince(): string | null;
}

/** What a link is built from. `onBack`: called when a region answers again. */
export interface LinkOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly findings: Findings;
  readonly onBack: () => void;
}

/** An absence as short as a restart of the region is not reported, ms. */
const AWAY_MIN_MS = 10_000;
/** How long an absence is reported after it ended, ms: nobody could query it while it lasted. */
const FINDING_MS = 600_000;
const AWAY = 'region_away';

/** Opens a link that counts as working. */
export function openLink({ clock, log, findings, onBack }: LinkOptions): RegionLink {
  let since: string | null = null;
  let backAt = 0;
  const noteReturn = (away: string) => {
    const now = clock.now();
    if (now - Date.parse(away) < AWAY_MIN_MS) return;
    backAt = now;
    findings.clear(AWAY);
    const until = new Date(now).toISOString();
    findings.raise(
      AWAY,
      `No region answered from ${away} to ${until}; the configuration of this node stayed in force.`,
    );
  };
  return {
    works: () => {
      if (clock.now() - backAt > FINDING_MS) findings.clear(AWAY);
      if (since === null) return;
      log.info('a region answers again', { staleSince: since });
      noteReturn(since);
      since = null;
      onBack();
    },
    fails: (error) => {
      if (since !== null) return;
      since = new Date(clock.now()).toISOString();
      log.warn('no region answers; the last desired state stays in force', { error: sentenceOf(error) });
    },
    staleSince: () => since,
  };
}
