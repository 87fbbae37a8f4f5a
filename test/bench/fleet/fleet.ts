import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from '../../../src/contract/client.ts';
import { type Image, imagePath } from '../../../src/contract/images/image.ts';
import { PORTS } from '../../../src/core/node-ports.ts';
import { layoutOf } from '../../../src/lab/layout.ts';
import { needState } from '../../../src/lab/state.ts';
import { systemRandom } from '../../../src/main/process.ts';
import { labOf, type ProductLab } from '../../kit/lab.ts';
import { until } from '../../kit/until.ts';
import { type Figure, most } from '../report.ts';
import { unitMb } from '../unit-memory.ts';
import type { KnownFile } from './files.ts';
import { imageOf } from './image.ts';
import { commissionMachines, listFleet, makeMachines, removeFleet } from './machines.ts';
import { closePlaces, type FleetPlace, openPlaces, originsOf, placesOf } from './places.ts';
import { failuresOf, type MachineResult, rowsOf, tableOf } from './result.ts';
import { type Fleet, startFleet } from './start.ts';
import type { FleetMachine } from './way.ts';

const MACHINES = 1000;
/** All of them, from the first that is switched on to the last inventory. */
const WHOLE_S = 300;
/** Machines that are switched on each second, as racks do who have a thousand BMCs to ask. */
const PER_SECOND = Number(process.env['PER_SECOND'] ?? 8);
const SETTLE_MS = 180_000;
const UNIT = 'regent-regiond.service';
const MEMORY_MB = 300;

/**
 * Machines that boot on the networks of a running lab (`REGENT_LAB`, made by `scripts/up`), all at a time: packets and HTTP, no firmware and no kernel.
 * The machines are made and commissioned by the API before, and removed after; so are a subnet on each network and its addresses. Needs root.
 */
export async function benchFleet(count = MACHINES): Promise<Figure[]> {
  const layout = layoutOf(process.env['REGENT_LAB'] ?? 'lab');
  const lab = await labOf(layout);
  const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom() });
  const places = placesOf(layout, needState(layout).topology, count);
  const image = await imageOf(client);
  const fleets = places.map(({ netns }) => startFleet(netns));
  try {
    await removeFleet(client);
    await openPlaces(layout, client, places);
    const machines = await told('machines made', () =>
      makeMachines(
        client,
        places.map(({ network }) => network.name),
        count,
      ),
    );
    await told('machines commissioned', () => commissionMachines(client, machines));
    await told('racks know them', () => settled(client));
    for (const [index, place] of places.entries()) await fleets[index]?.learn(filesOf(place, image), place.address);
    return await play(client, { lab, machines, fleets });
  } finally {
    await clean([
      ...fleets.map((fleet) => async () => {
        await fleet.leave().finally(() => fleet.close());
      }),
      () => removeFleet(client),
      () => closePlaces(layout, client, places),
    ]);
  }
}

/** Each of them, whatever became of those before. What stays is told, and taken away by the next run. */
async function clean(steps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of steps)
    await step().catch((error: unknown) => console.error(`it is not cleaned up: ${String(error)}`));
}

interface Played {
  readonly lab: ProductLab;
  readonly machines: readonly FleetMachine[];
  readonly fleets: readonly Fleet[];
}

async function play(client: Client, { lab, machines, fleets }: Played): Promise<Figure[]> {
  const before = await memoryOf(lab);
  const started = performance.now();
  const results = await Promise.all(
    machines.map(async (machine, index): Promise<MachineResult> => {
      await delay((index * 1000) / PER_SECOND);
      const fleet = fleets[index % fleets.length];
      if (fleet === undefined) throw new Error('there is no network for it');
      return fleet.boot(machine);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const after = await memoryOf(lab);
  console.log(`\n${tableOf(rowsOf(results))}\n`);
  const failures = failuresOf(results);
  for (const line of failures) console.log(`failed: ${line}`);
  const asked = performance.now();
  const all = await listFleet(client);
  const listMs = performance.now() - asked;
  const ready = new Set(all.filter(({ state }) => state === 'ready').map(({ id }) => id));
  const lost = machines.filter(({ id }) => !ready.has(id));
  if (lost.length > 0)
    console.log(
      `not ready: ${lost
        .slice(0, 10)
        .map(({ hostname }) => hostname)
        .join(', ')}`,
    );
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const note = `${PER_SECOND} switched on each second; ${(bytes / 2 ** 20).toFixed(0)} MB of files`;
  return [
    most(`${machines.length} machines, DISCOVER → inventory, all of them`, seconds, {
      unit: 's',
      target: WHOLE_S,
      note,
    }),
    most('machines that gave up', results.filter(({ failed }) => failed !== null).length, { unit: '', target: 0 }),
    most('machines that are not ready then', lost.length, { unit: '', target: 0 }),
    most(`list of these machines by the API, ${all.length} of them`, listMs, { unit: 'ms', target: null }),
    ...after.map(({ node, mb }) =>
      most(`regiond on ${node}, memory then`, mb, {
        unit: 'MB',
        target: MEMORY_MB,
        note: `before ${before.find((one) => one.node === node)?.mb.toFixed(0)} MB`,
      }),
    ),
  ];
}

/** What a machine may fetch, from each rack that may send it. */
function filesOf(place: FleetPlace, { digest, files }: Pick<Image, 'digest' | 'files'>): KnownFile[] {
  return originsOf(place, PORTS.bootFiles).flatMap((origin) =>
    files.map(({ name, size, sha256 }) => ({ url: origin + imagePath(digest, name), size, sha256 })),
  );
}

/** Everything in force, and still so a while later: publications come some time after what they follow from. */
async function settled(client: Client): Promise<void> {
  let since = Infinity;
  await until(
    'all nodes to have what is published',
    async () => {
      const { nodes } = (await client.call('status.show', {})).body;
      const isWell = nodes.every((node) => node.isCurrent);
      since = isWell ? Math.min(since, performance.now()) : Infinity;
      return performance.now() - since > 5_000;
    },
    { deadlineMs: SETTLE_MS, everyMs: 500 },
  );
}

async function memoryOf(lab: ProductLab): Promise<{ readonly node: string; readonly mb: number }[]> {
  const regions = needState(lab.layout).topology.hosts.filter(({ roles = [] }) => roles.includes('region'));
  return Promise.all(regions.map(async ({ name }) => ({ node: name, mb: await unitMb(lab, name, UNIT) })));
}

async function told<T>(what: string, action: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const value = await action();
  console.log(`${what} after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return value;
}
