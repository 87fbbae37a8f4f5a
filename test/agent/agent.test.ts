import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Observation } from '../../src/contract/cluster/agent.ts';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { desiredOf } from '../kit/fake-region.ts';
import { until } from '../kit/until.ts';

let rig: AgentRig;
beforeEach(async () => {
  rig = await agentRig();
});
afterEach(async () => {
  await rig.close();
});

const fake = (serial: number, mood = 'fine') => ({ desired: { serial, mood, items: ['a'] } });
const reported = (what: string, test: (observation: Observation) => boolean) =>
  until(what, () => {
    const latest = rig.latest();
    return latest && test(latest) ? latest : null;
  });
const serviceOf = (observation: Observation, name = 'fake') =>
  observation.services.find((service) => service.service === name);

describe('an agent', () => {
  it('applies what the region publishes and reports it whole', async () => {
    await rig.start();
    rig.region.publish(desiredOf(NODE, 3, { fake: fake(7), other: { desired: null } }));
    const observation = await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    expect(observation).toMatchObject({ nodeId: NODE, generation: 3, staleSince: null, facts: { hostname: 'r1' } });
    expect(serviceOf(observation)).toMatchObject({ wanted: 3, applied: 3, lastAction: { kind: 'start' } });
    expect(serviceOf(observation)?.metrics).toEqual([
      { name: 'serial', unit: 'count', value: 7, labels: { said: 'serial 7' } },
    ]);
    const absent = await reported('absent', (latest) => serviceOf(latest, 'other')?.state === 'absent');
    expect(serviceOf(absent, 'other')?.metrics).toBeUndefined();
    expect([...rig.region.authorizations]).toEqual([`Bearer node:${NODE}:secretsecretsecret`]);
    const ledger = JSON.parse(await readFile(join(rig.folder, 'ledger.json'), 'utf8')) as { generation: number };
    expect(ledger.generation).toBe(3);
  });

  it('asks for the daemon of a service that is not wanted here seldom, and sees to it at once when it is', async () => {
    const asked = vi.spyOn(rig.host.units, 'state');
    const countOf = (unit: string) => asked.mock.calls.filter(([name]) => name === unit).length;
    await rig.start();
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1), other: { desired: null } }));
    await reported('absent', (latest) => serviceOf(latest, 'other')?.state === 'absent');
    await until('the other one is asked for', () => countOf('fake.service') > 20);
    const [before, seldom] = [countOf('fake.service'), countOf('other.service')];
    await until('it is asked for on', () => countOf('fake.service') > before + 20);
    expect(countOf('other.service')).toBe(seldom);
    rig.region.publish(desiredOf(NODE, 2, { fake: fake(1), other: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest, 'other')?.state === 'healthy');
  });

  it('applies its ledger without any region, and catches up when one is there', async () => {
    const first = await rig.start();
    rig.region.publish(desiredOf(NODE, 3, { fake: fake(7) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    await first.stop();
    await rig.region.down();
    await rig.host.units.act('fake.service', 'stop', 1);
    rig.host.disk.clear();
    await rig.start();
    await until('the service runs again', () => rig.host.unit('fake.service').active === 'active');
    expect(rig.host.text('/etc/fake/main.conf')).toContain('serial 7');
    rig.region.publish(desiredOf(NODE, 4, { fake: fake(8) }));
    await rig.region.up();
    await reported('the new one', (latest) => serviceOf(latest)?.applied === 4);
  });

  it('lives on when the region goes, says since when, and comes back by itself', async () => {
    await rig.start();
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    await rig.region.down();
    await until('it is noticed', () => rig.log.lines.some((line) => line.message.startsWith('no region answers')));
    rig.host.crash('fake.service');
    const count = rig.region.observations.length;
    await rig.region.up();
    await until('reports come again', () => rig.region.observations.length > count + 1);
    await reported('not stale', (latest) => latest.staleSince === null);
    await reported('what was done meanwhile', (latest) =>
      (serviceOf(latest)?.lastAction?.why ?? '').includes('systemd started it again'),
    );
    rig.region.publish(desiredOf(NODE, 2, { fake: fake(2) }));
    await reported('the next', (latest) => serviceOf(latest)?.applied === 2);
  });

  it('tells what it has learnt of its host at once, not with the next report', async () => {
    await rig.start({ reportMs: 600_000 });
    const { facts } = await reported('facts', (latest) => latest.facts.hostname !== '');
    expect(facts).toMatchObject({ hostname: 'r1' });
  });

  it('goes on to the next region when one does not answer', async () => {
    await rig.start({ urls: [`unix:${rig.folder}/none.sock`, `unix:${rig.folder}/region.sock`] });
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
  });

  it('keeps asking a region that answers with faults or refuses its credential', async () => {
    rig.region.failWith(503);
    await rig.start();
    await until('it is noticed', () => rig.log.lines.some((line) => line.message.startsWith('no region answers')));
    rig.region.failWith(401);
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    rig.region.failWith(null);
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
  });

  it.each([
    ['an older generation', desiredOf(NODE, 2, { fake: fake(2) }), 'desired_older_generation'],
    ['the same generation with another content', desiredOf(NODE, 5, { fake: fake(6) }), 'desired_same_generation'],
    [
      'a digest that is wrong',
      { ...desiredOf(NODE, 6, { fake: fake(6) }), digest: 'a'.repeat(64) },
      'desired_wrong_digest',
    ],
    ['another node', desiredOf('node-2', 6, { fake: fake(6) }), 'desired_wrong_node'],
    ['something else', { hello: 'world' }, 'desired_malformed'],
  ])('refuses %s, says so, and takes the next good one', async (_, bad, code) => {
    await rig.start();
    rig.region.publish(desiredOf(NODE, 5, { fake: fake(5) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    rig.region.publish(bad);
    const observation = await reported(
      'a finding',
      (latest) => latest.findings?.some((item) => item.code === code) ?? false,
    );
    expect(observation.generation).toBe(5);
    expect(rig.region.pulls.length).toBeLessThan(40);
    rig.region.publish(desiredOf(NODE, 7, { fake: fake(7) }));
    const good = await reported('the next', (latest) => serviceOf(latest)?.applied === 7);
    expect(good.findings).toEqual([]);
  });

  it('sets a corrupt ledger and memory aside and asks the region anew', async () => {
    const first = await rig.start();
    rig.region.publish(desiredOf(NODE, 3, { fake: fake(7) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    await first.stop();
    await writeFile(join(rig.folder, 'ledger.json'), '{"nodeId":"node-1"');
    await writeFile(join(rig.folder, 'applied.json'), 'nonsense');
    rig.region.pulls.length = 0;
    rig.region.observations.length = 0;
    await rig.start();
    const observation = await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    expect(rig.region.pulls[0]).toEqual({ generation: 0, digest: '' });
    expect(observation.findings?.map((item) => item.code)).toEqual(['ledger_unusable', 'memory_unusable']);
    expect((await readdir(rig.folder)).filter((name) => name.includes('unusable'))).toHaveLength(2);
  });

  it('does not let a broken service hold up another, and knows what it does not know', async () => {
    await rig.start();
    const parts = { fake: fake(1, 'refused'), other: fake(1), later: { desired: {} } };
    rig.region.publish(desiredOf(NODE, 1, parts));
    const observation = await reported(
      'both',
      (latest) => serviceOf(latest)?.state === 'rejected' && serviceOf(latest, 'other')?.state === 'healthy',
    );
    expect(serviceOf(observation, 'later')).toMatchObject({ state: 'unknown', applied: null });
  });

  it('refuses a part that does not fit the service, and keeps what runs', async () => {
    await rig.start();
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    rig.region.publish(desiredOf(NODE, 2, { fake: { desired: { serial: 'two', mood: 'fine', items: [] } } }));
    const observation = await reported('refused', (latest) => serviceOf(latest)?.state === 'render_failed');
    expect(serviceOf(observation)?.why).toContain('does not fit this release of fake: /serial');
    expect(serviceOf(observation)?.applied).toBe(1);
  });

  it('leaves a service alone that is not in the desired state', async () => {
    await rig.start();
    await rig.host.units.act('other.service', 'start', 1);
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    const observation = await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    expect(serviceOf(observation, 'other')).toBeUndefined();
    expect(rig.host.effects.filter((effect) => effect.includes('stop other'))).toEqual([]);
  });

  it('tells its services a new role', async () => {
    const agent = await rig.start();
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    agent.setRoles([{ kind: 'vip', state: 'active' }]);
    await reported('told', (latest) => serviceOf(latest)?.lastAction?.why === 'this node is active for the virtual IP');
  });

  it('asks its services as often as ever while generations that do not concern them come faster than that', async () => {
    await rig.start();
    let generation = 1;
    rig.region.publish(desiredOf(NODE, generation, { fake: fake(1), other: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest)?.state === 'healthy');
    const publishing = setInterval(() => {
      generation += 1;
      rig.region.publish(desiredOf(NODE, generation, { fake: fake(1), other: fake(generation) }));
    }, 5);
    try {
      await reported('generations are taken', (latest) => (serviceOf(latest)?.applied ?? 0) > 5);
      rig.host.unit('fake.service').isHung = true;
      // Its illness is over within some ticks: what was done about it stays.
      const restarted = /^no healthy answer 3 times in a row/;
      await reported('the silence is noticed', (latest) => restarted.test(serviceOf(latest)?.lastAction?.why ?? ''));
    } finally {
      clearInterval(publishing);
    }
  });

  it('applies a change within 300 ms of its publication', async () => {
    await rig.start();
    rig.region.publish(desiredOf(NODE, 1, { fake: fake(1) }));
    await reported('healthy', (latest) => serviceOf(latest)?.applied === 1);
    const began = performance.now();
    rig.region.publish(desiredOf(NODE, 2, { fake: fake(2) }));
    await until(
      'in force',
      () => rig.host.unit('fake.service').loaded.get('/etc/fake/main.conf')?.includes('serial 2'),
      {
        everyMs: 2,
      },
    );
    expect(performance.now() - began).toBeLessThan(300);
  });
});
