import { describe, expect, it } from 'vitest';
import type { UnitState } from '../../../src/core/host-values.ts';
import { type UpgradeRunnerPorts, upgradeRunner } from '../../../src/main/calls/upgrade-runner.ts';
import { silentLog } from '../../kit/postgres.ts';
import { until } from '../../kit/until.ts';

const SHA = 'a'.repeat(64);
const ARCHIVE = {
  image: 'b'.repeat(64),
  version: '0.4.1+b',
  architecture: 'amd64',
  size: 4,
  sha256: SHA,
  signature: 's',
  sources: ['10.0.0.1', '10.0.0.2'],
};

/** A host with an agent; whatever the runner does is noted. */
function fakeNode() {
  const actions: string[] = [];
  const node = {
    actions,
    note: null as string | null,
    active: 'inactive' as UnitState['active'],
    files: [] as { image: string; name: string; size: number }[],
    /** Sources that answer. */
    giving: new Set(['10.0.0.2']),
  };
  const ports: UpgradeRunnerPorts = {
    host: {
      units: {
        state: async () => ({
          load: 'loaded',
          active: node.active,
          sub: '',
          mainPid: null,
          restarts: 0,
          sinceMs: null,
        }),
        act: async (unit, verb) => void actions.push(`${verb} ${unit}`),
        mount: async () => null,
      },
    },
    state: { read: async () => node.note },
    disk: {
      list: async () => node.files.map((file) => ({ ...file, stamp: '' })),
      received: async () => 0,
      remove: async ({ image, name }) => {
        actions.push(`remove ${image.slice(0, 2)}`);
        node.files = node.files.filter((file) => file.image !== image || file.name !== name);
      },
      dropParts: async () => 0,
      write: async ({ image, name, size }) => {
        node.files.push({ image, name, size });
        return null;
      },
      writeManifest: async (image, text) => void actions.push(`note ${image.slice(0, 2)} ${text}`),
    },
    peers: {
      fetch: async (address) => {
        if (!node.giving.has(address)) throw new Error('it answered 404');
        actions.push(`fetch from ${address}`);
        return (async function* () {})();
      },
    },
    log: silentLog,
  };
  const runner = upgradeRunner(ports);
  const order = async (task: string, archive?: typeof ARCHIVE) => {
    const args = archive === undefined ? { task } : { task, archive };
    const { result } = await runner({ args, secrets: null, leftMs: 8000, signal: new AbortController().signal });
    return result as { state: string; sentence: string; changes: string[] };
  };
  return { node, order };
}

describe('the runner of upgrades', () => {
  const check = `check:${SHA}:7`;
  const unit = `start regent-upgrade@${check}.service`;

  it('gets the archive from a region that gives it, then starts the unit, once, and reports what that notes', async () => {
    const { node, order } = fakeNode();
    node.files = [{ image: 'c'.repeat(64), name: 'release.tar.gz', size: 9 }];
    expect(await order(check, ARCHIVE)).toMatchObject({ state: 'fetching' });
    await until('the archive', async () => node.actions.some((one) => one.startsWith('note')), { deadlineMs: 2000 });
    expect(await order(check, ARCHIVE)).toMatchObject({ state: 'running', sentence: 'starts' });
    expect(node.actions).toEqual([
      'remove cc',
      'fetch from 10.0.0.2',
      'note aa {"version":"0.4.1+b","architecture":"amd64","signature":"s"}',
      unit,
    ]);
    node.active = 'active';
    node.note = JSON.stringify({ task: check, state: 'running', sentence: 'check runs', version: 'v' });
    expect(await order(check, ARCHIVE)).toMatchObject({ state: 'running', sentence: 'check runs' });
    node.active = 'inactive';
    node.note = JSON.stringify({ task: check, state: 'done', sentence: 'fine', version: 'v', changes: ['a 1 2'] });
    expect(await order(check, ARCHIVE)).toMatchObject({ state: 'done', sentence: 'fine', changes: ['a 1 2'] });
    expect(node.actions.filter((one) => one === unit)).toHaveLength(1);
  });

  it('starts a task again that was cut off, and takes no note of another task', async () => {
    const { node, order } = fakeNode();
    node.note = JSON.stringify({ task: 'packages:6', state: 'done', sentence: 'old', version: 'v' });
    expect(await order('packages:7')).toMatchObject({ state: 'running', sentence: 'starts' });
    node.note = JSON.stringify({ task: 'packages:7', state: 'running', sentence: 'packages runs', version: 'v' });
    expect(await order('packages:7')).toMatchObject({ state: 'running', sentence: 'was cut off, and starts again' });
    expect(node.actions).toEqual(Array.from({ length: 2 }, () => 'start regent-upgrade@packages:7.service'));
  });

  it('reports why no region gives the archive, and tries again at the next order', async () => {
    const { node, order } = fakeNode();
    node.giving.clear();
    await order(check, ARCHIVE);
    await expect
      .poll(() => order(check, ARCHIVE).catch((error: Error) => error.message))
      .toMatch(/no region gives the archive \(10.0.0.1: it answered 404; 10.0.0.2: it answered 404\)/);
    node.giving.add('10.0.0.1');
    expect(await order(check, ARCHIVE)).toMatchObject({ state: 'fetching' });
    expect(node.actions.filter((one) => one === unit)).toEqual([]);
  });

  it('takes nothing but a note of ours from the state of the unit', async () => {
    for (const note of [
      '',
      'no json',
      '[]',
      'null',
      '{"task":7}',
      JSON.stringify({ task: 'packages:7', state: 'x' }),
    ]) {
      const { node, order } = fakeNode();
      node.note = note;
      expect((await order('packages:7')).sentence, note).toBe('starts');
    }
  });
});
