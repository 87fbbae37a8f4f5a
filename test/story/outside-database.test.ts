import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installProduct } from '../../src/lab/product/product.ts';
import { clusterOf } from '../../src/lab/topologies.ts';
import type { Topology } from '../../src/lab/topology.ts';
import { systemRandom } from '../../src/main/process.ts';
import { type ClusterSite, clusterSite } from '../kit/cluster/site.ts';
import type { Load } from '../kit/faults/load.ts';
import { makeRelease, openLab, type TestLab } from '../kit/lab.ts';
import { type OutsidePair, PAIR_HOSTS, startOutsidePair } from '../kit/outside-pair.ts';
import { until } from '../kit/until.ts';

const REGIONS = clusterOf({ regions: 3, racks: 0 });
const TOPOLOGY: Topology = {
  ...REGIONS,
  name: '3 regions, a database outside',
  hosts: [...REGIONS.hosts, ...PAIR_HOSTS],
};
const SETUP_MS = 900_000;
const WRITES_PER_S = 10;
/** Patroni's lease of 20 s, its election, and the region that finds the new primary. */
const FAILOVER_MS = 45_000;

/** A cluster on a PostgreSQL pair that somebody else runs, with Patroni, on hosts of his own (features.md B12). */
describe("a cluster with a database of the operator's own", () => {
  const folder = mkdtempSync(join(tmpdir(), 'regent-outside-'));
  let lab: TestLab;
  let pair: OutsidePair;
  let site: ClusterSite;
  beforeAll(async () => {
    const archive = makeRelease();
    lab = await openLab('outside', TOPOLOGY);
    pair = await startOutsidePair(lab);
    const contextFile = join(folder, 'context.json');
    const order = { layout: lab.layout, archive, random: systemRandom(), contextFile, progress: () => {} };
    const product = await installProduct({ ...order, database: pair.url });
    site = clusterSite({ ...lab, ...product, archive });
    await site.well(120_000);
  }, SETUP_MS);
  afterAll(async () => {
    site?.detach();
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  const servers = async () =>
    Object.fromEntries(
      ((await site.client.call('cluster.show', {})).body.database.servers ?? []).map(({ server, state }) => [
        server,
        state,
      ]),
    );
  /** Plays something under load; how it went. Every acknowledged write must be found. */
  const underLoad = async (fault: () => Promise<unknown>) => {
    const load = site.startLoad(WRITES_PER_S);
    await site.writesFlow(load, 10_000);
    load.mark();
    await fault();
    await site.writesFlow(load, FAILOVER_MS);
    const { write } = load.gaps();
    await load.stop();
    expect(await missing(load)).toEqual([]);
    return { load, gapS: write / 1000 };
  };
  const missing = async (load: Load) => {
    const there = new Set<string>();
    for await (const record of site.client.all('record.list', { query: { domain: load.domain } }))
      there.add(`${record.fqdn} ${record.data}`);
    return load.acknowledged.filter(({ fqdn, data }) => !there.has(`${fqdn} ${data}`)).map(({ fqdn }) => fqdn);
  };

  it('is set up and joined with it; no node runs one, and status tells what is not promised', async () => {
    for (const node of ['r1', 'r2', 'r3']) {
      const { stdout } = await lab.exec(node, ['pgrep', '-c', '-x', 'postgres|patroni']);
      expect(stdout.trim(), node).toBe('0');
    }
    const first = await until('a primary', () => pair.primary());
    expect(Object.values(await servers()).toSorted()).toEqual(['primary', 'standby']);
    expect((await servers())[pair.placeOf(first)]).toBe('primary');
    expect((await site.regent('cluster', 'status')).stdout).toMatch(
      /Not promised by Regent: that an acknowledged write/,
    );
    const refused = await site.regent('cluster', 'switchover', '--yes');
    expect(refused.code).not.toBe(0);
    expect(`${refused.stdout}${refused.stderr}`).toMatch(/own/);
  }, 60_000);

  it('its switchover under load: calls wait, none fails, nothing is lost', async () => {
    const { load, gapS } = await underLoad(() => pair.switchover());
    console.log(
      `switchover outside → ${load.acknowledged.length} acknowledged, none lost, ${gapS.toFixed(1)} s without a write`,
    );
    expect(load.failures).toEqual([]);
    await pair.whole();
  }, 180_000);

  it("its primary's host dies under load: calls wait, no acknowledged write is lost, status tells of the dead one", async () => {
    const dead = (await pair.primary()) ?? 'd1';
    const { load, gapS } = await underLoad(() => site.power.kill(dead));
    console.log(
      `host of the primary outside dies → ${load.acknowledged.length} acknowledged, none lost, ${load.failures.length} given up, ${gapS.toFixed(1)} s without a write`,
    );
    expect(load.failures).toEqual([]);
    const address = pair.placeOf(dead);
    await until('its word on the dead server', async () => (await servers())[address] === 'silent', {
      deadlineMs: 30_000,
    });
    const doctor = await site.regent('doctor');
    expect(doctor.stdout).toContain(address);
    await site.power.start(dead);
    await pair.whole();
    await site.well(120_000);
  }, 400_000);

  it('one that takes no writes any more is read on; a write says why', async () => {
    const first = (await pair.primary()) ?? 'd1';
    const readOnly = async (value: 'on' | 'off') => {
      await pair.ask(first, `alter system set default_transaction_read_only = ${value}`);
      await pair.ask(first, 'select pg_reload_conf()');
    };
    await readOnly('on');
    try {
      await until('the word of it', async () => Object.values(await servers()).includes('read-only'), {
        deadlineMs: 30_000,
      });
      expect((await site.regent('record', 'list')).code).toBe(0);
      const refused = await site.regent('record', 'create', 'ro.regent.internal', 'A', '10.0.0.1');
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/takes no writes/);
    } finally {
      await readOnly('off');
    }
    await site.well(60_000);
    expect((await site.regent('record', 'create', 'rw.regent.internal', 'A', '10.0.0.1')).code).toBe(0);
  }, 240_000);
});
