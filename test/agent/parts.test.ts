import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Desired, Observation } from '../../src/contract/cluster/agent.ts';
import { digestOf } from '../../src/core/stable-json.ts';
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

const items = Array.from({ length: 200 }, (_, index) => `item-${index}-${'x'.repeat(30)}`);
const desiredAt = (generation: number, list: readonly string[] = items) =>
  desiredOf(NODE, generation, { fake: { desired: { serial: generation, mood: 'fine', items: list } } });
const applied = async (generation: number) =>
  await until(`generation ${generation} is applied`, () => {
    const service = rig.latest()?.services.find(({ service: name }) => name === 'fake');
    return service?.applied === generation && service.state === 'healthy' ? (rig.latest() as Observation) : null;
  });
const ledger = async () => JSON.parse(await readFile(join(rig.folder, 'ledger.json'), 'utf8')) as Desired;
const wholePulls = () => rig.region.pulls.filter(({ generation, parts }) => generation > 0 && parts !== true);

/** An agent that holds generation 1. */
async function started() {
  const agent = await rig.start();
  rig.region.publish(desiredAt(1));
  await applied(1);
  return agent;
}

describe('an agent that takes parts', () => {
  it('asks whole when it holds nothing, then puts what is new together with what it holds', async () => {
    await started();
    expect(rig.region.pulls[0]).toEqual({ generation: 0, digest: '' });
    const next = desiredAt(2, items.with(100, 'changed'));
    rig.region.publish(next);
    await applied(2);
    expect(rig.host.text('/etc/fake/items/changed')).toContain('2');
    expect(wholePulls()).toEqual([]);
    expect(rig.region.questions).toEqual([]);
    expect(await ledger()).toEqual(next);
  });

  it('takes whole bodies of a region that knows no parts', async () => {
    rig.region.partsBy = 'off';
    await started();
    rig.region.publish(desiredAt(2));
    await applied(2);
    expect(wholePulls()).toEqual([]);
    expect(rig.region.questions).toEqual([]);
  });

  it('asks again for a part that is missing, or is not of its digest', async () => {
    await started();
    const bad: string[] = [];
    rig.region.partsBy = (digest, part, isAsked) => {
      if (isAsked) return part;
      bad.push(digest);
      return bad.length % 2 === 0 ? undefined : { value: 'something else' };
    };
    rig.region.publish(desiredAt(2, items.with(3, 'changed')));
    await applied(2);
    expect(bad.length).toBeGreaterThan(1);
    expect(rig.region.questions.flat().toSorted()).toEqual(bad.toSorted());
    expect(wholePulls()).toEqual([]);
  });

  it.each([
    ['never has it', () => undefined],
    ['gives another content each time', () => ({ value: ['wrong'] })],
  ])('asks for the whole body where the region %s', async (_, partsBy) => {
    await started();
    rig.region.partsBy = partsBy;
    const next = desiredAt(2, items.with(3, 'changed'));
    rig.region.publish(next);
    await applied(2);
    expect(wholePulls()).toEqual([{ generation: 1, digest: digestOf(desiredAt(1).body) }]);
    expect(rig.log.lines.some(({ message }) => message.includes('requesting the full state'))).toBe(true);
    expect(await ledger()).toEqual(next);
  });

  it('asks for the whole body where the region that it asks for a part is of before', async () => {
    await started();
    rig.region.partsBy = () => undefined;
    rig.region.isDeafToQuestions = true;
    rig.region.publish(desiredAt(2, items.with(3, 'changed')));
    await applied(2);
    expect(rig.region.questions).toHaveLength(1);
    expect(wholePulls()).toHaveLength(1);
    expect(rig.latest()?.staleSince).toBeNull();
  });

  it('never applies parts that make another body than the digest says', async () => {
    await started();
    // The region’s own mistake: its digest is that of another body.
    rig.region.publish({ ...desiredAt(2), digest: digestOf('another') });
    const told = await until('it is told', () =>
      rig.latest()?.findings?.find(({ code }) => code === 'desired_wrong_digest'),
    );
    expect(told.sentence).toContain('does not match its digest');
    expect((await ledger()).generation).toBe(1);
    rig.region.publish(desiredAt(3));
    await applied(3);
  });
});

describe('its ledger', () => {
  it('starts it without any region after parts came, and holds nothing that is not named any more', async () => {
    const first = await started();
    rig.region.publish(desiredAt(2, items.with(5, 'second')));
    await applied(2);
    rig.region.publish(desiredAt(3, items.with(5, 'third')));
    await applied(3);
    await first.stop();
    await rig.region.down();
    expect(await readFile(join(rig.folder, 'ledger.json'), 'utf8')).not.toContain('second');
    expect((await readdir(rig.folder)).toSorted()).toEqual(['applied.json', 'good-fake.json', 'ledger.json']);
    await rig.host.units.act('fake.service', 'stop', 1);
    rig.host.disk.clear();
    await rig.start();
    await until('the service runs again', () => rig.host.unit('fake.service').active === 'active');
    expect(rig.host.text('/etc/fake/items/third')).toContain('3');
  });

  it('that was torn is set aside; the next body is asked for whole', async () => {
    const first = await started();
    rig.region.publish(desiredAt(2));
    await applied(2);
    await first.stop();
    const text = await readFile(join(rig.folder, 'ledger.json'), 'utf8');
    // A block of zeros in its middle, and JSON all the same.
    await writeFile(join(rig.folder, 'ledger.json'), text.replace('item-7-xxxx', 'item-7-0000'));
    rig.region.pulls.length = 0;
    rig.region.observations.length = 0;
    await rig.start();
    const observation = await applied(2);
    expect(observation.findings?.map(({ code }) => code)).toEqual(['ledger_unusable']);
    expect(rig.region.pulls[0]).toEqual({ generation: 0, digest: '' });
  });
});
