import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFault, healNetwork } from '../../src/lab/faults/network.ts';
import { layoutOf } from '../../src/lab/layout.ts';
import { MIXED } from '../../src/lab/topologies.ts';
import { REGION_NAMES, type RegionName, VIP } from '../kit/cluster/nodes.ts';
import { type ClusterSite, clusterSite, openClusterSite } from '../kit/cluster/site.ts';
import { needsRoom, environmentOf, type TestEnvironment } from '../kit/cluster/environment.ts';
import { labOf } from '../kit/lab.ts';
import { transcript } from '../kit/transcript/judge.ts';
import { record } from '../kit/transcript/record.ts';
import { fixtureOf } from '../kit/transcript/replay.ts';
import { until } from '../kit/until.ts';

/** Name of a lab that runs the product of this checkout and stays; unset: one of the test's own. */
const RUNNING = process.env['REGENT_TRANSCRIPT_LAB'];
/** Where recordings are written, as JSON with their transcripts; unset: nowhere. */
const KEEP = process.env['REGENT_TRANSCRIPT_FOLDER'];
const ONLY = process.env['REGENT_TRANSCRIPT_FAULTS']?.split(',');
const SECONDS = 30;
/**
 * Without probes four hosts answer a question each second on a machine that they keep busier than drills may, percent at rest. Who names a lab has
 * decided to play.
 */
const TOO_BUSY = RUNNING === undefined ? 80 : 100;

interface Played {
  readonly name: string;
  readonly lost: (cast: Cast) => readonly RegionName[];
  play(site: ClusterSite, cast: Cast): Promise<unknown>;
  heal(site: ClusterSite, cast: Cast): Promise<unknown>;
}

interface Cast {
  readonly primary: RegionName;
  readonly holder: RegionName;
}

const killed = (name: string, victim: (cast: Cast) => RegionName): Played => ({
  name,
  lost: (cast) => [victim(cast)],
  play: (site, cast) => site.power.kill(victim(cast)),
  heal: (site, cast) => site.power.start(victim(cast)),
});
const FAULTS: readonly Played[] = [
  killed('host-kill-primary', ({ primary }) => primary),
  killed('host-kill-holder', ({ holder }) => holder),
  {
    name: 'net-partition-primary',
    lost: ({ primary }) => [primary],
    play: ({ lab }, { primary }) =>
      addFault(lab.layout, { kind: 'partition', sides: [[primary], REGION_NAMES.filter((host) => host !== primary)] }),
    heal: ({ lab }) => healNetwork(lab.layout),
  },
  {
    name: 'planned-switchover',
    lost: () => [],
    play: (site, { primary }) => site.switchover(primary),
    heal: async () => {},
  },
];

/** Three region nodes, one of them a rack, too: the fewer hosts, the more a machine can ask each second. Every second of the first 30 after a fault: what status and doctor say, beside what is so. No sentence may be untrue. */
describe('what operators are told', () => {
  let site: ClusterSite;
  let environment: TestEnvironment;
  beforeAll(async () => {
    site =
      RUNNING === undefined ? await openClusterSite('transcripts', MIXED) : clusterSite(await labOf(layoutOf(RUNNING)));
    await site.well(180_000);
    environment = await environmentOf(site);
  }, 900_000);
  afterAll(async () => {
    if (RUNNING === undefined) await site?.close();
    else site?.detach();
  }, 300_000);

  it.for(
    FAULTS.filter(({ name }) => ONLY === undefined || ONLY.includes(name)).map((fault) => [fault.name, fault] as const),
  )('%s', { timeout: 400_000 }, async ([name, fault], context) => {
    needsRoom(environment, context, TOO_BUSY);
    const cast = await until('a primary and a holder', () => castOf(site), { deadlineMs: 60_000 });
    const lost = fault.lost(cast);
    const asked = REGION_NAMES.find((host) => !lost.includes(host) && host !== cast.primary) ?? 'r1';
    const { layout, apiKey } = site.lab;
    const recording = await record({
      layout,
      apiKey,
      fault: name,
      asked,
      regions: REGION_NAMES,
      vip: VIP,
      seconds: SECONDS,
      play: async () => void (await fault.play(site, cast)),
    });
    await fault.heal(site, cast);
    const { text, untrue } = transcript(recording, { lost });
    console.log(text);
    if (KEEP !== undefined) {
      mkdirSync(KEEP, { recursive: true });
      writeFileSync(join(KEEP, `${name}.json`), JSON.stringify({ ...recording, lost }));
      // What the golden transcripts are made from.
      writeFileSync(join(KEEP, `${name}.fixture.json`), JSON.stringify(fixtureOf({ ...recording, lost })));
      writeFileSync(join(KEEP, `${name}.txt`), `${text}\n`);
    }
    expect(recording.said.filter(({ cluster }) => cluster !== null).length).toBeGreaterThan(SECONDS / 2);
    expect(untrue).toEqual([]);
    await site.well(180_000);
  });
});

async function castOf({ nodes }: ClusterSite): Promise<Cast | null> {
  const [[primary], [holder]] = await Promise.all([nodes.primaries(), nodes.holders()]);
  return primary && holder ? { primary, holder } : null;
}
