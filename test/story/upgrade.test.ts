import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Upgrade } from '../../src/contract/site/upgrade.ts';
import { type ClusterSite, openClusterSite, ZONE } from '../kit/cluster/site.ts';
import { makeNextRelease } from '../kit/cluster/next-release.ts';
import { until } from '../kit/until.ts';

const UPGRADE_MS = 1_500_000;
/** Five hosts fill two processors with 20 calls a second before anything is upgraded: calls fail for want of a processor. */
const WRITES_PER_SECOND = availableParallelism() <= 2 ? 5 : 20;
const SHOWN_MAX = 3;

/** A whole cluster is upgraded to the next release under load, taken back, and upgraded again while a host loses its power. */
describe('regent upgrade', () => {
  let site: ClusterSite;
  let next: ReturnType<typeof makeNextRelease>;
  let last = '';
  beforeAll(async () => {
    // Before hosts run, which it would take the processors from.
    next = makeNextRelease(9);
    site = await openClusterSite('upgrade');
    await site.well(180_000);
    // The load asks for this name.
    await site.flows(ZONE);
  }, 900_000);
  afterAll(async () => {
    next?.remove();
    await site?.close();
  }, 300_000);

  const status = async (): Promise<Upgrade> => (await site.client.call('upgrade.show', {})).body;
  /** Until the upgrade has ended; prints each step with its time. */
  const ended = async (what: string): Promise<Upgrade> => {
    const start = performance.now();
    const upgrade = await until(
      what,
      async () => {
        const now = await status().catch(() => null);
        if (now === null) return null;
        if (now.sentence !== last) console.log(`${((performance.now() - start) / 1000).toFixed(0)} s ${now.sentence}`);
        last = now.sentence;
        return now.state === 'running' ? null : now;
      },
      { deadlineMs: UPGRADE_MS, everyMs: 1000 },
    );
    const times = upgrade.nodes.map(({ name, seconds }) => `${name} ${seconds} s`).join(', ');
    console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(0)} s in all; ${times}`);
    return upgrade;
  };
  const loaded = async (what: string, work: () => Promise<void>): Promise<void> => {
    const load = site.startLoad(WRITES_PER_SECOND);
    try {
      await work();
    } finally {
      await load.stop();
      console.log(
        `${what}: ${load.acknowledged.length} writes, ${load.failures.length} failed, longest gaps ms`,
        load.gaps(),
        load.failures.slice(0, SHOWN_MAX),
      );
    }
    expect(load.failures).toEqual([]);
  };
  const begin = async (...words: string[]) => {
    const { code, stderr, stdout } = await site.regent('upgrade', ...words, '--no-wait');
    expect(code, `${stderr}${stdout}`).toBe(0);
  };

  it('refuses while a node is off, by its name, and when it runs already', async () => {
    await site.power.kill('k2');
    await until('k2 to be silent', async () => (await site.regent('node', 'list')).stdout.includes('does not report'), {
      deadlineMs: 60_000,
    });
    const refused = await site.regent('upgrade', next.archive);
    expect(refused.stderr).toContain('k2 does not report');
    await site.power.start('k2');
    await site.well(180_000);
  }, 600_000);

  it('upgrades every node under load, and no call fails', async () => {
    await loaded('upgrade', async () => {
      await begin(next.archive);
      const second = await site.regent('upgrade', next.archive);
      expect(second.stderr).toMatch(/holds the target cluster/);
      const upgrade = await ended('upgrade');
      expect(upgrade, upgrade.sentence).toMatchObject({ state: 'done', direction: 'forward' });
      expect(new Set(upgrade.nodes.map(({ version }) => version))).toEqual(new Set([upgrade.version]));
    });
    await site.well(180_000);
  }, 1_800_000);

  it('goes back, node by node', async () => {
    await loaded('back', async () => {
      await begin('back');
      const upgrade = await ended('back');
      expect(upgrade, upgrade.sentence).toMatchObject({ state: 'done', direction: 'back' });
      for (const { version, from } of upgrade.nodes) expect(version).toBe(from);
    });
    await site.well(180_000);
  }, 1_800_000);

  it('pauses after the first, and goes on while the next host loses its power in the middle', async () => {
    await begin(next.archive, '--pause-after', 'r2', '--canary', 'r2');
    expect(await ended('paused')).toMatchObject({ state: 'paused' });
    await begin('resume');
    const name = await until(
      'a node at which it installs',
      async () => {
        const { sentence, nodes } = await status();
        return / is installed: /.test(sentence) ? nodes.find(({ state }) => state === 'working')?.name : undefined;
      },
      { deadlineMs: 300_000, everyMs: 200 },
    );
    await site.power.kill(name);
    console.log(`the power of ${name} is cut`);
    await site.power.start(name);
    let upgrade = await ended('after the cut');
    if (upgrade.state !== 'done') {
      await site.well(300_000).catch((error: unknown) => console.log(String(error)));
      await begin('resume');
      upgrade = await ended('resumed');
    }
    expect(upgrade, upgrade.sentence).toMatchObject({ state: 'done' });
    await site.well(180_000);
  }, 1_800_000);
});
