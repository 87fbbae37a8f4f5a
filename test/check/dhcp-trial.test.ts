import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isResultOf } from '../../src/contract/command-kinds.ts';
import type { CheckDhcpResult } from '../../src/contract/networks/check-dhcp.ts';
import type { Command, ExecResult } from '../../src/core/host-values.ts';
import { performRequest } from '../../src/host/helper-operations.ts';
import type { Host } from '../../src/host/interface.ts';
import type { HelperOperation } from '../../src/host/protocol.ts';
import { checkRunner } from '../../src/main/calls/check-runner.ts';
import { helperPolicy } from '../../src/main/helper-policy.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { furnishKea } from '../kit/dhcp/kea-root.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { aRange, aReservation, aSnippet, aSubnet, aVlan, emptySnapshot, FACTS, R1 } from '../kit/snapshots.ts';

/** A dry run's question to a real Kea, by the agent's runner and the rules of the root helper. */

const PRINTER = '52:54:00:bb:00:01';
const TRIAL = '/etc/kea/regent/.trial/kea-dhcp4.conf';
const templates = goldenTemplates();
const policy = helperPolicy(SERVICES, 'regent-agent', templates);
const facts = {
  ...FACTS,
  interfaces: [{ name: 'v1', mac: '', addresses: ['10.10.10.1'], index: 7, isUp: true, hasCarrier: true }],
};

let host: DebianHost;
let users: string[];
let ask: (desired: object) => Promise<CheckDhcpResult>;

/** What stands behind the helper: the private Debian host. */
function behind(): Host {
  const unused = () => Promise.reject(new Error('a trial needs no units'));
  const texts = new Map<string, string>();
  return {
    facts: async () => facts,
    units: { state: unused, act: unused, mount: unused },
    files: {
      read: async (path) => texts.get(path) ?? null,
      list: async () => [],
      install: async (file) => {
        host.write(file.path, file.content, file);
        texts.set(file.path, file.content);
      },
      move: unused,
      remove: async (path) => {
        rmSync(host.path(path), { force: true });
        texts.delete(path);
      },
    },
    exec: (command) => {
      if ('argv' in command) users.push(command.user ?? '');
      return host.exec(command);
    },
  };
}

/** The helper's side of the socket: every call is judged by its policy. */
function helper(): Pick<Host, 'files' | 'exec' | 'facts'> {
  const real = behind();
  const call = <T>(op: Exclude<HelperOperation, 'changes'>, ...args: unknown[]) =>
    performRequest({ id: 1, deadlineMs: 60_000, op, args }, real, policy) as Promise<T>;
  return {
    facts: () => real.facts({}),
    files: {
      read: (path) => call('read', path),
      list: (folder) => call('list', folder),
      install: (file) => call('install', file),
      move: (from, to) => call('move', from, to),
      remove: (path) => call('remove', path),
    },
    exec: (command: Command) => call<ExecResult>('exec', command),
  };
}

