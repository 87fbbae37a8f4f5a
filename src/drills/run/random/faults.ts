import { sentenceOf } from '../../../core/errors.ts';
import { between, type Chance } from '../../hazards/draw.ts';
import type { HazardStep } from '../../hazards/hazard.ts';
import { drawHazard, RANDOM_FAULTS } from '../../hazards/random.ts';
import type { Cast } from '../../../judge/timeline.ts';
import type { RoundCheck, RoundVerdict } from '../../../judge/verdict.ts';
import { firstFew } from '../../../judge/formats.ts';
import { chanceOf } from '../chance.ts';
import { type Load, startLoad } from './load.ts';
import { castOf, type Environment } from '../environment.ts';
import { type Played, playSuite, type SuiteOrder } from '../suite.ts';
import { waitUntilRedundant } from '../well.ts';

/** How often the next hazard does not wait for the end of the last one's recovery. */
const HASTE = 0.5;
/** Of the load. */
const CLIENTS = 4;
const SOON_MS = 5_000;
const CALM_MS = 120_000;
const CAST_MS = 120_000;
const POLL_MS = 500;

/** What random hazards are played with. `chance` decides which hazards, whom, when. */
export interface RandomOrder {
  readonly environment: Environment;
  readonly minutes: number;
  readonly chance: Chance;
  readonly say: (text: string) => void;
  /** No further hazard starts. */
  readonly signal: AbortSignal;
}

/** Plays hazards one after the other until the time is over; gives how many. What cannot be done just then (a switchover while nobody leads) is reported and left out. */
export async function playRandom(
  { environment, minutes, chance, say, signal }: RandomOrder,
  play: (steps: readonly HazardStep[]) => Promise<void>,
): Promise<number> {
  const end = environment.now() + minutes * 60_000;
  let count = 0;
  while (environment.now() < end && !signal.aborted) {
    const hazard = drawHazard(chance);
    const cast = await castSoon(environment);
    if (cast === null) {
      say('no host is primary, holder or leader of etcd: no further hazard starts');
      return count;
    }
    count += 1;
    say(`hazard ${count}: ${hazard.id}`);
    for (const step of hazard.steps(cast, chance))
      await play([step]).catch((error: unknown) => say(`left out: ${sentenceOf(error)}`));
    if (chance() < HASTE) await environment.wait(between(0, SOON_MS, chance));
    else await waitUntilRedundant(environment, CALM_MS);
  }
  return count;
}

/** Plays one round of hazards at random under load, and checks what the load was promised. */
export async function playRandomSuite(
  order: Omit<SuiteOrder, 'hazards' | 'rounds' | 'story'> & { readonly minutes: number },
): Promise<Played[]> {
  const { environment, minutes, say, signal } = order;
  const load = startLoad({ environment, name: `load-${order.ids().slice(0, 8)}`, clients: CLIENTS });
  const story = async (seed: number, play: (steps: readonly HazardStep[]) => Promise<void>) => {
    const sayDetail = (text: string) => say(`  ${text}`);
    const count = await playRandom({ environment, minutes, chance: chanceOf(seed), say: sayDetail, signal }, play);
    say(`  ${count} hazards in ${minutes} minutes`);
  };
  try {
    // The verdict is complete only when the load's books were checked.
    const onPlayed = async () => {};
    const played = await playSuite({ ...order, hazards: [RANDOM_FAULTS], rounds: 1, story, onPlayed });
    await load.stop();
    const breaches = await load.breaches();
    const whole = played.map((one) => ({ ...one, verdict: withLoad(one.verdict, load.done(), breaches) }));
    for (const one of whole) await order.onPlayed(one);
    return whole;
  } finally {
    await load.stop();
    await load.tidy();
  }
}

/** The verdict with what became of the load's writes. */
export function withLoad(
  verdict: RoundVerdict,
  done: ReturnType<Load['done']>,
  breaches: readonly string[],
): RoundVerdict {
  const { made, removed, failed } = done;
  const check: RoundCheck = {
    what: 'ledger',
    probe: `records of ${CLIENTS} clients`,
    isHeld: breaches.length === 0 && made > 0,
    limit: '0',
    measured:
      breaches.length > 0
        ? `${breaches.length} otherwise: ${firstFew(breaches)}`
        : `${made} made, ${removed} removed, ${failed} calls without an answer`,
  };
  return { ...verdict, isPassed: verdict.isPassed && check.isHeld, checks: [...verdict.checks, check] };
}

async function castSoon(environment: Environment): Promise<Cast | null> {
  for (const end = environment.now() + CAST_MS; environment.now() < end; await environment.wait(POLL_MS)) {
    const cast = await castOf(environment).catch(() => null);
    if (cast !== null) return cast;
  }
  return null;
}
