import { CATALOGUE } from './catalogue.ts';
import { type Chance, pick } from './draw.ts';
import { ANY_FAILOVERS } from '../../judge/rules.ts';
import type { Hazard } from './hazard.ts';

const WELL_AGAIN_MS = 180_000;
/** No duration has a bound, so a machine that is busy for a while spoils nothing. */
const STALL_MS = 30_000;

/** More reads without an answer are a cluster that does not get up again between faults. */
const UNANSWERED_MOST = 0.5;

/** Hazards that follow each other at random: what each costs alone is judged elsewhere; here nothing may be lost, and all must be well in the end. */
export const RANDOM_FAULTS: Hazard = {
  id: 'random',
  title: 'hazards at random, the next one often while the last one is got over, under load',
  row: 'random faults',
  group: 'double',
  headline: null,
  // Drawn during the round: the roles are not known before.
  steps: () => [],
  expects: [{ probe: 'write' }, { probe: 'read', failedShare: UNANSWERED_MOST }, { probe: 'vip' }],
  redundantMs: WELL_AGAIN_MS,
  failovers: ANY_FAILOVERS,
  starvedMs: STALL_MS,
};

/**
 * The next hazard. Each takes away all that it makes before another begins, so two overlap only in the recovery: the
 * majority of etcd is never gone for longer than a boot takes, but for a power cut of all hosts.
 */
export function drawHazard(chance: Chance): Hazard {
  return pick(
    CATALOGUE.filter(({ isLong = false }) => !isLong),
    chance,
  );
}
