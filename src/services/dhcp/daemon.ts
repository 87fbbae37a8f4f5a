import type { Command, CommandRule, ExecResult, ProcessCommand } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import type { DhcpDesired } from './desired.ts';
import { askForEnds, judgeEnds } from './ends.ts';
import { judgePair } from './pair/health.ts';
import { askForCounts, countRule } from './metrics.ts';
import type { KeaPlaces } from './places.ts';
import { DONE, EMPTY, readAnswer, recordOf } from './socket.ts';
import { tagOf } from './view.ts';

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
export function dhcpCommands(places: KeaPlaces): readonly CommandRule[] {
  const beside = (path: string, names: string) => ({
    pattern: `${literal(places.folder)}/(?:\\.(?:${names})/)?${literal(path.slice(places.folder.length + 1))}`,
  });
  return [
    { argv: [...WHOLE_CHECK, beside(places.check, 'stage')], isChecker: true },
    { argv: [...CHECK, beside(places.conf, 'stage|trial')], isChecker: true },
    { argv: ['/usr/sbin/kea-dhcp4', '-v'] },
    { argv: carryOf(places) },
    ...inTurn(places).map((argv) => ({ argv })),
    countRule(places),
    ...[RELOAD, STATUS, TAG, ONE_LEASE].map((request) => ({
      socket: places.socket,
      requests: literal(JSON.stringify(request)),
    })),
  ];
}

/** Leases of subnets that another server of this host had before: `ha/kea/carry`. */
function carryOf({ key }: KeaPlaces): readonly string[] {
  return ['/opt/regent/current/ha/kea/carry', ...(key === null ? [] : [key])];
}

/** A pair's side that serves waits until the other one has read its file again. */
function inTurn({ key }: KeaPlaces): readonly (readonly string[])[] {
  return key === null ? [] : [['/opt/regent/current/ha/kea/in-turn', key]];
}

/** Kea's whole check, with its hooks, of the checker's copy (see `KeaPlaces`), and that of the file itself, which opens nothing. */
export function checkDhcp(places: KeaPlaces, staged: readonly StagedFile[]): readonly Command[] {
  return staged
    .filter(({ target }) => target !== places.pair && target !== places.partner)
    .map((file) => {
      const check = file.target === places.check ? WHOLE_CHECK : CHECK;
      return { argv: [...check, file.staged], user: USER, timeoutMs: CHECK_MS };
    });
}

/** The check of the file alone, which loads no hook and opens no other file: for a file that is not to be installed. */
export function tryDhcp(path: string): Pick<ProcessCommand, 'argv' | 'user'> {
  return { argv: [...CHECK, path], user: USER };
}

/** Kea reads its file again through its socket, and keeps its leases and, as long as the file is right, its service. */
export function activateDhcp(places: KeaPlaces, changes: readonly FileChange[]): Activation {
  const read = [places.conf, places.partner];
  if (!changes.some((change) => read.includes(change.target) && change.kind !== 'removed')) {
    return { kind: 'none', why: 'no file that Kea reads has changed' };
  }
  return reloadDhcp(places, 'kea-dhcp4.conf changed: Kea reloads it and keeps its leases');
}

/** Kea reads certificates with its file: its hook is loaded again, and the partner takes all leases from the other meanwhile. */
export function certificateDhcp(places: KeaPlaces): Activation {
  return reloadDhcp(places, 'the certificate for partners was renewed: Kea reads it and keeps its leases');
}

function reloadDhcp(places: KeaPlaces, why: string): Activation {
  const turns = inTurn(places).map((argv) => ({ argv, user: USER, timeoutMs: RELOAD_MS }));
  const carry = { argv: carryOf(places), user: USER, timeoutMs: RELOAD_MS };
  const reload = {
    socket: places.socket,
    request: JSON.stringify(RELOAD),
    expects: '"result": 0\\b',
    timeoutMs: RELOAD_MS,
  };
  return {
    kind: 'command',
    commands: [...turns, carry, reload],
    why,
  };
}

/** Kea answers on the interfaces of its VLANs and uses no database. */
export function roleChangeDhcp(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'does not listen on the virtual address' : 'does not use the database';
  return { kind: 'none', why: `Kea ${what}` };
}

/**
 * Asks Kea for its state, for the tag of its configuration, for a lease, for the leases that are to end and for counts, whether leases can be written,
 * and what `ha/dhcp` says of the pair.
 */
export function probeDhcp(places: KeaPlaces, desired: DhcpDesired): readonly Command[] {
  const questions = [STATUS, TAG, ONE_LEASE].map((request) => ({
    socket: places.socket,
    request: JSON.stringify(request),
    timeoutMs: PROBE_MS,
  }));
  return [
    ...questions,
    { read: 'space', path: SPACE, timeoutMs: PROBE_MS },
    ...askForEnds(places, desired),
    askForCounts(places),
    ...(desired.pair === undefined ? [] : [{ read: 'text', path: places.state, timeoutMs: PROBE_MS } as const]),
  ];
}

/**
 * Healthy: Kea runs the configuration that was published, with its threads, and has its leases. After a reload that failed half-way it
 * answers, says that its sockets are ready, and serves nobody: then the threads or the leases are gone. An interface without a
 * carrier is reported and not judged: Kea tries it again by itself twice a second, and the other VLANs go on. A lease that blocks a
 * static lease is judged: the new owner would get another address.
 */
export function parseProbeDhcp(answers: readonly ExecResult[], desired: DhcpDesired): ServiceHealth {
  const health = judge(answers, desired);
  return desired.pair === undefined ? health : judgePair(health, answers, desired.pair);
}

function judge(answers: readonly ExecResult[], desired: DhcpDesired): ServiceHealth {
  const [status, tag, lease, space] = answers;
  const silent = [status, tag, lease].find((answer) => answer?.code !== 0);
  if (silent) return ill(`query of Kea's state failed: ${silent.failure ?? 'no answer in time'}`);
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
  // A server of a pair is off while it gets its partner's leases: its state says so.
  if (state['globally-disabled'] !== false && desired.pair === undefined) {
    return ill('DHCP service of Kea is disabled (dhcp-disable)');
  }
  return judgeEnds(answers, desired) ?? judgeSockets(recordOf(args['sockets']), desired);
}

function judgeSockets(sockets: Readonly<Record<string, unknown>>, desired: DhcpDesired): ServiceHealth {
  const errors = Array.isArray(sockets['errors']) ? sockets['errors'].map(String).join('; ') : '';
  if (sockets['status'] === 'retrying')
    return { isHealthy: true, detail: `Kea serves, but for now not all: ${errors}` };
  if (sockets['status'] !== 'ready') return ill(`Kea's sockets are ${show(sockets['status'])}: ${errors}`);
  const names = [...new Set(desired.networks.map((network) => network.interface))].join(', ') || 'no interface';
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
