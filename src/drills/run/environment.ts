import type { Client } from '../../contract/client.ts';
import { AppError } from '../../core/errors.ts';
import { run } from '../../lab/command.ts';
import { execHost } from '../../lab/exec.ts';
import type { Layout } from '../../lab/layout.ts';
import { needState } from '../../lab/state.ts';
import { bareAddress, type LabHost, type Topology } from '../../lab/topology.ts';
import type { Cast } from '../../judge/timeline.ts';
import type { Population } from '../probes/config.ts';
import type { ProcessorTimes } from './watch/busy.ts';

/** Where drills are played: a lab whose cluster is well. */
export interface Environment {
  readonly layout: Layout;
  readonly topology: Topology;
  /** A client of the API, through the floating address, as the outer machine reaches it. */
  readonly client: Client;
  readonly apiKey: string;
  /** The floating address, bare. */
  readonly vip: string;
  /** Boots a host that is off. */
  readonly boot: (host: string) => Promise<void>;
  /** Milliseconds of CLOCK_MONOTONIC, which all processes of the machine share. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** What the processors of the machine that carries all hosts have done; absent: nobody asks. */
  readonly processors?: () => ProcessorTimes | null;
  /**
   * What counts as full redundancy. `promised` (absent: the same): every standby synchronous, and a doctor who has nothing to say.
   * `streaming`: of region nodes with an overlay, whose doctor would not be content: every standby streams, and the API answers.
   */
  readonly redundancy?: 'promised' | 'streaming';
  /** From one question of a probe to its next, ms; absent: 50. What is measured is as fine as that; a slow machine cannot ask often and be a cluster too. */
  readonly beatMs?: number;
  /** Do probes also use the MAAS API? Absent: no. */
  readonly asksMaas?: boolean;
  /** Machines on each served VLAN beside the probes' own; `real`: that many clients of them are udhcpc. Absent: none. */
  readonly population?: Population & { readonly real: number };
}

/** Where callers of the API are, and what they read. */
export const CLIENT = 'mgmt';
export const READ_PATH = '/api/v1/domains?limit=1';
const PROBE_MS = 5_000;

/** Builds an environment on a lab. Throws AppError `drill` when it has no cluster. */
export function openEnvironment(parts: Omit<Environment, 'topology' | 'vip'>): Environment {
  const { topology } = needState(parts.layout);
  if (topology.vip === undefined || regionsOf(topology).length < 2)
    throw new AppError('drill', 'Drills need a cluster of several region nodes. What to do: sudo scripts/up');
  return { ...parts, topology, vip: bareAddress(topology.vip) };
}

/** Names of the region nodes of a topology. */
export function regionsOf({ hosts }: Topology): string[] {
  return hosts.filter(({ roles }) => roles?.includes('region')).map(({ name }) => name);
}

/** Names of hosts that are racks. */
export function racksOf({ hosts }: Topology): string[] {
  return hosts.filter(({ roles }) => roles?.includes('rack')).map(({ name }) => name);
}

/** A host of the topology. Throws AppError `drill`. */
export function hostOf({ hosts }: Topology, name: string): LabHost {
  const host = hosts.find((item) => item.name === name);
  if (host === undefined) throw new AppError('drill', `The lab has no host "${name}"`);
  return host;
}

/** What Debian's `psql` finds by a Perl program, which takes 60 ms more of a busy processor: each host gets two queries a second. */
const PSQL = '/usr/lib/postgresql/17/bin/psql';

/** One answer of a host's own PostgreSQL, whatever its role; null: it does not answer. */
export async function sqlOn(
  { layout }: Pick<Environment, 'layout'>,
  host: string,
  statement: string,
): Promise<string | null> {
  const argv = ['runuser', '-u', 'postgres', '--', PSQL, '-XAtq', '-d', 'regent', '-c', statement];
  const result = await execHost(layout, host, argv, { timeoutMs: PROBE_MS }).catch(() => null);
  return result?.code === 0 ? result.stdout.trim() : null;
}

/** Who takes writes now, of all region nodes; null: nobody. */
export async function findPrimary(environment: Environment): Promise<string | null> {
  const answers = regionsOf(environment.topology).map(async (host) => ({
    host,
    isPrimary: (await sqlOn(environment, host, 'select pg_is_in_recovery()')) === 'f',
  }));
  return (await Promise.all(answers)).find(({ isPrimary }) => isPrimary)?.host ?? null;
}

/** Who has the floating address on an interface now; null: nobody. */
export async function findHolder(environment: Environment): Promise<string | null> {
  const answers = regionsOf(environment.topology).map(async (host) => ({
    host,
    isHolder: await holdsAddress(environment, host),
  }));
  return (await Promise.all(answers)).find(({ isHolder }) => isHolder)?.host ?? null;
}

/** Has this host the floating address now? Read from outside, so that it need not answer. */
export async function holdsAddress(environment: Environment, host: string): Promise<boolean> {
  const argv = ['ip', '-n', environment.layout.hostNetns(host), '-o', '-4', 'address', 'show', 'to', environment.vip];
  const { code, stdout } = await run(argv, { timeoutMs: PROBE_MS });
  return code === 0 && stdout.trim() !== '';
}

const ETCD_STATUS =
  'etcdctl --cacert=/etc/regent/pki/ca.crt --cert=/etc/regent/pki/node.crt --key=/etc/regent/pki/node.key --endpoints=https://127.0.0.1:2379 endpoint status --write-out=fields';

/** Who leads etcd now, by each member's own status: what agents report of it may be old, or they are stopped. Null: nobody. */
async function findEtcdLeader({ layout, topology }: Environment): Promise<string | null> {
  const answers = regionsOf(topology).map(async (host) => {
    const result = await execHost(layout, host, ETCD_STATUS.split(' '), { timeoutMs: PROBE_MS }).catch(() => null);
    return { host, isLeader: isLeading(result?.code === 0 ? result.stdout : '') };
  });
  return (await Promise.all(answers)).find(({ isLeader }) => isLeader)?.host ?? null;
}

/** A member's status in etcdctl's fields: it leads when the leader's number is its own. */
export function isLeading(fields: string): boolean {
  const readField = (name: string) => new RegExp(`^"${name}" : (\\d+)$`, 'm').exec(fields)?.[1];
  return readField('Leader') !== undefined && readField('Leader') === readField('MemberID');
}

/** Who is what now. Throws AppError `drill` when a part is not played. */
export async function castOf(environment: Environment): Promise<Cast> {
  const [primary, holder, etcdLeader] = await Promise.all([
    findPrimary(environment),
    findHolder(environment),
    findEtcdLeader(environment),
  ]);
  if (primary === null || holder === null || etcdLeader === null)
    throw new AppError(
      'drill',
      `The cluster has no ${primary === null ? 'primary' : holder === null ? 'holder of its address' : 'leader of etcd'} now`,
    );
  const regions = regionsOf(environment.topology);
  return {
    regions,
    racks: racksOf(environment.topology),
    primary,
    standbys: regions.filter((host) => host !== primary),
    holder,
    etcdLeader,
  };
}
