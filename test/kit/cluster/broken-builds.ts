import { expect, it } from 'vitest';
import type { BrokenBuild } from '../../../src/drills/overlay/broken.ts';
import { hasOverlay } from '../../../src/drills/overlay/apply.ts';
import { forStock } from '../../../src/drills/hazards/compared.ts';
import { hazardOf } from '../../../src/drills/hazards/catalogue.ts';
import type { RoundCheck, RoundVerdict } from '../../../src/judge/verdict.ts';
import { screen } from '../../../src/drills/report/screen.ts';
import { withOverlay } from '../../../src/drills/run/baseline.ts';
import type { Environment } from '../../../src/drills/run/environment.ts';
import { playSuite } from '../../../src/drills/run/suite.ts';
import { RANDOM } from '../dice.ts';
import { told } from '../site.ts';
import type { ClusterSite } from './site.ts';
import { needsRoom, type TestEnvironment } from './environment.ts';

/** A recording that a busy machine spoilt says nothing: it is made again. */
const TRIES = 3;
const PLAYED_AGAIN: ReadonlySet<RoundCheck['what']> = new Set(['outage', 'failures']);
const say = (text: string) => console.log(text);

/** A cluster that is well, and how drills are played on it. */
export interface Rehearsal extends TestEnvironment {
  readonly site: ClusterSite;
}

/**
 * Who tests the drills? Each build has one part broken on purpose, in the files of installed hosts, and a drill that must notice. The same drill
 * is played with the sound build before, by the same seed: what fails then too would prove nothing. Makes a test of each.
 */
export function brokenBuildsFail(builds: readonly BrokenBuild[], rehearsal: () => Rehearsal): void {
  it.for(builds.map((build) => [build.overlay.name, build.drill, build.check, build] as const))(
    'broken on purpose: %s fails %s by its check of %s, and a sound one does not',
    async ([name, , , build], context) => {
      const { site, ...own } = rehearsal();
      needsRoom(own, context);
      const { environment } = own;
      const start = performance.now();
      let sound = checkOf(await play(environment, build), build);
      const broken = checkOf(
        await withOverlay({ environment, say }, build.overlay, (other) => play(other, build)),
        build,
      );
      expect(broken?.isHeld, `${build.drill} did not notice`).toBe(false);
      // A machine that is too busy for a moment makes a sound one slow, or fails a call, by itself. What is unsafe is never played again.
      for (let tries = 1; PLAYED_AGAIN.has(build.check) && !isTold(build, sound, broken) && tries < TRIES; tries += 1)
        sound = checkOf(await play(environment, build), build);
      told(name, `sound: ${sound?.measured}; broken: ${broken?.measured}; limit ${broken?.limit}`, start);
      expect(isTold(build, sound, broken), `the sound build: ${sound?.measured}`).toBe(true);
      // Whatever happened: hosts have their sound files again, and are well with them.
      expect(await hasOverlay(environment)).toBe(false);
      await site.well(120_000);
    },
  );
}

async function play(environment: Environment, { drill, isHeldLong }: BrokenBuild): Promise<RoundVerdict> {
  const known = hazardOf(drill);
  if (known === undefined) throw new Error(`there is no drill ${drill}`);
  const hazard = isHeldLong ? forStock(known) : known;
  for (let attempt = 1; ; attempt += 1) {
    const [played] = await playSuite({
      environment,
      hazards: [hazard],
      rounds: 1,
      seed: RANDOM.seed,
      isExact: true,
      ids: () => crypto.randomUUID(),
      now: () => new Date().toISOString(),
      say,
      signal: AbortSignal.timeout(600_000),
      onPlayed: async (one) => say(screen(one)),
    });
    if (played === undefined) throw new Error(`${drill} was not played`);
    const unfit = played.verdict.checks.find(({ what, isHeld }) => what === 'recording' && !isHeld);
    if (unfit === undefined) return played.verdict;
    if (attempt === TRIES) throw new Error(`${drill} could not be recorded well: ${unfit.measured}`);
  }
}

function checkOf({ checks }: RoundVerdict, { check, probe }: BrokenBuild): RoundCheck | undefined {
  return checks.find((item) => item.what === check && (probe === undefined || item.probe === probe));
}

/** How fast a sound one is on a busy machine is no matter: a broken one is far slower. Everything else is held by a sound one. */
function isTold({ check }: BrokenBuild, sound: RoundCheck | undefined, broken: RoundCheck | undefined): boolean {
  if (check === 'outage') return secondsOf(broken) > 2 * secondsOf(sound);
  return sound !== undefined && sound.isHeld;
}

function secondsOf(check: RoundCheck | undefined): number {
  return Number.parseFloat(check?.measured ?? '');
}
