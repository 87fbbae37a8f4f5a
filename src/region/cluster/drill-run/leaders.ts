import type { ClusterEvent, Mark } from '../../../judge/timeline.ts';
import { addressesOf } from '../moves/switchover-order.ts';
import type { SiteSnapshot } from '../moves/move-run.ts';
import type { DrillPorts } from './port.ts';

const EVERY_MS = 500;

/** The leaders of the database as Patroni reports them, from one query to the next. */
export interface LeaderWatch {
  readonly deeds: readonly ClusterEvent[];
  readonly marks: readonly Mark[];
  /** Resolves when the queries have ended. */
  stop(): Promise<void>;
}

/** Queries Patroni twice a second. A leader other than that of the last query is a promotion. */
export function watchLeaders(
  ports: DrillPorts,
  snapshot: Pick<SiteSnapshot, 'site' | 'nodes'>,
  first: string,
): LeaderWatch {
  const [events, marks]: [ClusterEvent[], Mark[]] = [[], []];
  const addresses = Object.values(addressesOf(snapshot));
  const end = new AbortController();
  const watch = async () => {
    let last = first;
    while (!end.signal.aborted) {
      const state = await ports.patroni.cluster(addresses).catch(() => null);
      const host = state?.leader ?? last;
      if (host !== last) {
        const at = ports.instruments.now();
        events.push({ at, host, kind: 'promotion', text: 'leads the database, as Patroni reports' });
        marks.push({ at, kind: 'role', host, text: `${host} leads the database` });
        last = host;
      }
      await ports.wait(EVERY_MS, end.signal);
    }
  };
  const over = watch();
  return {
    deeds: events,
    marks,
    stop: async () => {
      end.abort();
      await over;
    },
  };
}
