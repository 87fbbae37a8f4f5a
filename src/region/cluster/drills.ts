import type { DrillRoundCreate } from '../../contract/cluster/drill.ts';
import { accept, invalid, isRejected, refuse, type Rejected, show } from '../../core/errors.ts';
import { CATALOGUE } from '../../drills/hazards/catalogue.ts';
import * as drills from '../../store/queries/cluster/drills.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch, parseRef } from '../base/refs.ts';
import { autocommitReading, unaudited, reading, writing } from '../base/use-case.ts';
import { reportOf, type Which } from './drill-reports.ts';

/** A run's UUID in canonical form (RFC 9562 §4). */
function parseRun(text: string): string {
  const run = text.toLowerCase();
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(run)) return run;
  refuse(invalid('run', `${show(text)} is not the UUID of a run`, '8-4-4-4-12 hexadecimal digits'));
}

/** The verdict is of this recording: nobody finds a round by what another one was. */
function checkSameRound({ verdict, timeline }: DrillRoundCreate): Rejected | null {
  const names = ['hazard', 'round', 'seed', 'startedAt'] as const;
  const name = names.find((candidate) => verdict[candidate] !== timeline[candidate]);
  if (name === undefined) return null;
  const problem = `it is ${show(timeline[name])}, and the verdict has ${show(verdict[name])}`;
  return invalid(`timeline/${name}`, problem, 'verdict and timeline are of one round');
}

/** The round or the run that a report is about. */
function parseWhich(round: string | undefined, run: string | undefined): Which {
  if ((round === undefined) === (run === undefined))
    refuse(invalid('round', 'a report is of one round or of one run', 'either round or run'));
  if (round === undefined) {
    const parsed = parseRun(run ?? '');
    return { run: parsed };
  }
  const ref = parseRef(round);
  return 'id' in ref ? ref : refuse(noSuch('round of a drill', round));
}

export const drillCases = {
  'drill.write': unaudited(
    'drill.write',
    ({ body }) => `drill write ${body.number}`,
    async (tx, { body }) => {
      const run = parseRun(body.run);
      return { body: await drills.writeDrillNumber(tx, run, body.number) };
    },
  ),

  'drill.ledger': autocommitReading('drill.ledger', async (tx, { params, query }) => {
    const run = parseRun(params.run);
    return pageBody(await drills.listDrillNumbers(tx, run, query), (row) => row, query);
  }),

  'drill.record': writing(
    'drill.record',
    ({ body }) => `drill record ${body.verdict.hazard}`,
    async (tx, { body }, { version }) => {
      const run = parseRun(body.run);
      accept(checkSameRound(body));
      const row = await drills.storeDrillRound(tx, { ...body, run, version });
      tx.emit({ kind: 'drill.recorded', subject: row.hazard, data: { ...row } });
      return { body: row };
    },
  ),

  'drill.list': autocommitReading('drill.list', async (tx, { query }) => {
    const run = query?.run === undefined ? undefined : parseRun(query.run);
    const { passed, ...rest } = query ?? {};
    return pageBody(await drills.listDrillRounds(tx, { ...rest, run, isPassed: passed }), (row) => row, query);
  }),

  'drill.show': autocommitReading('drill.show', async (tx, { params }) => {
    const ref = parseRef(params.round);
    const row = 'id' in ref ? await drills.findDrillRound(tx, ref.id) : null;
    return row ? { body: row } : refuse(noSuch('round of a drill', params.round));
  }),

  'drill.hazards': autocommitReading('drill.hazards', async () => ({
    body: { items: CATALOGUE.map(({ id, group, title, isLong = false }) => ({ id, group, title, isLong })) },
  })),

  'drill.report': reading('drill.report', async (tx, { query }) => {
    const { round, run, format = 'text' } = query ?? {};
    const which = parseWhich(round, run);
    const report = await reportOf(tx, which, format);
    if (report === null) refuse(noSuch(round === undefined ? 'run of drills' : 'round of a drill', round ?? run ?? ''));
    return isRejected(report) ? refuse(report) : { body: { format, text: report } };
  }),
};
