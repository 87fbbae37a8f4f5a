import type { Hazard, HazardStep } from '../hazards/hazard.ts';
import { firstFault } from '../../judge/recording.ts';
import { relativeTo } from '../../judge/relative.ts';
import type { Lane, Mark, SharedAddress, Timeline } from '../../judge/timeline.ts';
import type { Prediction } from '../report/round.ts';
import { healAll, perform } from './acts.ts';
import { busyPercent, type ProcessorTimes } from './watch/busy.ts';
import { chanceOf } from './chance.ts';
import { predict } from './predict.ts';
import { resolveRoles } from './roles.ts';
import { castOf, type Environment } from './environment.ts';
import { readWritesByHost } from './local-writes.ts';
import { needWell, waitUntilRedundant } from './well.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { actText, isHealing } from './act-text.ts';

/** What the probes saw, in absolute times of the shared monotonic clock. */
export interface Probed {
  readonly lanes: readonly Lane[];
  readonly acknowledged: readonly number[];
  readonly ambiguous: readonly number[];
  readonly refused: readonly number[];
  /** Addresses that two machines had; absent: no DHCP probe was there. */
  readonly sharedAddresses?: readonly SharedAddress[];
}

/** Probes at work. */
export interface Probes {
  /** Back when every lane has had a good answer. Throws after its deadline. */
  ready(): Promise<void>;
  /** New machines are switched on together, if there is a population. */
  burst(): void;
  /** Ends them and gives what they saw. Waits for a write that is under way, until its deadline. Again: the same answer. */
  stop(): Promise<Probed>;
}

/** What a round gave. `predicted`: what the cluster foretold just before the fault; absent: there was no question, or no answer. */
export type Recorded = { readonly timeline: Timeline; readonly predicted?: readonly Prediction[] };

/** What a round is played with. `ids`: makes UUIDs. `startProbes`: gets the UUID of the round's ledger. */
export interface RoundOrder {
  readonly environment: Environment;
  readonly hazard: Hazard;
  readonly round: number;
  readonly seed: number;
  readonly startedAt: string;
  readonly startProbes: (ledger: string) => Promise<Probes>;
  readonly ids: () => string;
  readonly say: (text: string) => void;
  /** Plays what is only known during the round, in the place of the hazard's own steps. */
  readonly story?: (play: (steps: readonly HazardStep[]) => Promise<void>) => Promise<void>;
}

const WELL_MS = 180_000;
const STEADY_MS = 2_500;
/**
 * After the first fault there are no questions about redundancy for so long: the questions are commands in every host, and on a machine that the hosts
 * share they cost the failover, which is under way, half a second.
 */
const UNDISTURBED_MS = 6_000;
/** After full redundancy, so that the end is steady too. */
const TAIL_MS = 2_000;
/** Longer than is allowed, so that the report can say how long it took. */
const MORE_MS = 60_000;

/** Plays one round. Throws AppError when the cluster was not well before, or a step could not be done: then there is nothing to judge. */
export async function playRound(order: RoundOrder): Promise<Recorded> {
  const { environment, hazard, round, seed, startedAt } = order;
  await needWell(environment, WELL_MS);
  const cast = await castOf(environment);
  const [ledger, local] = [order.ids(), order.ids()];
  const zero = environment.now();
  const probes = await order.startProbes(ledger);
  const recorder = startRecorder(environment, cast, local);
  try {
    await probes.ready();
    const atRest = readTimes(environment);
    await environment.wait(STEADY_MS);
    const beforeFault = readTimes(environment);
    const steps = hazard.steps(cast, chanceOf(seed));
    const marks: Mark[] = [];
    const isForetold = environment.redundancy !== 'streaming' && order.story === undefined;
    // The cluster's model knows only its own settings.
    const predicted = isForetold
      ? await predict(environment, steps, (text) => {
          order.say(text);
          marks.push({ at: environment.now(), kind: 'note', host: null, text });
        })
      : undefined;
    const play = async (more: readonly HazardStep[]) =>
      void marks.push(...(await playSteps(order, more, recorder, burstsOf(probes))));
    if (order.story === undefined) await play(steps);
    else await order.story(play);
    const healedAt = environment.now();
    const faultAt = firstFault({ marks }) ?? healedAt;
    await environment.wait(Math.max(0, faultAt + UNDISTURBED_MS - healedAt));
    const redundant = await waitUntilRedundant(environment, hazard.redundantMs + MORE_MS);
    if (redundant.at === null)
      marks.push({ at: environment.now(), kind: 'note', host: null, text: `not healthy: ${redundant.lack}` });
    await environment.wait(TAIL_MS);
    const endedAt = environment.now();
    const [before, after] = [busyPercent(atRest, beforeFault), busyPercent(beforeFault, readTimes(environment))];
    const { lanes, sharedAddresses, ...outcomes } = await probes.stop();
    recorder.stop();
    const found = await readWritesByHost(environment, ledger, local);
    const { roles, local: localWrites, ...seen } = recorder.seen(endedAt);
    const timeline = relativeTo(zero, {
      hazard: hazard.id,
      round,
      seed,
      startedAt,
      cast,
      marks: [...marks, ...roles.filter(({ at }) => at >= zero)].toSorted((a, b) => a.at - b.at),
      lanes,
      ...(sharedAddresses && { sharedAddresses }),
      ledger: { ...outcomes, found: found.ledger, local: localWrites, foundLocal: found.local },
      ...seen,
      healedAt,
      redundantAt: redundant.at,
      endedAt,
      ...(before !== null && after !== null && { busy: { before, after } }),
    });
    return { timeline, ...(predicted && { predicted }) };
  } finally {
    recorder.stop();
    await probes.stop().catch(() => undefined);
    // Whatever happened: the next round begins with everybody there.
    await healAll(environment);
  }
}

async function playSteps(
  { environment, say }: RoundOrder,
  steps: readonly HazardStep[],
  recorder: Recorder,
  onActed: (isHeal: boolean) => void,
): Promise<Mark[]> {
  const marks: Mark[] = [];
  for (const { afterMs, act } of steps) {
    await environment.wait(afterMs);
    const done = await resolveRoles(environment, act);
    const text = actText(done ?? act);
    if (done === null) {
      marks.push({ at: environment.now(), kind: 'note', host: null, text: `${text}: left out, no host has that role` });
      continue;
    }
    say(text);
    marks.push({ at: environment.now(), kind: isHealing(done) ? 'heal' : 'fault', host: hostIn(done), text });
    recorder.before(done);
    await perform(environment, done);
    recorder.after(done);
    onActed(isHealing(done));
  }
  return marks;
}

/** Machines arrive once after the first fault, and once after the first heal. */
function burstsOf(probes: Probes): (isHeal: boolean) => void {
  const past = new Set<boolean>();
  return (isHeal) => {
    if (past.has(isHeal)) return;
    past.add(isHeal);
    probes.burst();
  };
}

const readTimes = ({ processors }: Environment): ProcessorTimes | null => processors?.() ?? null;

const hostIn = (act: object): string | null => ('host' in act && typeof act.host === 'string' ? act.host : null);
