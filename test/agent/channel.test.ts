import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import type { ChannelOptions } from '../../src/agent/channel/options.ts';
import { openTrustStore, type TrustStore } from '../../src/agent/channel/trust.ts';
import type { Authority } from '../../src/pki/authority.ts';
import { type SecureRegion, startSecureRegion } from '../kit/cluster/secure-region.ts';
import { type TestIdentity, testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { realClock, realRandom } from '../kit/postgres.ts';
import { anObservation } from '../kit/observation.ts';
import { rackKey } from '../kit/rack.ts';
import { until } from '../kit/until.ts';

const ADDRESSES = ['127.0.0.11', '127.0.0.12', '127.0.0.13'] as const;
const REGIONS = ADDRESSES.map((address) => ({ address }));

let authority: Authority;
let regions: SecureRegion[] = [];
let files: (string | null)[] = [];
let trust: TrustStore;
let channel: RegionChannel;

const show = ({ authority: ca, certificate, key }: TestIdentity) => [ca, certificate, key];
const report = () => channel.report(anObservation('k1'));
const asked = () => regions.map(({ seen }) => seen.length);
const took = async (work: () => Promise<unknown>) => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};
const region = (index: number): SecureRegion => {
  const found = regions[index];
  if (!found) throw new Error(`no region ${index}`);
  return found;
};
/** The one region that took the last call. */
const inUse = () => region(regions.findIndex(({ seen }) => seen.length > 0));

function open(changes: Partial<ChannelOptions> = {}): RegionChannel {
  const rack = { uuid: '3b6e7ad0-6a5e-4f0f-8a52-0a3c1ef0c9a1', privateKey: rackKey(), clock: realClock };
  const common = { urls: [], credential: null, rack, clock: realClock, random: realRandom };
  const opened = openChannel({ ...common, trust: () => trust.current(), agentPort: region(0).port, ...changes });
  opened.setRegions(REGIONS);
  return opened;
}

beforeAll(async () => {
  authority = await testAuthority();
});
beforeEach(async () => {
  const identity = async (address: string) =>
    testIdentity(authority, { nodeId: 'r', isRegion: true, addresses: [address] });
  const first = await startSecureRegion(await identity(ADDRESSES[0]), ADDRESSES[0]);
  const others = ADDRESSES.slice(1).map(async (address) =>
    startSecureRegion(await identity(address), address, first.port),
  );
  regions = [first, ...(await Promise.all(others))];
  files = show(await testIdentity(authority, { nodeId: 'k1' }));
  trust = openTrustStore({ read: async () => files, clock: realClock });
  await trust.refresh();
  channel = open();
});
afterEach(async () => {
  channel.close();
  await Promise.all(regions.map((one) => one.down()));
});
afterAll(() => {
  regions = [];
});

