import { SERIES_BOUNDS, STEP_SECONDS } from '../../../model/cluster/series.ts';
import type { Database } from '../../../store/database.ts';
import { packDays, readSeriesTurn, storeSamples, takeSeriesTurn } from '../../../store/queries/cluster/series.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { readSiteSamples } from '../metrics/cases.ts';
import { chartSamples, type RequestCounts, requestCounts, requestSamples } from './samples.ts';

/** A region that stored nothing for longer has a gap in its own figures, seconds: they would be a mean of the time before. */
const OWN_MOST_S = 2 * STEP_SECONDS['5m'];
const SLOTS_OF_HOUR = 12;

/**
 * Stores samples for charts every five minutes by the database's clock: one region those of the site, each region those of its own requests. While the
 * database is away there are gaps.
 */
export function createSeriesTask(db: Database, ports: CasePorts, process: string): Task {
  let last: { readonly slot: number; readonly counts: RequestCounts } | null = null;
  let leftBefore = 0;
  return {
    name: 'series',
    async run() {
      const turn = await reached(db.autocommitRead(async (tx) => ({ ...(await readSeriesTurn(tx)) }), DEADLINE));
      if (turn.slot === last?.slot) return null;
      const counts = requestCounts(ports.latencies, ports.clock.monotonic() / 1000);
      const isYoung = last !== null && counts.at - last.counts.at <= OWN_MOST_S;
      const own = last !== null && isYoung ? requestSamples(last.counts, counts, ports.node) : [];
      const site = turn.isDue
        ? chartSamples((await reached(db.read(async (tx) => ({ all: await readSiteSamples(tx, ports) })))).all)
        : [];
      const { isOurs, left } = await reached(
        db.repeatable(async (tx) => {
          const isOurs = turn.isDue && (await takeSeriesTurn(tx, process));
          return { isOurs, left: await storeSamples(tx, [...(isOurs ? site : []), ...own]) };
        }, DEADLINE),
      );
      last = { slot: turn.slot, counts };
      if (isOurs && turn.slot % SLOTS_OF_HOUR === 0)
        await reached(
          db.repeatable(async (tx) => ({ days: await packDays(tx) }), { deadlineMs: 60_000, queryMs: 30_000 }),
        );
      const isNew = left !== leftBefore;
      leftBefore = left;
      return isNew && left > 0
        ? `${left} series left out: there are ${SERIES_BOUNDS.stored}, and more are not stored`
        : null;
    },
  };
}

const DEADLINE = { deadlineMs: 10_000 } as const;
