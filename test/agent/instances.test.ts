import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/contract/cluster/agent.ts';
import { identityOf } from '../../src/core/node-identity.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { desiredOf } from '../kit/fake-region.ts';
import { fakeService } from '../kit/fake-service.ts';
import { until } from '../kit/until.ts';

let rig: AgentRig;
beforeEach(async () => {
  rig = await agentRig();
});
afterEach(async () => {
  await rig.close();
});

/** The fake service with instances: the one of the key `x` runs as the daemon `other`, with templates of the kind. */
const KIND: AnyService = {
  ...fakeService(),
  instances: {
    keys: '[a-z]',
    units: 'other.service',
    folders: '/etc/oth',
    keyIn: () => null,
    compile: () => new Map(),
    of: (key) => ({ ...fakeService('other'), name: identityOf('fake', key) }),
  },
};
const fake = (serial: number) => ({ desired: { serial, mood: 'fine' as const, items: ['a'] } });
const reported = (what: string, test: (services: Observation['services']) => boolean) =>
  until(what, () => {
    const latest = rig.latest();
    return latest && test(latest.services) ? latest : null;
  });
const stateOf = (services: Observation['services'], name: string) =>
  services.find(({ service }) => service === name)?.state;

describe('instances of a service', () => {
  it('come and go beside the kind: unit, files, report and memory', async () => {
    await rig.start({ services: [KIND] });
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1), 'fake@x': fake(2) }));
    await reported('both', (all) => stateOf(all, 'fake') === 'healthy' && stateOf(all, 'fake@x') === 'healthy');
    expect(rig.host.disk.get('/etc/other/main.conf')?.content).toContain('serial 2');

    rig.region.publish(desiredOf(NODE, 2, { fake: fake(1) }));
    await reported('the instance is forgotten', (all) => all.every(({ service }) => service === 'fake'));
    expect([...rig.host.disk.keys()].filter((path) => path.startsWith('/etc/other/'))).toEqual([]);
    expect(rig.host.effects).toContain('stop other.service');
    expect(rig.host.effects).not.toContain('stop fake.service');
    await until('nothing is remembered', async () => !(await readdir(rig.folder)).includes('good-fake@x.json'));
    expect(await readFile(join(rig.folder, 'applied.json'), 'utf8')).not.toContain('fake@x');
  });

  it('are removed also by an agent that was away when they went', async () => {
    const first = await rig.start({ services: [KIND] });
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1), 'fake@x': fake(2) }));
    await reported('both', (all) => stateOf(all, 'fake@x') === 'healthy');
    await first.stop();
    rig.region.publish(desiredOf(NODE, 2, { fake: fake(1) }));
    await rig.start({ services: [KIND] });
    await reported('gone', (all) => all.length === 1 && stateOf(all, 'fake') === 'healthy');
    expect(rig.host.effects).toContain('stop other.service');
  });

  it('stay while nothing is known of their kind', async () => {
    await rig.start({ services: [KIND, fakeService('third')] });
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1), 'fake@x': fake(2) }));
    await reported('both', (all) => stateOf(all, 'fake@x') === 'healthy');
    rig.region.publish(desiredOf(NODE, 2, {}));
    await reported('generation 2', () => rig.latest()?.generation === 2);
    expect(rig.host.effects).not.toContain('stop other.service');
  });

  it('of a key that the release does not know are told as unknown', async () => {
    await rig.start({ services: [KIND] });
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1), 'fake@KEY': fake(2) }));
    await reported('unknown', (all) => stateOf(all, 'fake@KEY') === 'unknown');
  });
});
