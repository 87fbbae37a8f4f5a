import { afterAll, beforeAll, describe } from 'vitest';
import { BROKEN_BUILDS } from '../../src/drills/overlay/broken.ts';
import { drawn } from '../kit/cluster/broken.ts';
import { brokenBuildsFail } from '../kit/cluster/broken-builds.ts';
import { type ClusterSite, openClusterSite } from '../kit/cluster/site.ts';
import { environmentOf, type TestEnvironment } from '../kit/cluster/environment.ts';
import { RANDOM } from '../kit/dice.ts';

/** `REGENT_BROKEN_BUILDS`: how many to draw by the seed, or names (parts of them) with commas; unset: all. The whole suite plays one in `lab/cluster`. */
const BUILDS = drawn(BROKEN_BUILDS, process.env['REGENT_BROKEN_BUILDS'], RANDOM);

describe('a build that is broken on purpose', () => {
  let site: ClusterSite;
  let rehearsal: TestEnvironment;
  beforeAll(async () => {
    console.log(`seed ${RANDOM.seed} (REGENT_CLUSTER_SEED plays it again)`);
    site = await openClusterSite('broken');
    await site.well(120_000);
    rehearsal = await environmentOf(site);
  }, 900_000);
  afterAll(() => site?.close(), 300_000);

  brokenBuildsFail(BUILDS, () => ({ site, ...rehearsal }));
});
