import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import { REGISTER_PATH } from '../../src/contract/cluster/registration.ts';
import { digestOf } from '../../src/core/stable-json.ts';
import { publicKeyOf } from '../../src/core/signature.ts';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { type SecureRegion, type SeenCall, startSecureRegion } from '../kit/cluster/secure-region.ts';
import { desiredOf } from '../kit/fake-region.ts';
import { realClock, realRandom } from '../kit/postgres.ts';
import { rackKey } from '../kit/rack.ts';
import { until } from '../kit/until.ts';

const ADDRESS = '127.0.0.21';
const UUID = '3b6e7ad0-6a5e-4f0f-8a52-0a3c1ef0c9a1';

let rig: AgentRig;
let region: SecureRegion;
let state: 'accepted' | 'rejected';
let files: string[];

/** What the region has for this node; the ledger's own list of regions is that of this test. */
function desired() {
  const { body, ...rest } = desiredOf(NODE, 1, { fake: { desired: { serial: 1, mood: 'fine', items: [] } } });
  const whole = { ...body, regions: [{ name: 'r1', address: ADDRESS }] };
  return { ...rest, body: whole, digest: digestOf(whole) };
}

function answer({ method, path }: SeenCall) {
  if (path === REGISTER_PATH) return { status: 200, body: { state, why: 'an admin decided', nodeId: null } };
  if (state === 'rejected') return { status: 403, body: { detail: 'The node is not part of the cluster (any more).' } };
  return method === 'GET' ? { status: 200, body: desired() } : { status: 204 };
}

beforeEach(async () => {
  rig = await agentRig();
  const authority = await testAuthority();
  region = await startSecureRegion(
    await testIdentity(authority, { nodeId: 'r1', isRegion: true, addresses: [ADDRESS] }),
    ADDRESS,
  );
  region.answer = answer;
  state = 'accepted';
  const { authority: ca, certificate, key } = await testIdentity(authority, { nodeId: NODE });
  files = [ca, certificate, key];
});
afterEach(async () => {
  await rig.close();
  await region.down();
});

async function start() {
  const privateKey = rackKey();
  const trust = openTrustStore({ read: async () => files, clock: realClock });
  await trust.refresh();
  const channel = openChannel({
    urls: [`https://${ADDRESS}:${region.port}`],
    credential: null,
    rack: { uuid: UUID, privateKey, clock: realClock },
    trust: () => trust.current(),
    clock: realClock,
    random: realRandom,
    agentPort: region.port,
  });
  const self = { trust, own: () => new Set<string>(), readRole: async () => null, readDisks: async () => [] };
  const rack = { uuid: UUID, name: 'k1', publicKey: publicKeyOf(privateKey), isNode: false };
  return await rig.start({ channel, self, rack });
}

const isUp = () => rig.host.unit('fake.service').active === 'active';

describe('a rack with a certificate', () => {
  it('is served by it at once, and keeps what runs when no region answers, also over a restart', async () => {
    const agent = await start();
    await until('the service runs', isUp);
    expect(region.seen.find(({ path }) => path === '/agent/v1/desired')).toMatchObject({
      node: NODE,
      authorization: undefined,
    });
    expect(region.seen.find(({ path }) => path === REGISTER_PATH)?.authorization).toMatch(/^Regent-Rack /);
    await agent.stop();
    await region.down();
    await rig.host.units.act('fake.service', 'stop', 1);
    await start();
    await until('the service runs again', isUp);
    await region.up();
    const count = region.seen.length;
    await until('reports come again', () =>
      region.seen.slice(count).some(({ path }) => path === '/agent/v1/observation'),
    );
    expect(isUp()).toBe(true);
  });

  it('gives everything up when it is rejected, and still knows where the regions are', async () => {
    await start();
    await until('the service runs', isUp);
    state = 'rejected';
    await until('the service is gone', () => !isUp());
    const ledger = JSON.parse(await readFile(join(rig.folder, 'ledger.json'), 'utf8')) as ReturnType<typeof desired>;
    expect(ledger.body.services['fake']?.desired).toBeNull();
    expect(ledger.body.regions).toEqual([{ name: 'r1', address: ADDRESS }]);
  });
});
