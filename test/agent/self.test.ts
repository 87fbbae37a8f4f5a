import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import type { Observation } from '../../src/contract/cluster/agent.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { desiredOf } from '../kit/fake-region.ts';
import { fakeService } from '../kit/fake-service.ts';
import { realClock } from '../kit/postgres.ts';
import { until } from '../kit/until.ts';

const VIP = '10.77.0.10';
const vip = {
  desired: {
    clusterId: 'c1',
    router: 51,
    vip: `${VIP}/24`,
    priority: 100,
    name: 'r1',
    address: '10.77.0.11',
    isMember: true,
    peers: [],
  },
};

let rig: AgentRig;
let files: (string | null)[];
let own: Set<string>;
let role: string | null;

beforeEach(async () => {
  rig = await agentRig();
  files = [null, null, null];
  own = new Set(['10.77.0.11']);
  role = null;
});
afterEach(() => rig.close());

const start = (services: readonly AnyService[] = SERVICES) =>
  rig.start({
    self: {
      trust: openTrustStore({ read: async () => files, clock: realClock }),
      own: () => own,
      readRole: async () => role,
      readDisks: async () => [{ path: '/', sizeBytes: 100, freeBytes: 40 }],
    },
    services,
  });
const SERVICES: readonly AnyService[] = [
  { ...fakeService(), onCertificate: () => ({ kind: 'reload', why: 'the certificate was renewed' }) },
  fakeService('other'),
];
const fake = { desired: { serial: 1, mood: 'fine', items: [] } };
const reported = (what: string, test: (observation: Observation) => boolean) =>
  until(what, () => {
    const latest = rig.latest();
    return latest && test(latest) ? latest : null;
  });
const actionsOf = (observation: Observation, name = 'fake') =>
  (observation.services.find(({ service }) => service === name)?.actions ?? []).map(
    ({ kind, trigger, why }) => `${kind} ${trigger}: ${why}`,
  );

describe('an agent of a node in a cluster', () => {
  it('reports what a running daemon has at a folder that must be bounded', async () => {
    const bounded = { ...fakeService(), boundedFolders: [{ path: '/var/lib/fake/body', mostBytes: 1024 }] };
    const idle = { ...fakeService('other'), boundedFolders: [{ path: '/var/lib/other', mostBytes: 1024 }] };
    rig.host.mounts.set('/var/lib/fake/body', { kind: 'tmpfs', sizeBytes: 512 });
    await start([bounded, idle]);
    rig.region.publish(desiredOf(NODE, 1, { fake }));
    const folder = { service: 'fake', path: '/var/lib/fake/body', mostBytes: 1024 };
    const first = await reported('the folder', ({ host }) => (host?.boundedFolders ?? []).length > 0);
    expect(first.host?.boundedFolders).toEqual([{ ...folder, sizeBytes: 512 }]);
    // Another file system, whose size is not its bound.
    rig.host.mounts.set('/var/lib/fake/body', { kind: 'ext4', sizeBytes: 512 });
    await reported('no bound', ({ host }) => host?.boundedFolders?.[0]?.sizeBytes === null);
  });

  it('reports its certificate, its disks and its roles', async () => {
    const { authority, certificate, key } = await testIdentity(await testAuthority(), { nodeId: NODE });
    files = [authority, certificate, key];
    role = JSON.stringify({ role: 'standby', at: '2026-01-01T00:00:00.000Z' });
    await start();
    rig.region.publish(desiredOf(NODE, 1, { fake, vip }));
    const { host } = await reported('roles', (latest) => latest.host?.roles.vip?.state === 'backup');
    expect(host).toMatchObject({
      certificate: { serial: expect.stringMatching(/^[0-9a-f]+$/) as string },
      disks: [{ path: '/', sizeBytes: 100, freeBytes: 40 }],
      roles: { database: { state: 'standby', since: '2026-01-01T00:00:00.000Z' } },
    });
  });

  it('tells its services a move of the virtual IP within a second, once, and the report names it', async () => {
    const first = await start();
    rig.region.publish(desiredOf(NODE, 1, { fake, vip }));
    await reported(
      'healthy',
      (latest) => latest.services.find(({ service }) => service === 'fake')?.state === 'healthy',
    );
    await reported('backup', (latest) => latest.host?.roles.vip?.state === 'backup');
    const began = performance.now();
    own.add(VIP);
    const moved = await reported('told', (latest) => actionsOf(latest).length === 2);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(actionsOf(moved)).toEqual([
      'start change: fake.service was inactive; the first configuration',
      'command role: this node is active for the virtual IP',
    ]);
    expect(moved.host?.roles.vip?.state).toBe('active');
    await first.stop();
    const count = rig.region.observations.length;
    await start();
    await until('reports come again', () => rig.region.observations.length > count + 3);
    const again = rig.latest();
    expect(again && actionsOf(again)).toHaveLength(2);
  });

  it('tells a renewed certificate to services that show it', async () => {
    const authority = await testAuthority();
    const one = await testIdentity(authority, { nodeId: NODE });
    files = [one.authority, one.certificate, one.key];
    await start();
    rig.region.publish(desiredOf(NODE, 1, { fake, other: fake }));
    await reported('healthy', (latest) => latest.services.every(({ state }) => state === 'healthy'));
    const two = await testIdentity(authority, { nodeId: NODE, key: one.key });
    files = [two.authority, two.certificate, two.key];
    const told = await reported('told', (latest) => actionsOf(latest).length === 2);
    expect(actionsOf(told)[1]).toBe('reload certificate: the certificate was renewed');
    expect(actionsOf(told, 'other')).toHaveLength(1);
  });
});