function desiredWith(changes: Partial<Snapshot>): object {
  const snapshot = emptySnapshot({
    attachments: [{ nodeId: R1.id, vlanId: 1, interface: 'v1', addresses: ['10.10.10.1/24'] }],
    vlans: [aVlan(1, 10, { dhcpOn: true })],
    subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24')],
    ranges: [aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.200'])],
    reservations: [aReservation(1, 1, '10.10.10.30', { mac: PRINTER })],
    ...changes,
  });
  const desired = compileSite(snapshot, [dhcp], new Map(), 1).nodes.get(R1.id)?.body.services['dhcp']?.desired;
  if (!desired) throw new Error('nothing to try');
  return desired;
}

beforeAll(async () => {
  host = await DebianHost.open();
  await furnishKea(host);
  await host.stranger('10.10.10.1/24', '10.10.10.250/24');
  users = [];
  const run = checkRunner({
    services: SERVICES,
    templates,
    host: helper(),
    clock: { monotonic: () => performance.now() },
  });
  ask = async (desired) => {
    const task = {
      args: { service: 'dhcp', desired },
      secrets: null,
      leftMs: 60_000,
      signal: new AbortController().signal,
    };
    const { result } = await run(task);
    if (!isResultOf('check-dhcp', result)) throw new Error(JSON.stringify(result));
    return result as CheckDhcpResult;
  };
});
afterAll(() => host[Symbol.asyncDispose]());

describe('a configuration that is tried by Kea', () => {
  it('is taken, by Kea as its own user, and leaves no file', async () => {
    const snippets = [aSnippet(1, 'good', 'global', { 'renew-timer': 100 })];
    expect(await ask(desiredWith({ snippets }))).toMatchObject({ isAccepted: true, parts: [], unseen: [] });
    expect(new Set(users)).toEqual(new Set(['_kea']));
    expect((await host.run(['sh', '-c', `ls -a /etc/kea/regent/.trial`])).stdout).not.toContain('kea-dhcp4');
  });

  it('is refused by the snippet, in the words of Kea, with the line of the file that would be', async () => {
    const snippets = [
      aSnippet(1, 'good', 'global', { 'renew-timer': 100 }),
      aSnippet(2, 'no-address', '10.10.10.0/24', { 'option-data': [{ name: 'log-servers', data: 'nowhere' }] }),
      aSnippet(3, 'no-test', 'global', { 'client-classes': [{ name: 'odd', test: 'option[60] is odd' }] }),
      aSnippet(4, 'fine', PRINTER, { 'boot-file-name': 'x' }),
    ];
    const desired = desiredWith({ snippets });
    const found = await ask(desired);
    expect(found.parts.map(({ name }) => name)).toEqual(['snippet no-address', 'snippet no-test']);
    expect(found.parts.map(({ why }) => why)).toEqual([
      "option data does not match option definition (space: dhcp4, code: 7): Failed to convert string to address 'nowhere': Invalid argument",
      'expression: [option[60] is odd] error: <string>:1.12: Invalid character: i',
    ]);
    // Kea stops at the first fault of its own order.
    expect(found.why).toBe(found.parts[1]?.why);
    expect(JSON.stringify(found)).not.toContain('.trial');
    const files = renderService(dhcp, desired, { facts, templates, generation: 1 });
    const lines = files.find(({ target }) => target === dhcp.trial?.target)?.content.split('\n') ?? [];
    const near = lines.slice((found.line ?? 1) - 4, (found.line ?? 1) + 3).join('\n');
    expect(near, near).toMatch(/nowhere|is odd/);
  });

  it('is refused as a whole, where no snippet is the cause', async () => {
    const desired = desiredWith({ snippets: [] }) as { networks: { subnets: { options?: object[] }[] }[] };
    for (const { subnets } of desired.networks)
      for (const subnet of subnets) subnet.options = [{ code: 7, name: 'log-servers', data: 'nowhere' }];
    const found = await ask(desired);
    expect(found).toMatchObject({ isAccepted: false, parts: [], line: expect.any(Number) });
    expect(found.why).toMatch(/nowhere/);
  });

  it('reaches no secret and no other file: a snippet that names one is refused by the grammar before Kea sees it', async () => {
    host.write('/etc/regent-secret', '{"word":"opensesame"}\n', { mode: 0o600 });
    const before = users.length;
    const snippets = [
      { id: 1, name: 'hook', scope: 'global', text: '{"hooks-libraries":[{"library":"/etc/regent-secret"}]}' },
    ];
    await expect(ask({ ...desiredWith({}), snippets })).rejects.toThrow(/Rule: a text that Regent itself writes/);
    expect(users).toHaveLength(before);
    const include = aSnippet(1, 'include', 'global', { 'boot-file-name': '<?include "/etc/regent-secret"?>' });
    const answer = await ask({ ...desiredWith({}), snippets: [include] }).catch((error: unknown) => String(error));
    expect(JSON.stringify(answer)).not.toContain('opensesame');
    expect((await host.run(['sh', '-c', `test -e ${TRIAL} && echo there`])).stdout).toBe('');
  });
});
