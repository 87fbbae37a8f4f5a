import type { HostFacts } from '../core/host-values.ts';
import type { Host } from '../host/interface.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from './paths.ts';
import type { HostPorts } from './ports.ts';

const COMMAND_MS = 10_000;

/**
 * Something that listens on a port of this host. `process`: its name, '' when unknown. `unit`: systemd's unit of it, if
 * it has one.
 */
export interface HostListener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly process: string;
  readonly pid: number | null;
  readonly unit?: string;
}

/** All inputs of the checks of a host, gathered before any change. Null: it could not be found out. */
export interface HostInspection {
  readonly uid: number;
  readonly productRoot: string;
  readonly facts: HostFacts;
  readonly missingUnits: readonly string[];
  readonly listeners: readonly HostListener[] | null;
  readonly freeMegabytes: number | null;
  /** Wall time, ms. */
  readonly now: number;
  readonly conf: string | null;
  readonly rackConf: string | null;
  /** Notes that earlier runs left. */
  readonly notes: {
    readonly isInit: boolean;
    readonly isInitDone: boolean;
    readonly isJoin: boolean;
    readonly isJoinDone: boolean;
  };
  /** Which of `DATA` are there. */
  readonly data: readonly string[] | null;
  /** First line that each daemon prints for its version. */
  readonly versions: Readonly<Record<'patroni' | 'postgres' | 'etcd', string | null>>;
}

/** Folders and files that show an earlier cluster, ours or not. */
export const DATA = {
  etcd: `${PATHS.etcdData}/member`,
  postgres: `${PATHS.postgresData}/PG_VERSION`,
  foreignEtcd: '/var/lib/etcd/default/member',
  foreignPatroni: '/etc/patroni/config.yml',
} as const;

/** Reads the state of the host and changes nothing. `units`: those that must be installed. */
export async function inspectHost(ports: HostPorts, units: readonly string[]): Promise<HostInspection> {
  const { host } = ports;
  const states = await Promise.all(units.map((unit) => host.units.state(unit).catch(() => null)));
  const isThere = async (path: string) => (await readIfAllowed(host, path)) !== null;
  const listeners = await listenersOf(host);
  return {
    uid: ports.uid,
    productRoot: ports.productRoot,
    facts: await host.facts({}),
    missingUnits: units.filter((_, index) => states[index]?.load !== 'loaded'),
    listeners: listeners && (await Promise.all(listeners.map((listener) => withUnit(host, listener)))),
    freeMegabytes: await freeMegabytes(host),
    now: ports.now(),
    conf: await readIfAllowed(host, PATHS.conf),
    rackConf: await readIfAllowed(host, PATHS.rackConf),
    notes: {
      isInit: await isThere(PATHS.initNote),
      isInitDone: await isThere(PATHS.initDone),
      isJoin: await isThere(PATHS.joinNote),
      isJoinDone: await isThere(PATHS.joinDone),
    },
    data: await presentOf(host, Object.values(DATA)),
    versions: {
      patroni: await firstLine(host, ['patroni', '--version']),
      postgres: await firstLine(host, ['/usr/lib/postgresql/17/bin/postgres', '--version']),
      etcd: await firstLine(host, ['etcd', '--version']),
    },
  };
}

/** Units of a region node that an installation brings. */
export const REGION_UNITS: readonly string[] = [...Object.values(CLUSTER_UNITS), ...Object.values(UNITS)];

/** Does somebody answer to this address on a network of this host? `address` without prefix. */
export async function isAnswering({ host }: HostPorts, address: string): Promise<boolean> {
  // The kernel's memory of an earlier owner is no answer.
  await host.exec({ argv: ['ip', 'neigh', 'flush', 'to', address], timeoutMs: COMMAND_MS });
  // Any packet makes the kernel ask who has the address; its answer is then in the neighbour table.
  await host.exec({
    argv: ['curl', '--silent', '--max-time', '1', '--output', '/dev/null', `telnet://${bracketed(address)}:9`],
    timeoutMs: COMMAND_MS,
  });
  const answer = await host.exec({ argv: ['ip', 'neigh', 'show', 'to', address], timeoutMs: COMMAND_MS });
  return (
    answer.code === 0 && /\blladdr [0-9a-f:]{11,}/.test(answer.stdout) && !/\b(FAILED|INCOMPLETE)\b/.test(answer.stdout)
  );
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Without root some reads fail; the user id gives that finding. */
async function readIfAllowed(host: Host, path: string): Promise<string | null> {
  return await host.files.read(path).catch(() => null);
}

/** Messages of find(1) about missing or forbidden files; the user id gives that finding. */
const ABSENT = /: (?:No such file or directory|Not a directory|Permission denied)$/;

/** Null if it is not certain: an empty host will be cleared later. */
async function presentOf(host: Host, paths: readonly string[]): Promise<string[] | null> {
  const answer = await host.exec({ argv: ['find', ...paths, '-maxdepth', '0'], timeoutMs: COMMAND_MS });
  const complaints = answer.stderr.split('\n').filter((line) => line !== '');
  if (answer.code === null || !complaints.every((line) => ABSENT.test(line))) return null;
  return answer.stdout.split('\n').filter((line) => line !== '');
}

async function firstLine(host: Host, argv: readonly string[]): Promise<string | null> {
  const answer = await host.exec({ argv, timeoutMs: COMMAND_MS });
  return answer.code === 0 ? (answer.stdout.split('\n')[0]?.trim() ?? null) : null;
}

async function freeMegabytes(host: Host): Promise<number | null> {
  const answer = await host.exec({ argv: ['df', '--output=avail', '-k', '/var/lib/regent'], timeoutMs: COMMAND_MS });
  const kilobytes = Number(answer.stdout.trim().split('\n').at(-1));
  return answer.code === 0 && Number.isFinite(kilobytes) ? Math.floor(kilobytes / 1024) : null;
}

async function listenersOf(host: Host): Promise<HostListener[] | null> {
  const argv = ['ss', '--no-header', '--listening', '--numeric', '--tcp', '--udp', '--processes'];
  const answer = await host.exec({ argv, timeoutMs: COMMAND_MS });
  return answer.code === 0 ? parseListeners(answer.stdout) : null;
}

async function withUnit(host: Host, listener: HostListener): Promise<HostListener> {
  if (listener.pid === null) return listener;
  const unit = unitOf((await readIfAllowed(host, `/proc/${listener.pid}/cgroup`)) ?? '');
  return unit === null ? listener : { ...listener, unit };
}

/** The unit of a process, from its control groups: `…/system.slice/patroni.service`. */
export function unitOf(cgroups: string): string | null {
  return /\/([A-Za-z0-9@._-]+\.service)(?:\/|$)/m.exec(cgroups)?.[1] ?? null;
}

/** Reads `ss -HlntupO`: `udp UNCONN 0 0 127.0.0.1:53 0.0.0.0:* users:(("named",pid=12,fd=30))`. */
export function parseListeners(text: string): HostListener[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, , , , local] = line.trim().split(/\s+/);
    const [, address, port] = /^(.+):(\d+)$/.exec(local ?? '') ?? [];
    if ((protocol !== 'tcp' && protocol !== 'udp') || address === undefined || port === undefined) return [];
    const [, process, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(line) ?? [];
    return [
      {
        protocol,
        address: address.replace(/^\[|\]$/g, '').replace(/%.*$/, ''),
        port: Number(port),
        process: process ?? '',
        pid: pid === undefined ? null : Number(pid),
      },
    ];
  });
}
