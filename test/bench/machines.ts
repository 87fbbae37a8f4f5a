import { createClient, type Client } from '../../src/contract/client.ts';
import type { MachineTimeline } from '../../src/contract/machines/machine-timeline.ts';
import { layoutOf } from '../../src/lab/layout.ts';
import { readLogin } from '../../src/lab/machines/prepare.ts';
import { seedMachine } from '../../src/lab/product/seed.ts';
import { needState } from '../../src/lab/state.ts';
import { type LabMachine, machinesHost } from '../../src/lab/topology.ts';
import { systemRandom } from '../../src/main/process.ts';
import { labOf } from '../kit/lab.ts';
import { until } from '../kit/until.ts';
import { type Figure, median, most } from './report.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const WAY_MS = 300_000;
/**
 * From power on to the inventory, s. `target`: the aim. `raw`: the same chain of Debian's programs by hand, four boots each in hosts like the lab's, the
 * median: Kea, tftpd, nginx and a kernel with busybox.
 */
const KINDS = { bios: { target: 15, raw: 10.9 }, uefi: { target: 22, raw: 16.4 } } as const;
/** More than that over the raw chain is ours. */
const RATIO_MOST = 1.3;

/** How long each part of the way took, s: from the step before it. */
type Parts = Readonly<Record<string, number>>;

/**
 * Machines of a running lab (`REGENT_LAB`, made by `scripts/up --machines`) are commissioned, one after another, `ROUNDS` times each: from power on to the
 * inventory as their timelines tell, part by part.
 */
export async function benchMachines(): Promise<Figure[]> {
  const layout = layoutOf(process.env['REGENT_LAB'] ?? 'lab');
  const { url, apiKey } = await labOf(layout);
  const target = { url, apiKey, random: systemRandom() };
  const client = createClient(target);
  const machines = machinesHost(needState(layout).topology)?.machines ?? [];
  const figures: Figure[] = [];
  for (const name of ['m1', 'm2']) {
    const machine = machines.find((one) => one.name === name);
    if (machine === undefined) throw new Error(`the lab has no machine ${name}: scripts/up --machines`);
    await seedMachine(target, machine, readLogin(layout, name));
    figures.push(...(await benchMachine(client, machine)));
  }
  return figures;
}

async function benchMachine(client: Client, { name, firmware }: LabMachine): Promise<Figure[]> {
  const { target, raw } = KINDS[firmware];
  const [totals, parts]: [number[], Parts[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    await client.call('machine.commission', { params: { machine: name }, body: {} });
    await until(
      `${name} to be ready`,
      async () => (await client.call('machine.show', { params: { machine: name } })).body.state === 'ready',
      { deadlineMs: WAY_MS, everyMs: 250 },
    );
    const { body } = await client.call('machine.timeline', { params: { machine: name }, query: {} });
    const way = wayOf(body);
    totals.push(way.total);
    parts.push(way.parts);
  }
  const total = median(totals);
  const each = totals.map((one) => one.toFixed(1)).join(', ');
  const names = [...new Set(parts.flatMap((one) => Object.keys(one)))];
  const medians = names.map((part) => `${part} ${median(parts.flatMap((one) => one[part] ?? [])).toFixed(1)} s`);
  return [
    most(`${name} (${firmware}): power on to inventory, median`, total, {
      unit: 's',
      target,
      note: `${each}; ${medians.join(', ')}`,
    }),
    most(`${name} (${firmware}): beside the raw chain`, total / raw, {
      unit: 'x',
      target: RATIO_MOST,
      note: `raw ${raw} s`,
    }),
  ];
}

/** From the last time that it was switched on to its inventory; the parts are named by the step that ends them. */
function wayOf({ steps }: Pick<MachineTimeline, 'steps'>): { readonly total: number; readonly parts: Parts } {
  const isDone = (what: string) => (step: MachineTimeline['steps'][number]) =>
    step.what === what && step.outcome === 'done';
  const begin = steps.findLastIndex(isDone('power-on'));
  const end = steps.findIndex((step, index) => index > begin && isDone('inventory')(step));
  const [first, last] = [steps[begin], steps[end]];
  if (!first || !last) throw new Error('the timeline has no power on, or no inventory after it');
  const parts: Record<string, number> = {};
  for (let index = begin + 1, from = Date.parse(first.at); index <= end; index += 1) {
    const step = steps[index];
    if (step === undefined || step.what in parts) continue;
    parts[step.what] = (Date.parse(step.at) - from) / 1000;
    from = Date.parse(step.at);
  }
  return { total: (Date.parse(last.at) - Date.parse(first.at)) / 1000, parts };
}
