import { afterAll, beforeAll, describe, it } from 'vitest';
import { ALONE } from '../kit/cluster/bad-days/alone.ts';
import { BEGINNING } from '../kit/cluster/bad-days/beginning.ts';
import { GROWING, WAYS } from '../kit/cluster/bad-days/growing.ts';
import { planOf } from '../kit/cluster/bad-days/plan.ts';
import { openStory, type Story } from '../kit/cluster/bad-days/story.ts';
import { RANDOM } from '../kit/dice.ts';

/** `REGENT_CLUSTER_CASES`: how many to draw by the seed (CI), or names (parts of them) with commas; unset: all. */
const ONLY = process.env['REGENT_CLUSTER_CASES'];
const DAYS = planOf([...BEGINNING, ...ALONE, ...GROWING], WAYS, { random: RANDOM, only: ONLY });

/**
 * A cluster that is set up by unlucky people, on whole hosts: what is refused, what is cut off and repeated, what is undone, and the
 * power that fails. One story: each case begins where the one before has ended. Prints `case → answer → seconds`.
 */
describe('bad days of a cluster', () => {
  let story: Story;
  beforeAll(async () => {
    console.log(`seed ${RANDOM.seed} (REGENT_CLUSTER_SEED plays it again)`);
    story = await openStory();
  }, 600_000);
  afterAll(() => story?.close(), 300_000);

  it.for(DAYS.map((day) => [day.name, day] as const))('%s', async ([, day]) => {
    await day.run(story).catch((error: unknown) => {
      // At once: the other cases take minutes.
      story.tell(day.name, `FAILED: ${error instanceof Error ? error.message : String(error)}`.slice(0, 1000));
      throw error;
    });
  });
});
