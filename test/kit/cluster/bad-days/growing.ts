import { expect } from 'vitest';
import { RANDOM } from '../../dice.ts';
import { patient } from '../../machine.ts';
import { until } from '../../until.ts';
import { REGION_NAMES } from '../nodes.ts';
import { monthOff } from './month-off.ts';
import type { BadDay } from './plan.ts';
import { sick } from './sick.ts';
import { joinArgs, newcomers, type Story } from './story.ts';

/** Bad days while the cluster grows, and after. */
export const GROWING: readonly BadDay<Story>[] = [
  {
    name: 'join: cut off in three steps and repeated while another host joins, under load',
    at: 'alone',
    to: 'grown',
    run: cutOff,
  },
  { name: 'all hosts lose power at once and come back in any order', at: 'grown', run: allPower },
  { name: 'what is really broken is named by the doctor', at: 'grown', run: sick },
  { name: 'all hosts are without power for longer than their certificates live', at: 'grown', run: monthOff },
];

/** From stage to stage where nothing goes wrong. */
export const WAYS: readonly BadDay<Story>[] = [
  {
    name: 'init',
    at: 'bare',
    to: 'alone',
    run: async ({ begin, tell }) => {
      await begin();
      tell('init', 'well');
    },
  },
  {
    name: 'two region nodes join at once',
    at: 'alone',
    to: 'grown',
    run: async (story) => {
      const joins = newcomers().map(async (host) =>
        story.hosts.join(host, (await story.hosts.token('region')).token, joinArgs(host)),
      );
      for (const result of await Promise.all(joins)) story.done(result);
      await canLoseOne(story);
    },
  },
];

async function cutOff(story: Story): Promise<void> {
  const site = story.site();
  const load = story.startLoad(2);
  try {
    await joinsCutOff(story);
  } finally {
    await load.stop();
  }
  expect(load.failures).toEqual([]);
  // Asked after the writes: a machine that they keep busy is behind with them for longer than a status calls well.
  await withoutComplaint(story);
  expect(await site.missingOn(REGION_NAMES, load)).toEqual([]);
  story.tell('writes meanwhile', `${load.acknowledged.length} acknowledged, all on every node`);
}

async function joinsCutOff(story: Story): Promise<void> {
  const { hosts, done, tell } = story;
  const [host, other] = newcomers();
  const { token } = await hosts.token('region');
  const said: string[] = [];
  let second: ReturnType<typeof hosts.join> | null = null;
  // One of the first steps after the cluster has let it in, one in the middle, one near the end.
  const steps = [3, 5, 7].map((first) => first + Math.floor(RANDOM.next() * 2));
  const dark = RANDOM.pick(steps);
  for (const step of steps) {
    const when = { step, afterMs: RANDOM.next() * 1_500, isPower: step === dark };
    const cut = await hosts.joinCutOff(host, token, joinArgs(host), when);
    said.push(cut.said);
    const how = step === dark ? 'by a power cut' : 'by a kill';
    tell(`join of ${host} cut off`, `in step ${step} ${how}${cut.isEnded ? ', when it had ended' : ''}`);
    second ??= hosts.token('region').then((made) => hosts.join(other, made.token, joinArgs(other)));
  }
  const [first, rival] = await Promise.all([hosts.join(host, token, joinArgs(host)), second]);
  done(first);
  expect(said.join('\n')).toMatch(/an even number\. It survives the loss of 0/);
  tell('an even number of region nodes', /warning: (The cluster now has.*)/.exec(said.join('\n'))?.[1] ?? '');
  const waited = new RegExp(`The region node ${host} is joining.*`);
  if (rival) done(rival);
  expect(rival?.stderr).toMatch(waited);
  tell('another that joins meanwhile waits', waited.exec(rival?.stderr ?? '')?.[0] ?? '');
  await story.site().well(240_000);
}

/** The cluster has three nodes and no complaint. */
async function canLoseOne(story: Story): Promise<void> {
  await story.site().well(240_000);
  await withoutComplaint(story);
}

async function withoutComplaint({ site, tell }: Story): Promise<void> {
  // The node that joined last may be taking over what was published for it.
  const isOk = async () => {
    const { code, stdout, stderr } = await site().regent('cluster', 'status');
    if (code !== 0) throw new Error(`${stdout}${stderr}`);
    return stdout;
  };
  const [line = ''] = (
    await until('a status without complaint', isOk, { deadlineMs: patient(60_000), everyMs: 1_500 })
  ).split('\n');
  expect(line).toMatch(/can lose (one|1) node/i);
  tell('grown', line);
}

async function allPower({ hosts, site: siteOf, startLoad, tell }: Story): Promise<void> {
  const site = siteOf();
  const load = startLoad(3);
  const order = RANDOM.shuffled(REGION_NAMES);
  try {
    await site.writesFlow(load, 30_000);
    await RANDOM.phase(1_000);
    await Promise.all(REGION_NAMES.map((host) => hosts.power.kill(host)));
    for (const host of order) {
      await hosts.power.start(host);
      await RANDOM.phase(4_000);
    }
    await site.writesFlow(load, 120_000);
  } finally {
    await load.stop();
  }
  const gap = (load.gaps().write / 1000).toFixed(1);
  await site.well(180_000);
  expect(await site.missingOn(REGION_NAMES, load)).toEqual([]);
  await until('one primary', async () => (await site.nodes.primaries()).length === 1, { deadlineMs: 30_000 });
  expect(await site.nodes.holders()).toHaveLength(1);
  const seen = `back in the order ${order.join(', ')}; no write for ${gap} s; ${load.acknowledged.length} acknowledged, none lost; ${load.failures.length} given up`;
  tell('power of all hosts', `${seen}; one primary, one holder, doctor green`);
}
