import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../../src/agent/channel/channel.ts';
import type { RackSigner } from '../../../src/agent/channel/options.ts';
import type { TrustStore } from '../../../src/agent/channel/trust.ts';
import { AppError } from '../../../src/core/errors.ts';
import { publicKeyOf } from '../../../src/core/signature.ts';
import { openNodeCertificate } from '../../kit/cluster/node-certificate.ts';
import { type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { anObservation } from '../../kit/observation.ts';
import { realClock, realRandom, usePostgres } from '../../kit/postgres.ts';
import { rackKey } from '../../kit/rack.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
const UUID = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
let site: TrustedRegion;
const open: RegionChannel[] = [];
beforeEach(async () => {
  site = await startTrustedRegion(pg.get());
});
afterEach(async () => {
  for (const channel of open.splice(0)) channel.close();
  await site.close();
});

/** A channel to the region by certificate, and by `urls`. */
function openSecure(trust: TrustStore, rack: RackSigner, urls: readonly string[] = []): RegionChannel {
  const ports = { clock: realClock, random: realRandom, agentPort: site.process.secureAgentPort ?? 0 };
  const channel = openChannel({ ...ports, urls, credential: null, rack, trust: () => trust.current() });
  channel.setRegions([{ address: '127.0.0.1' }]);
  open.push(channel);
  return channel;
}

const isDenied = (error: unknown) => error instanceof AppError && error.code === 'region_denied';

/** A node's host: files of its certificate, the channel by them, and what keeps them good. */
async function aHost(nodeId: string, identity: TestIdentity | null, urls: readonly string[] = []) {
  const at = (name: string) => join(site.folder, `${nodeId}-${name}`);
  const { trust, findings, keeper } = await openNodeCertificate({ nodeId, at, identity });
  const signer = { uuid: UUID, privateKey: rackKey(), clock: realClock };
  const channel = openSecure(trust, signer, urls);
  return {
    channel,
    trust,
    keeper: () => keeper(channel),
    findings,
    rack: { uuid: UUID, name: nodeId, publicKey: publicKeyOf(signer.privateKey) },
    signer,
  };
}

const nothing = { generation: 0, digest: '', wait: 0 };

describe('an agent with a certificate at a region', () => {
  it('pulls and reports as the node that its certificate names, and as no other', async () => {
    const { channel } = await aHost('r1', site.own);
    await channel.report(anObservation('r1'));
    await channel.pull(nothing);
    await expect(channel.report(anObservation('r2'))).rejects.toMatchObject({ code: 'region_denied' });
  });

  it('is given another certificate when it is time, which the region takes at once', async () => {
    const notBefore = Date.now() - 25 * 86_400_000;
    const own = await testIdentity(site.authority, { nodeId: 'r1', isRegion: true, notBefore });
    const { channel, trust, keeper, findings } = await aHost('r1', own);
    await channel.report(anObservation('r1'));
    const before = trust.current()?.facts;
    await keeper().tend();
    const after = trust.current()?.facts;
    expect(findings.all()).toEqual([]);
    expect(after?.serial).not.toBe(before?.serial);
    expect(after).toMatchObject({ nodeId: 'r1', isRegion: true, publicKeyDigest: before?.publicKeyDigest });
    expect((after?.notAfter ?? 0) - (before?.notAfter ?? 0)).toBeGreaterThan(20 * 86_400_000);
    await channel.report(anObservation('r1'));
    await site.asAdmin('POST', `/certificates/${after?.serial}/revoke`, { why: 'lost' });
    // The regions read the list after the answer: in milliseconds, on a busy host later.
    await until('it is denied', () => channel.report(anObservation('r1')).then(() => false, isDenied));
  });

  it('of a node that is none is told so', async () => {
    const { channel } = await aHost('k9', await testIdentity(site.authority, { nodeId: 'k9' }));
    await expect(channel.pull(nothing)).rejects.toMatchObject({ code: 'region_denied' });
  });
});

describe('a rack that registers by its signature', () => {
  it('gets a certificate when it is accepted, goes on by it, and learns that it was rejected', async () => {
    const socket = `unix:${join(site.folder, 'agent.sock')}`;
    const { channel, trust, keeper, rack, signer } = await aHost(UUID, null, [socket]);
    expect(await channel.register(rack)).toMatchObject({ state: 'waiting' });
    await keeper().tend();
    expect(trust.current()).toBeNull();
    expect(await site.asAdmin('POST', `/racks/${UUID}/accept`, { name: 'k1' })).toMatchObject({ status: 200 });
    expect(await channel.register(rack)).toMatchObject({ state: 'accepted', nodeId: UUID });
    await keeper().tend();
    expect(trust.current()?.facts).toMatchObject({ nodeId: UUID, isRegion: false });
    const secure = openSecure(trust, signer);
    await secure.report(anObservation(UUID));
    expect(await secure.register(rack)).toMatchObject({ state: 'accepted', nodeId: UUID });
    await site.asAdmin('POST', `/racks/${UUID}/reject`);
    await until('it is denied', () => secure.pull(nothing).then(() => false, isDenied));
    expect(await channel.register(rack)).toMatchObject({ state: 'rejected' });
  });
});
