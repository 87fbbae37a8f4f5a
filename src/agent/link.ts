import { sentenceOf } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';

/** Whether a region can be reached, by the last call of any kind. */
export interface Link {
  works(): void;
  fails(error: unknown): void;
  /** ISO time since which no region answered; null while one does. */
  staleSince(): string | null;
}

/** Opens a link that counts as working. `onBack`: called when a region answers again. */
export function openLink(ports: { readonly clock: Clock; readonly log: Log }, onBack: () => void): Link {
  let since: string | null = null;
  return {
    works: () => {
      if (since === null) return;
      ports.log.info('a region answers again', { staleSince: since });
      since = null;
      onBack();
    },
    fails: (error) => {
      if (since !== null) return;
      since = new Date(ports.clock.now()).toISOString();
      ports.log.warn('no region answers; the last desired state stays in force', { error: sentenceOf(error) });
    },
    staleSince: () => since,
  };
}
