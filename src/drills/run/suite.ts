import { AppError, sentenceOf } from '../../core/errors.ts';
import type { Hazard, HazardStep } from '../hazards/hazard.ts';
import { judge } from '../../judge/judge.ts';
import type { Timeline } from '../../judge/timeline.ts';
import { unplayed, type RoundVerdict } from '../../judge/verdict.ts';
import type { Prediction } from '../report/round.ts';
import { seedOfRound } from './chance.ts';
import { startLabProbes } from './lab-probes.ts';
import { playRound } from './round.ts';
import type { Environment } from './environment.ts';
import { dropTables, makeTables } from './local-writes.ts';

/** A round that was played, or that could not be: then without a recording. */
export interface Played {
  readonly hazard: Hazard;
  readonly verdict: RoundVerdict;
  readonly timeline: Timeline | null;
  /** What the cluster itself expected; absent: there was no question, or no answer. */
  readonly predicted?: readonly Prediction[];
  /** Played with stock settings. */
  readonly label?: 'baseline';
}

/** A run of drills. `seed`: of all rounds; `exact`: it is that of the one round that is to be played again. */
export interface SuiteOrder {
  readonly environment: Environment;
  readonly hazards: readonly Hazard[];
  readonly rounds: number;
  readonly seed: number;
  readonly isExact: boolean;
  readonly ids: () => string;
  readonly now: () => string;
  readonly say: (text: string) => void;
  /** After each round. */
  readonly onPlayed: (played: Played) => Promise<void>;
  /** No further round starts. */
  readonly signal: AbortSignal;
  /** With stock settings: recorded, not judged. Absent: our own. */
  readonly label?: Played['label'];
  /** What is played in the place of the hazard's own steps, from the round's seed. */
  readonly story?: (seed: number, play: (steps: readonly HazardStep[]) => Promise<void>) => Promise<void>;
}

/** Plays all rounds: the first of each hazard, then the second of each, so that a run that is ended early has as many of all. */
export async function playSuite(order: SuiteOrder): Promise<Played[]> {
  const all: Played[] = [];
  await makeTables(order.environment);
  try {
    for (let round = 1; round <= order.rounds; round += 1) {
      for (const hazard of order.hazards) {
        if (order.signal.aborted) return all;
        const played = await playOne(order, hazard, round);
        all.push(played);
        await order.onPlayed(played);
      }
    }
    return all;
  } finally {
    await dropTables(order.environment).catch((error: unknown) => order.say(sentenceOf(error)));
  }
}

async function playOne(order: SuiteOrder, hazard: Hazard, round: number): Promise<Played> {
  const { environment, ids, say, story } = order;
  const seed = order.isExact ? order.seed : seedOfRound(order.seed, hazard.id, round);
  const startedAt = order.now();
  const label = order.label === undefined ? {} : { label: order.label };
  say(`${hazard.id}, round ${round} of ${order.rounds}, seed ${seed}`);
  try {
    const startProbes = (ledger: string) => startLabProbes(environment, ledger);
    const recorded = await playRound({
      environment,
      hazard,
      round,
      seed,
      startedAt,
      startProbes,
      ids,
      say: (text) => say(`  ${text}`),
      ...(story && { story: (play) => story(seed, play) }),
    });
    const verdict = judge(recorded.timeline, hazard);
    return { hazard, verdict: order.label === undefined ? verdict : notJudged(verdict), ...recorded, ...label };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      hazard,
      verdict: unplayed({ hazard: hazard.id, round, seed, startedAt }, error.message),
      timeline: null,
      ...label,
    };
  }
}

/** A round of which nothing is promised has passed when it was recorded well; what did not hold stays in it as a finding. */
export function notJudged(verdict: RoundVerdict): RoundVerdict {
  return { ...verdict, isPassed: verdict.checks.every(({ what, isHeld }) => what !== 'recording' || isHeld) };
}
