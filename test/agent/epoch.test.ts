import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import { openEpochKeeper } from '../../src/agent/channel/epoch.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import type { DurableText } from '../../src/host/interface.ts';
import { testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { type SecureRegion, startSecureRegion } from '../kit/cluster/secure-region.ts';
import { anObservation } from '../kit/observation.ts';
import { realClock, realRandom, silentLog } from '../kit/postgres.ts';
import { rackKey } from '../kit/rack.ts';
import { until } from '../kit/until.ts';

const [OLD, NEW] = ['127.0.0.21', '127.0.0.22'] as const;
const [SECOND, RIVAL] = ['2/4f2e90ab@2000', '2/00000001@3000'];
let regions: SecureRegion[] = [];
let channels: RegionChannel[] = [];
let kept: string | null = null;
const text: DurableText = {
  read: async () => kept,
  write: async (value) => void (kept = value),
  remove: async () => void (kept = null),
  setAside: async (suffix) => suffix,
};

/** A rack of a cluster, as it starts. */
let start: () => Promise<RegionChannel>;
beforeEach(async () => {
  kept = null;
  const authority = await testAuthority();
  const identity = (address: string) => testIdentity(authority, { nodeId: 'r', isRegion: true, addresses: [address] });
  const first = await startSecureRegion(await identity(OLD), OLD);
  regions = [first, await startSecureRegion(await identity(NEW), NEW, first.port)];
  const { certificate, key } = await testIdentity(authority, { nodeId: 'k1' });
  const trust = openTrustStore({ read: async () => [authority.certificate, certificate, key], clock: realClock });
  await trust.refresh();
  start = async () => {
    const rack = { uuid: '3b6e7ad0-6a5e-4f0f-8a52-0a3c1ef0c9a1', privateKey: rackKey(), clock: realClock };
    const epoch = await openEpochKeeper(text, silentLog);
    const common = { urls: [], credential: null, rack, clock: realClock, random: realRandom, epoch };
    const channel = openChannel({ ...common, trust: () => trust.current(), agentPort: first.port });
    channels.push(channel);
    return channel;
  };
});
afterEach(async () => {
  for (const channel of channels) channel.close();
  channels = [];
  await Promise.all(regions.map((region) => region.down()));
});
const tell = (old: string | undefined, recent: string | undefined) => {
  for (const [index, epoch] of [old, recent].entries()) {
    const region = regions[index];
    if (region === undefined) throw new Error('no region');
    if (epoch === undefined) delete region.epoch;
    else region.epoch = epoch;
  }
};
const only = (channel: RegionChannel, address: string) => channel.setRegions([{ address }]);
const report = (channel: RegionChannel) => channel.report(anObservation('k1'));

describe('a rack whose cluster was recovered', () => {
  it('takes regions of the new epoch alone from the moment that it hears of it, also after its own restart', async () => {
    const channel = await start();
    tell('1', SECOND);
    only(channel, OLD);
    await report(channel);
    only(channel, NEW);
    await report(channel);
    only(channel, OLD);
    const over = {
      code: 'region_unreachable',
      message: expect.stringContaining('epoch 1 of the cluster, which has ended: this node knows epoch 2 (4f2e90ab)'),
    };
    await expect(report(channel)).rejects.toMatchObject(over);
    await until('it is kept', () => kept !== null || undefined);
    const again = await start();
    only(again, OLD);
    await expect(report(again)).rejects.toMatchObject(over);
    // Where both answer, one that counts is found.
    again.setRegions([{ address: OLD }, { address: NEW }]);
    for (let count = 0; count < 4; count += 1) await report(again);
  });

  it.each([
    [SECOND, RIVAL],
    [RIVAL, SECOND],
  ])('of two that recovered apart takes the earlier, whichever it hears first (%s)', async (first, second) => {
    const channel = await start();
    tell(first, second);
    only(channel, OLD);
    await report(channel);
    only(channel, NEW);
    const over = {
      code: 'region_unreachable',
      message: expect.stringContaining('epoch 2 (00000001) of the cluster, which has ended'),
    };
    const told = await report(channel).then(
      () => 'taken',
      () => 'refused',
    );
    expect(told).toBe(second === RIVAL ? 'refused' : 'taken');
    // Whoever was heard first, from now on the earlier recovery counts.
    only(channel, first === RIVAL ? OLD : NEW);
    await expect(report(channel)).rejects.toMatchObject(over);
  });

  it('takes the answer of a region that tells no epoch, or none that can be read, as before', async () => {
    const channel = await start();
    tell(SECOND, undefined);
    only(channel, OLD);
    await report(channel);
    only(channel, NEW);
    await report(channel);
    tell(SECOND, 'nonsense');
    await report(channel);
  });
});

describe('what is kept of the epoch', () => {
  const judge = async (told: string, authority: string, isProven = true) =>
    (await openEpochKeeper(text, silentLog)).judge(told, authority, isProven);
  it('is of one cluster: a rack that goes to another one takes its first epoch', async () => {
    expect(await judge(SECOND, 'A')).toBeNull();
    expect(await judge('1', 'B')).toBeNull();
  });
  it('comes from whoever has proven to be a region', async () => {
    expect(await judge(SECOND, 'A', false)).toBeNull();
    expect(kept).toBeNull();
    expect(await judge('1', 'A')).toBeNull();
  });
  it.each(['{', 'null', '{"authority":1}', '{"authority":"A","epoch":"x"}'])('may be damaged: %s', async (damaged) => {
    kept = damaged;
    expect(await judge('1', 'A')).toBeNull();
  });
});
