import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import type { DhcpDesired } from './desired.ts';
import { askForEnds, judgeEnds } from './ends.ts';
import { DONE, EMPTY, KEA_SOCKET, readAnswer, recordOf } from './socket.ts';
import { KEA_CHECK, KEA_CONF, tagOf } from './view.ts';

const USER = '_kea';
const WHOLE_CHECK = ['/usr/sbin/kea-dhcp4', '-T'];
const CHECK = ['/usr/sbin/kea-dhcp4', '-t'];
/** Blocks that others than root may still write, where Kea keeps its leases. */
const SPACE = '/var/lib/kea';
const RELOAD = { command: 'config-reload' };
const STATUS = { command: 'status-get' };
const TAG = { command: 'server-tag-get' };
const ONE_LEASE = { command: 'lease4-get-page', arguments: { from: 'start', limit: 1 } };
/** Ten thousand reservations take a second on an idle host. */
const CHECK_MS = 60_000;
const RELOAD_MS = 30_000;
const PROBE_MS = 2_000;

/** Command lines and questions that check, activate and probe use. */
export const DHCP_COMMANDS: readonly CommandRule[] = [
  { argv: [...WHOLE_CHECK, { pattern: '/etc/kea/regent/(?:\\.stage/)?check/kea-dhcp4\\.conf' }] },
  { argv: [...CHECK, { pattern: '/etc/kea/regent/(?:\\.stage/)?kea-dhcp4\\.conf' }] },
  { argv: ['/usr/sbin/kea-dhcp4', '-v'] },
  ...[RELOAD, STATUS, TAG, ONE_LEASE].map((request) => ({
    socket: KEA_SOCKET,
    requests: literal(JSON.stringify(request)),
  })),
];

/** Kea's whole check, with its hooks, of the checker's copy (see `KEA_CHECK`), and that of the file itself, which opens nothing. */
export function checkDhcp(staged: readonly StagedFile[]): readonly Command[] {
  return staged.map((file) => {
    const check = file.target === KEA_CHECK ? WHOLE_CHECK : CHECK;
    return { argv: [...check, file.staged], user: USER, timeoutMs: CHECK_MS };
  });
}

/** Kea reads its file anew through its socket, and keeps its leases and, as long as the file is right, its service. */
export function activateDhcp(changes: readonly FileChange[]): Activation {
  if (!changes.some((change) => change.target === KEA_CONF && change.kind !== 'removed')) {
    return { kind: 'none', why: 'no file that Kea reads has changed' };
  }
  const reload = {
    socket: KEA_SOCKET,
    request: JSON.stringify(RELOAD),
    expects: '"result": 0\\b',
    timeoutMs: RELOAD_MS,
  };
  return { kind: 'command', commands: [reload], why: 'kea-dhcp4.conf changed: Kea reads it anew and keeps its leases' };
}

/** Kea answers on the interfaces of its VLANs and uses no database. */
export function roleChangeDhcp(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'does not listen on the virtual address' : 'does not use the database';
  return { kind: 'none', why: `Kea ${what}` };
}

/** Asks Kea for its state, for the tag of its configuration, for a lease and for the leases that are to end, and whether leases can be written. */
export function probeDhcp(desired: DhcpDesired): readonly Command[] {
  const questions = [STATUS, TAG, ONE_LEASE].map((request) => ({
    socket: KEA_SOCKET,
    request: JSON.stringify(request),
    timeoutMs: PROBE_MS,
  }));
  return [...questions, { look: 'space', path: SPACE, timeoutMs: PROBE_MS }, ...askForEnds(desired)];
}

/**
 * Healthy: Kea runs the configuration that was published, with its threads, and has its leases. After a reload that failed half-way it
 * answers, says that its sockets are ready, and serves nobody: then the threads or the leases are gone. An interface without a
 * carrier is told and not judged: Kea tries it again by itself twice a second, and the other VLANs go on. A lease that stands in a static
 * lease's way is judged: the new owner would get another address.
 */
export function parseProbeDhcp(answers: readonly ExecResult[], desired: DhcpDesired): ServiceHealth {
  const [status, tag, lease, space] = answers;
  const silent = [status, tag, lease].find((answer) => answer?.code !== 0);
  if (silent) return ill(`asked Kea for its state: ${silent.failure ?? 'no answer in time'}`);
  const leases = readAnswer(lease);
  if (leases.result !== DONE && leases.result !== EMPTY) return ill(`Kea has no leases: ${leases.text}`);
  if (space?.code === 0 && space.stdout.trim() === '0') {
    return ill(`the file system of ${SPACE} is full: Kea gives and renews no lease`);
  }
  const { args } = readAnswer(status);
  const running = readAnswer(tag).args['server-tag'];
  if (running !== tagOf(desired))
    return ill(`Kea runs the configuration ${show(running)}, published is ${tagOf(desired)}`);
  if (args['multi-threading-enabled'] !== true)
    return ill('Kea gave its last configuration up half-way and serves nobody');
  const state = recordOf(args['dhcp-state']);
  if (state['globally-disabled'] !== false) return ill('Kea was told to stop serving (dhcp-disable)');
  return judgeEnds(answers, desired) ?? judgeSockets(recordOf(args['sockets']), desired);
}

function judgeSockets(sockets: Readonly<Record<string, unknown>>, desired: DhcpDesired): ServiceHealth {
  const errors = Array.isArray(sockets['errors']) ? sockets['errors'].map(String).join('; ') : '';
  if (sockets['status'] === 'retrying')
    return { isHealthy: true, detail: `Kea serves, but for now not all: ${errors}` };
  if (sockets['status'] !== 'ready') return ill(`Kea's sockets are ${show(sockets['status'])}: ${errors}`);
  const names = desired.networks.map((network) => network.interface).join(', ') || 'no interface';
  return { isHealthy: true, detail: `Kea answers and serves what is published on ${names}` };
}

function show(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, 100) : 'unknown';
}

function ill(detail: string): ServiceHealth {
  return { isHealthy: false, detail };
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
