import { describe, expect, it } from 'vitest';
import { COMMAND_KINDS, isResultOf } from '../../src/contract/command-kinds.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Command, ExecResult, FileContent } from '../../src/core/host-values.ts';
import { checkRunner } from '../../src/main/calls/check-runner.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { answer } from '../kit/exec-result.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { aRange, aSnippet, aSubnet, aVlan, emptySnapshot, FACTS, R1 } from '../kit/snapshots.ts';

const TRIAL = '/etc/kea/regent/.trial/kea-dhcp4.conf';
const facts = {
  ...FACTS,
  interfaces: [{ name: 'eth1', mac: '', addresses: ['10.10.10.1'], index: 7, isUp: true, hasCarrier: true }],
};

/** The desired state of Kea with these snippets for all; each is called by its boot file. */
function desiredWith(...names: readonly string[]): Record<string, unknown> {
  const snapshot = emptySnapshot({
    attachments: [{ nodeId: R1.id, vlanId: 1, interface: 'eth1', addresses: ['10.10.10.1/24'] }],
    vlans: [aVlan(1, 10, { dhcpOn: true })],
    subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24')],
    ranges: [aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.200'])],
    snippets: names.map((name, index) =>
      aSnippet(index + 1, name, 'global', { 'client-classes': [{ name, test: 'true' }] }),
    ),
  });
  const desired = compileSite(snapshot, [dhcp], new Map(), 1).nodes.get(R1.id)?.body.services['dhcp']?.desired;
  if (!desired) throw new Error('nothing to try');
  return desired;
}

/** A rack whose checker refuses files with the word `bad`, and names the line. */
function rack() {
  const disk = new Map<string, string>();
  const commands: Command[] = [];
  const state = {
    disk,
    commands,
    now: 0,
    most: 0,
    running: 0,
    installed: (_file: FileContent): void => {},
    check: (path: string, text: string): ExecResult => {
      const line = text.split('\n').findIndex((one) => one.includes('bad'));
      if (line < 0) return answer('');
      return answer('', { code: 1, stderr: `Error encountered: a bad class (${path}:${line + 1}:9)\n` });
    },
  };
  const run = checkRunner({
    services: SERVICES,
    templates: goldenTemplates(),
    clock: { monotonic: () => state.now },
    host: {
      facts: async () => facts,
      files: {
        read: async (path) => disk.get(path) ?? null,
        list: async () => [...disk.keys()],
        install: async (file) => {
          state.installed(file);
          disk.set(file.path, file.content);
        },
        move: () => Promise.reject(new Error('a trial moves nothing')),
        remove: async (path) => void disk.delete(path),
      },
      exec: async (command) => {
        commands.push(command);
        state.running += 1;
        state.most = Math.max(state.most, state.running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        state.running -= 1;
        const path = 'argv' in command ? (command.argv.at(-1) ?? '') : '';
        return state.check(path, disk.get(path) ?? 'bad: no such file');
      },
    },
  });
  const ask = (desired: object, { service = 'dhcp', leftMs = 4000, signal = new AbortController().signal } = {}) =>
    run({ args: { service, desired }, secrets: null, leftMs, signal });
  return { ...state, state, ask };
}

describe('the check of a DHCP configuration that is not to be installed', () => {
  it('shows it to the checker as the daemon’s user, at a place of its own, and leaves nothing', async () => {
    const { ask, commands, disk } = rack();
    const { result } = await ask(desiredWith('good'));
    expect(result).toEqual({ isAccepted: true, why: '', line: null, parts: [], unseen: [] });
    expect(isResultOf('check-dhcp', result)).toBe(true);
    expect(commands).toEqual([
      { argv: ['/usr/sbin/kea-dhcp4', '-t', TRIAL], user: '_kea', timeoutMs: 3800, isPatient: true },
    ]);
    expect([...disk.keys()]).toEqual([]);
    expect(COMMAND_KINDS['check-dhcp'].isPassing).toBe(true);
  });

  it('names the snippets that the checker refuses, and the line of the first', async () => {
    const { ask, disk } = rack();
    const { result } = await ask(desiredWith('good', 'bad-1', 'fine', 'bad-2'));
    expect(isResultOf('check-dhcp', result)).toBe(true);
    expect(result).toMatchObject({
      isAccepted: false,
      why: 'a bad class',
      line: expect.any(Number),
      parts: [{ name: 'snippet bad-1' }, { name: 'snippet bad-2' }],
    });
    expect(JSON.stringify(result)).not.toContain('.trial');
    expect([...disk.keys()]).toEqual([]);
  });

  it('is refused by the helper’s grammar, by a missing checker, by a server that it does not know: a sentence, no judgement', async () => {
    const { ask, state } = rack();
    state.installed = () => {
      throw new AppError('denied', 'line 3 is not of the grammar. Rule: a text that Regent itself writes.');
    };
    await expect(ask(desiredWith('good'))).rejects.toThrow('line 3 is not of the grammar');
    state.installed = () => {};
    state.check = () => answer('', { code: null, failure: 'ENOENT' });
    await expect(ask(desiredWith('good'))).rejects.toThrow('did not start: ENOENT');
    for (const service of ['dns', 'dhcp@../x', 'dhcp@', 'constructor', ''])
      await expect(ask(desiredWith('good'), { service }), service).rejects.toThrow('knows no DHCP server');
    await expect(ask({ networks: 'none' })).rejects.toThrow(AppError);
  });

  it('is no refusal where the file was removed meanwhile, or the time ends', async () => {
    const { ask, state } = rack();
    const check = state.check;
    state.check = (path, text) => {
      state.disk.clear();
      return check(path, text.replace('good', 'bad'));
    };
    await expect(ask(desiredWith('good'))).rejects.toThrow('was removed meanwhile');
    state.check = () => answer('', { code: null, timedOut: true });
    await expect(ask(desiredWith('good'))).rejects.toThrow('did not end within 3800 ms');
    await expect(ask(desiredWith('good'), { leftMs: 100 })).rejects.toThrow('The time was too short');
    const gone = new AbortController();
    gone.abort(new AppError('command_late', 'too late'));
    await expect(ask(desiredWith('good'), { signal: gone.signal })).rejects.toThrow('too late');
    // Time for the whole file alone: its refusal is known, the snippet is not.
    state.check = (path, text) => {
      state.now += 3000;
      return check(path, text);
    };
    const { result } = await ask(desiredWith('good', 'bad'));
    expect(result).toMatchObject({ isAccepted: false, parts: [], line: expect.any(Number) });
  });

  it('takes an output of a megabyte, and answers in bounds', async () => {
    const { ask, state } = rack();
    state.check = () => answer('', { code: 1, stderr: `${'x'.repeat(1_000_000)}\n`.repeat(2) });
    const { result } = await ask(desiredWith('good'));
    expect(isResultOf('check-dhcp', result)).toBe(true);
    expect(JSON.stringify(result).length).toBeLessThan(4000);
  });

  it('runs one at a time, so that none judges the file of another', async () => {
    const { ask, state } = rack();
    const all = await Promise.all(['good', 'bad', 'fine', 'bad-2'].map((name) => ask(desiredWith(name))));
    expect(all.map(({ result }) => (result as { isAccepted: boolean }).isAccepted)).toEqual([true, false, true, false]);
    expect(state.most).toBe(1);
  });

  it('says what is not in the file on this host', async () => {
    const { ask } = rack();
    const desired = structuredClone(desiredWith('good')) as { networks: { interface: string }[] };
    for (const network of desired.networks) network.interface = 'eth9';
    expect((await ask(desired)).result).toMatchObject({
      unseen: ['VLAN vlan10 is not in the file: there is no interface eth9'],
    });
  });
});
