import { addJob, type NewJob } from '../../../../src/store/queries/base/jobs/add.ts';
import { endJob, saveJob } from '../../../../src/store/queries/base/jobs/end.ts';
import { claimJob } from '../../../../src/store/queries/base/jobs/lease.ts';
import { hazard, round } from '../../../unit/drills/report-rounds.ts';
import { RUN } from '../drill-live.ts';
import type { TestRegion } from '../../region.ts';
import { change, value } from '../../store.ts';

const DAY = 86_400_000;
const LEASE_MS = 3_600_000;

/** How a job goes on: its end, or how far it is. */
type Fate = { readonly state: 'done' | 'failed'; readonly result: string } | { readonly progress: string };

/** A job that a region took up, as its runner does; gives its number. */
export async function addWork(
  { db }: Pick<TestRegion, 'db'>,
  job: Pick<NewJob, 'kind' | 'target' | 'targets'> & Partial<NewJob>,
  fate: Fate,
): Promise<number> {
  const added = value(
    await change(db, (tx) => addJob(tx, { payload: {}, deadlineSeconds: 3600, caller: 'admin', ...job })),
  );
  await takeUp({ db }, added.kind, fate);
  return added.id;
}

/** A region takes up the oldest waiting job of this kind. */
export async function takeUp({ db }: Pick<TestRegion, 'db'>, kind: string, fate: Fate): Promise<void> {
  const claim = { holder: 'r1-1', kinds: [kind], except: [], leaseMs: LEASE_MS, attemptsMax: 3, windUpMs: 0, seen: [] };
  value(
    await change(db, async (tx) => {
      const held = await claimJob(tx, claim);
      if (held === null) throw new Error(`no job ${kind} waits`);
      const isSaved = 'progress' in fate ? saveJob(tx, held, fate.progress, null) : endJob(tx, held, fate);
      return { isSaved: await isSaved };
    }),
  );
}

/** The region that took up a job ends it. */
export async function endWork(
  { db }: Pick<TestRegion, 'db'>,
  id: number,
  end: { readonly state: 'done' | 'failed' | 'aborted'; readonly result: string },
): Promise<void> {
  value(await change(db, async (tx) => ({ isEnded: await endJob(tx, { id, epoch: 1 }, end) })));
}

/** What was done on the site: jobs that have ended, one as it should and one not; a drill; who may join. */
export async function addWorks(site: TestRegion): Promise<void> {
  const drain = { kind: 'node-drain', target: 'r2', targets: ['cluster'], caller: 'ann' };
  await addWork(site, drain, { state: 'done', result: 'r2 is drained' });
  const power = { kind: 'machine-power', target: 'm10', targets: ['bmc:1'] };
  await addWork(site, power, { state: 'failed', result: 'The BMC did not answer within 60 s.' });
  await addRound(site, 1, 1200);
  await call(site, '/tokens', { isRegion: true, isRack: false });
  await call(site, '/scripts', {
    name: 'check-raid',
    content: '#!/bin/sh\ntrue\n',
    purpose: 'testing',
    tags: ['raid'],
  });
}

/** The recording of a drill that was played yesterday: writes were away for so long, ms. */
export async function addRound(site: TestRegion, number: number, writeMs: number): Promise<void> {
  const startedAt = new Date(Date.now() - DAY - 7_200_000).toISOString();
  const played = round({
    number,
    writeMs,
    hazard: hazard({
      id: 'planned-switchover',
      title: 'An operator hands the database on',
      expects: [{ probe: 'write', withinMs: 4000 }],
    }),
    probes: ['write', 'vip'],
    timeline: { startedAt },
  });
  const predicted = [{ probe: 'write', leastMs: 1000, mostMs: 3000 }];
  const verdict = { ...played.verdict, label: 'production', predicted };
  await call(site, '/drills/rounds', { run: RUN, verdict, timeline: played.timeline });
}

async function call(site: TestRegion, path: string, body: object): Promise<void> {
  const answer = await site.call('POST', path, { body });
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.raw}`);
}
