import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/contract/cluster/agent.ts';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { desiredOf } from '../kit/fake-region.ts';
import { pause, until } from '../kit/until.ts';

const MAIN = '/etc/fake/main.conf';
const fake = { desired: { serial: 1, mood: 'fine', items: ['a'] } };

/** Tells of changes when the test says so. */
function openChanges() {
  let ring = () => {};
  let count = 0;
  return {
    announce: (folder: string) => {
      count += 1;
      told = [folder];
      ring();
    },
    changes: async (seen: string, waitMs: number) => {
      if (seen !== '' && seen === String(count)) {
        await Promise.race([new Promise<void>((resolve) => (ring = resolve)), pause(Math.min(waitMs, 200))]);
      }
      const folders = seen === String(count) ? [] : told;
      return { seen: String(count), folders };
    },
  };
}
let told: string[] = [];

/** An hour between two looks: what is noticed is noticed by the watch. */
describe('a hand edit, as the agent sees it', () => {
  let rig: AgentRig;
  let edits: ReturnType<typeof openChanges>;
  beforeEach(async () => {
    told = [];
    rig = await agentRig();
    edits = openChanges();
    await rig.start({ verifyMs: 3_600_000, changes: edits.changes });
    rig.region.publish(desiredOf(NODE, 3, { fake }));
    await until('healthy', () => rig.latest()?.services.some(({ state }) => state === 'healthy'));
  });
  afterEach(async () => {
    await rig.close();
  });

  const edit = (path: string, content: string) => {
    const before = rig.host.disk.get(path) ?? { path, mode: 0o644, owner: 'root', group: 'root' };
    rig.host.disk.set(path, { ...before, content });
    edits.announce('/etc/fake');
  };
  const findingOf = (latest: Observation | undefined) =>
    latest?.findings?.find(({ code }) => code === 'fake_files_changed');

  it.each([
    ['changed', MAIN, () => edit(MAIN, 'theirs')],
    [
      'removed',
      MAIN,
      () => {
        rig.host.disk.delete(MAIN);
        edits.announce('/etc/fake');
      },
    ],
    ['added', '/etc/fake/theirs.conf', () => edit('/etc/fake/theirs.conf', 'theirs')],
  ])('is undone and told: a file %s', async (name, path, act) => {
    const start = performance.now();
    act();
    const finding = await until('the finding', () => findingOf(rig.latest()), { deadlineMs: 2_000 });
    const ours = () => (name === 'added' ? !rig.host.disk.has(path) : rig.host.disk.get(path)?.content !== 'theirs');
    await until('ours is back', () => ours() && (name === 'added' || rig.host.disk.has(path)), { deadlineMs: 2_000 });
    console.log(
      `  ${path} ${name} → told and undone after ${Math.round(performance.now() - start)} ms: ${finding.sentence}`,
    );
    expect(finding.sentence).toBe(
      `Files of fake were changed by hand on this host: ${path}. Regent restores its own files. Change the configuration through Regent instead.`,
    );
    await until('healthy', () => rig.latest()?.services.some(({ state }) => state === 'healthy'));
  });

  it('is nothing where nobody changed anything', async () => {
    edits.announce('/etc/fake');
    edits.announce('/etc/elsewhere');
    await pause(400);
    expect(findingOf(rig.latest())).toBeUndefined();
  });

  it('costs a look now and then where somebody writes without an end', async () => {
    let reads = 0;
    const { files } = rig.host;
    const read = files.read.bind(files);
    Object.assign(files, {
      read: (path: string) => {
        if (path === MAIN) reads += 1;
        return read(path);
      },
    });
    for (let turn = 0; turn < 40; turn += 1) {
      edit(MAIN, `theirs ${turn}`);
      await pause(25);
    }
    console.log(`  40 edits within ${40 * 25} ms → ${reads} looks`);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(12);
  });
});