describe('a channel by certificate', () => {
  it('shows the certificate, knows the region by the authority, and keeps to one that answered', async () => {
    for (let count = 0; count < 5; count += 1) await report();
    expect(asked().toSorted((a, b) => a - b)).toEqual([0, 0, 5]);
    expect(inUse().seen[0]).toMatchObject({ path: '/agent/v1/observation', node: 'k1', authorization: undefined });
  });

  it('goes on to the next region within a second when one refuses', async () => {
    await report();
    await inUse().down();
    expect(await took(report)).toBeLessThan(1_000);
    expect(asked().filter((count) => count > 0)).toHaveLength(2);
  });

  it('goes on to the next region within four seconds when one is silent, be it in a call or in a pull', async () => {
    await report();
    inUse().freeze(true);
    expect(await took(report)).toBeLessThan(4_000);
    const pulling = channel.pull({ generation: 0, digest: '', wait: 20 });
    const waits = await until('a region holds the pull', () =>
      regions.find(({ seen }) => seen.at(-1)?.method === 'GET'),
    );
    for (const one of regions) one.answer = () => ({ status: 200, body: { from: ADDRESSES[regions.indexOf(one)] } });
    waits.freeze(true);
    expect(await took(async () => expect(await pulling).toHaveProperty('from'))).toBeLessThan(4_000);
  });

  it('leaves all kept connections behind when one of them was silent', { timeout: 30_000 }, async () => {
    channel.setRegions(REGIONS.slice(0, 1));
    await Promise.all([report(), report(), report()]);
    region(0).halfOpen();
    await expect(report()).rejects.toMatchObject({ code: 'region_unreachable' });
    expect(await took(report)).toBeLessThan(1_000);
  });

  it('goes on when a region has no database, and says what each answered when none has', async () => {
    region(0).answer = () => ({ status: 503, body: { detail: 'The database cannot be reached in time.' } });
    region(1).answer = region(0).answer;
    for (let count = 0; count < 3; count += 1) await report();
    expect(asked()[2]).toBe(3);
    region(2).answer = region(0).answer;
    const problem = await report().then(
      () => null,
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({ code: 'region_unreachable' });
    for (const address of ADDRESSES) expect(String(problem)).toContain(`https://${address}`);
  });

  it('is denied without asking others, since they would say the same', async () => {
    for (const one of regions) one.answer = () => ({ status: 403, body: { detail: 'The certificate was revoked.' } });
    await expect(report()).rejects.toMatchObject({ code: 'region_denied' });
    expect(asked().reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('takes new addresses at once, and leaves a region that is none any more', async () => {
    channel.setRegions(REGIONS.slice(0, 1));
    const pulling = channel.pull({ generation: 0, digest: '', wait: 20 });
    await until('it waits', () => region(0).seen.length > 0);
    region(1).answer = () => ({ status: 200, body: { from: 1 } });
    channel.setRegions(REGIONS.slice(1, 2));
    expect(await pulling).toEqual({ from: 1 });
  });

  it('uses a renewed certificate for the next call, without a failure', async () => {
    await report();
    const before = inUse().seen[0]?.serial;
    const pulling = channel.pull({ generation: 0, digest: '', wait: 20 });
    await until('it waits', () => inUse().seen.length > 1);
    files = show(await testIdentity(authority, { nodeId: 'k1', key: files[2] ?? '' }));
    expect(await trust.refresh()).toBe(true);
    await report();
    expect(inUse().seen.at(-1)?.serial).not.toBe(before);
    inUse().answer = () => ({ status: 204 });
    for (const one of regions) one.answer = () => ({ status: 204 });
    channel.close();
    await expect(pulling).rejects.toMatchObject({ code: 'region_unreachable' });
  });

  it('trusts no region of another cluster', async () => {
    const foreign = await testAuthority('c2');
    files = show(await testIdentity(foreign, { nodeId: 'k1' }));
    await trust.refresh();
    await expect(report()).rejects.toMatchObject({ code: 'region_unreachable' });
    expect(asked()).toEqual([0, 0, 0]);
  });

  it('trusts no rack that says it is a region', async () => {
    const posing = await testIdentity(authority, { nodeId: 'k2', addresses: [ADDRESSES[0]] });
    await region(0).down();
    const impostor = await startSecureRegion(posing, ADDRESSES[0], region(0).port);
    channel.setRegions(REGIONS.slice(0, 1));
    await expect(report()).rejects.toThrow(/cannot be reached|regent-region|certificate/);
    expect(impostor.seen).toEqual([]);
    await impostor.down();
  });
});

describe('a channel without a usable certificate', () => {
  it('asks nobody by mutual TLS and says what to set', async () => {
    const past = Date.now() - 40 * 86_400_000;
    files = show(await testIdentity(authority, { nodeId: 'k1', notBefore: past, notAfter: past + 86_400_000 }));
    await trust.refresh();
    expect(trust.current()?.isUsable).toBe(false);
    channel.close();
    channel = open({ rack: null });
    await expect(report()).rejects.toThrow(/MAAS_URL/);
    expect(asked()).toEqual([0, 0, 0]);
  });

  it('is one of files that do not belong together: what was held stays', async () => {
    const held = trust.current()?.id;
    const other = await testIdentity(authority, { nodeId: 'k1' });
    files = [other.authority, other.certificate, files[2] ?? null];
    expect(await trust.refresh()).toBe(false);
    expect(trust.problem()).toContain('not a certificate of the key');
    expect(trust.current()?.id).toBe(held);
    files = [null, null, null];
    expect(await trust.refresh()).toBe(true);
    expect(trust.current()).toBeNull();
    expect(trust.problem()).toBeNull();
  });
});
