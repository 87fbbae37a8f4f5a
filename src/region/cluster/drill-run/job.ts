import type { DrillOrder, DrillProgress } from '../../../contract/cluster/drill-order.ts';
import { parseDrillOrder, parseDrillProgress } from '../../../contract/cluster/drill-order.ts';
import { AppError, isRejected } from '../../../core/errors.ts';
import { secretDigest } from '../../../core/secret.ts';
import type { Random } from '../../../core/ports.ts';
import { createApiKey } from '../../../store/queries/people/api-keys.ts';
import type { JobEnd, JobKind, JobRun } from '../../base/jobs/kind.ts';
import { lossesOf } from '../losses.ts';
import { type Move, MoveEnd, ordered } from '../moves/move-run.ts';
import { castOf } from './cast.ts';
import type { Drill } from './drill.ts';
import { heal } from './fault.ts';
import { foretold } from './foretold.ts';
import { type Harmless, harmlessOf } from './harmless.ts';
import { judged, keepRound, type JudgedRound, notJudged, describeVerdict } from './keep.ts';
import type { DrillPorts } from './port.ts';
import { drillFindings } from './preflight.ts';
import { playRound } from './round.ts';

/** The probes' key dies by itself when nobody is left to revoke it. */
const KEY_MS = 3_600_000;

/**
 * `drill`: one round, played by the region that runs the job. It is played once: whoever takes it up after that (another region, or this one after a
 * fault) only takes back what was done, and says that nothing was judged.
 */
export function createDrillJob(ports: DrillPorts): JobKind<DrillOrder> {
  return {
    name: 'drill',
    parse: (payload) => ordered(parseDrillOrder(payload)),
    run: async (run) => {
      const saved = parseDrillProgress(run.checkpoint);
      if (saved?.end) return saved.end;
      // A restart from the beginning would lose track of what the earlier run has done.
      if (saved === null && run.checkpoint !== null)
        throw new AppError('job', 'another release wrote the checkpoint of the job, and this release cannot read it');
      if (saved !== null)
        return await takeBack({ run, ports, at: { progress: saved } }, new MoveEnd('failed', 'taken over'));
      const hazard = harmlessOf(run.payload.hazard);
      if (isRejected(hazard)) return { state: 'failed', result: hazard.message };
      return await begin(run, ports, hazard);
    },
  };
}

async function begin(run: JobRun<DrillOrder>, ports: DrillPorts, hazard: Harmless): Promise<JobEnd> {
  const snapshot = await ports.readSnapshot();
  if (run.isAbortWanted()) return { state: 'aborted', result: 'Ended before anything was done.' };
  const findings = drillFindings(snapshot.site, hazard.id);
  if (findings.length > 0) return { state: 'failed', result: `Not started: ${findings.join('; ')}.` };
  const cast = castOf(snapshot.site);
  const key = makeKey(ports.random);
  const startedAt = new Date(ports.clock.now()).toISOString();
  const at: { progress: DrillProgress } = { progress: { startedAt, cast, token: key.token, drained: null, end: null } };
  const move = moveOf({ run, ports, at });
  await move.save('the probes start', async (tx) => {
    const { consumer, token, secretSha256 } = key;
    const expiresAt = new Date(ports.clock.now() + KEY_MS).toISOString();
    const row = { user: run.caller, label: `drill (job ${run.id})`, consumer, token, secretSha256, expiresAt };
    await createApiKey(tx, row);
    tx.emit({ kind: 'api-key.created', subject: run.caller, data: { token, label: row.label } });
  });
  const drill = { run, ports, move, hazard, cast, at, losses: lossesOf(snapshot.site).now };
  try {
    const round = judged(await playRound(drill, snapshot, key.text), hazard, foretold(snapshot.site, hazard, cast));
    const state = round.verdict.isPassed ? 'done' : 'failed';
    return await keep(drill, round, { state, result: `${hazard.id} ${describeVerdict(round.verdict)}.` });
  } catch (error) {
    if (!(error instanceof MoveEnd)) throw error;
    return await takeBack({ run, ports, at }, error);
  }
}

/** What ending a drill needs, whichever region started it. */
type DrillEnding = Pick<Drill, 'run' | 'ports' | 'at'>;

/** Heals, stores the round as one that was not judged, and ends. */
async function takeBack(ending: DrillEnding, { state, message }: MoveEnd): Promise<JobEnd> {
  const { run, at } = ending;
  const healed = await heal(moveOf(ending), at.progress.drained);
  const why = `not judged: ${message}`;
  const round = notJudged(run.payload, at.progress, why);
  return await keep(ending, round, { state, result: `${run.payload.hazard} ${why}; ${healed}.` });
}

async function keep({ run, ports, at }: DrillEnding, round: JudgedRound, end: JobEnd): Promise<JobEnd> {
  const names = { run: run.payload.run, version: ports.version, token: at.progress.token };
  at.progress = { ...at.progress, drained: null, end };
  await run.save('the round is stored', at.progress, (tx) => keepRound(tx, names, round));
  return end;
}

function moveOf({ run, ports, at }: DrillEnding): Move {
  return { run, ports, save: (progress, change) => run.save(progress, at.progress, change) };
}

/** A key that the probes show as every client does. Its secret is only in memory. */
function makeKey(random: Random) {
  const [consumer, token, secret] = [random.hex(9), random.hex(12), random.hex(24)];
  return { consumer, token, secretSha256: secretDigest(secret), text: `${consumer}:${token}:${secret}` };
}
