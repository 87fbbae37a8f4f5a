import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MachineTimeline, TimelineStep } from '../../src/contract/machines/machine-timeline.ts';
import { readConsole } from '../../src/lab/machines/console.ts';
import { withMachines } from '../../src/lab/machines/topology.ts';
import { CLUSTER } from '../../src/lab/topologies.ts';
import { buildImage } from '../kit/cluster/machine-days.ts';
import { REGION_NAMES } from '../kit/cluster/nodes.ts';
import { type ClusterSite, openClusterSite } from '../kit/cluster/site.ts';
import { RANDOM } from '../kit/dice.ts';
import { patient } from '../kit/machine.ts';
import { pause, until } from '../kit/until.ts';

/**
 * A machine is commissioned, and a host dies at a random moment of its questions for metadata: a region's, or that of the rack that it boots from. It never stands
 * still for longer than 30 s, apart from what its BMC, firmware and loader take for a start; and it ends well, or says why not. One line per round.
 *
 * `REGENT_DEATHS=20,10`: how many rounds of each. `REGENT_IMAGE=micro`: without cloud-init, and much faster. `REGENT_CLUSTER_SEED`: the same moments again.
 */

const [REGION_ROUNDS = 20, RACK_ROUNDS = 10] = (process.env['REGENT_DEATHS'] ?? '20,10').split(',').map(Number);
const IMAGE = process.env['REGENT_IMAGE'] === 'micro' ? 'micro' : 'ephemeral';
const STILL_MS = 30_000;
/** A whole way by emulation, twice: its start may be repeated. */
const WAY_MS = 600_000;
/** From its first question to the end of its scripts. */
const SPAN_MS = IMAGE === 'micro' ? 4_000 : 25_000;
/** What BMC, firmware and loader do is over with the first of these that comes after a start. */
const STARTS: readonly TimelineStep['what'][] = ['power-asked', 'power-on', 'power-off', 'lease', 'loader'];

interface Wait {
  readonly ms: number;
  readonly after: string;
}

/** The longest pause between two steps, and the longest of those that belong to a start. The end is the last step. */
function longestWaits(steps: readonly TimelineStep[], from: number): { readonly still: Wait; readonly start: Wait } {
  let [still, start]: [Wait, Wait] = [
    { ms: 0, after: '' },
    { ms: 0, after: '' },
  ];
  steps.slice(1).forEach((step, index) => {
    const before = steps[index];
    if (before === undefined || Date.parse(step.at) < from) return;
    const wait = {
      ms: Date.parse(step.at) - Math.max(from, Date.parse(before.at)),
      after: `${before.what} ${before.detail}`.slice(0, 70),
    };
    const isStart = STARTS.includes(before.what) || STARTS.includes(step.what);
    if (isStart && wait.ms > start.ms) start = wait;
    if (!isStart && wait.ms > still.ms) still = wait;
  });
  return { still, start };
}

describe('a host dies while a machine asks for metadata', () => {
  let site: ClusterSite;
  const lines: string[] = [];
  beforeAll(async () => {
    process.stdout.write(`seed ${RANDOM.seed}, image ${IMAGE}\n`);
    const image = buildImage(IMAGE);
    image.catch(() => undefined);
    site = await openClusterSite('metadata-deaths', withMachines(CLUSTER), { isFresh: true });
    await site.well(120_000);
    await site.tell('image', 'import', await image, '--default');
  }, 900_000);
  afterAll(async () => {
    process.stdout.write(`\ndaemons: rounds of metadata deaths (seed ${RANDOM.seed})\n${lines.join('\n')}\n`);
    await site?.close();
  }, 300_000);

  const timeline = async (): Promise<MachineTimeline> =>
    (await site.client.call('machine.timeline', { params: { machine: 'm1' }, query: {} })).body;
  const show = async () => (await site.client.call('machine.show', { params: { machine: 'm1' } })).body;
  const consoleOf = async () => {
    let text = '';
    await readConsole(site.lab.layout, 'm1', (more) => (text += more));
    return text.slice(-4000);
  };

  async function round(name: string, choose: (boot: MachineTimeline) => string): Promise<void> {
    await site.tell('machine', 'commission', 'm1');
    const first = await until(
      'its first question for metadata',
      async () => {
        const now = await timeline();
        return now.steps.some(({ what }) => what === 'metadata') ? now : null;
      },
      { deadlineMs: patient(WAY_MS), everyMs: 250 },
    );
    const victim = choose(first);
    const afterMs = Math.round(RANDOM.next() * patient(SPAN_MS));
    await pause(afterMs);
    const diedAt = Date.now();
    await site.power.kill(victim);
    try {
      const ended = await until(
        `the end of the way of m1 (${name})`,
        async () => {
          const machine = await show();
          return machine.state === 'commissioning' ? null : machine;
        },
        { deadlineMs: patient(WAY_MS), everyMs: 500 },
      );
      const { steps } = await timeline();
      const { still, start } = longestWaits(steps, diedAt - 1_000);
      const starts = steps.filter(({ what }) => what === 'script').length;
      const end = ended.state === 'ready' ? 'ready' : `${ended.state}: ${ended.error}`;
      lines.push(
        `${name}: ${victim} died ${(afterMs / 1000).toFixed(1)} s after the first question; ${end}, ${((Date.now() - diedAt) / 1000).toFixed(0)} s later; ` +
          `stood still ${(still.ms / 1000).toFixed(1)} s${still.after === '' ? '' : ` after "${still.after}"`}; BMC, firmware and loader ${(start.ms / 1000).toFixed(1)} s; ${starts} starts`,
      );
      process.stdout.write(`${lines.at(-1)}\n`);
      // It ends well, or its error says what happened.
      expect(ended.state === 'ready' || ended.error !== '', JSON.stringify(ended)).toBe(true);
      expect(still.ms, `${lines.at(-1)}\n${await consoleOf()}`).toBeLessThanOrEqual(STILL_MS);
    } finally {
      await site.power.start(victim);
      await site.well(patient(240_000));
    }
  }

  it.each(Array.from({ length: REGION_ROUNDS }, (_, n) => n + 1))(
    'a region’s, round %i',
    (n) => round(`region ${n}/${REGION_ROUNDS}`, () => RANDOM.pick(REGION_NAMES)),
    1_800_000,
  );

  it.each(Array.from({ length: RACK_ROUNDS }, (_, n) => n + 1))(
    'its rack’s, round %i',
    (n) =>
      round(`rack ${n}/${RACK_ROUNDS}`, ({ steps }) => steps.findLast(({ what }) => what === 'script')?.node || 'k1'),
    1_800_000,
  );
});
