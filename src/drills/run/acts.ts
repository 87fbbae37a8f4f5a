import { AppError } from '../../core/errors.ts';
import { execHost } from '../../lab/exec.ts';
import { emptyDisks, fillDisk } from '../../lab/faults/fill.ts';
import { heal, resumeUnits, setHostFrozen } from '../../lab/faults/hang.ts';
import { addFault, healNetwork } from '../../lab/faults/network.ts';
import type { NetworkFault } from '../../lab/faults/fault-text.ts';
import { kill, stop } from '../../lab/lab.ts';
import { labStatus } from '../../lab/status.ts';
import { API_PORT } from '../../lab/topology.ts';
import type { Act } from '../hazards/hazard.ts';
import { playCrowd } from '../probes/web/start-crowd.ts';
import { REAL_TIME, setClock } from '../overlay/clock.ts';
import { waitForJobs } from './operator/jobs.ts';
import { recoverOn, rejoin } from './operator/recovering.ts';
import { CLIENT, type Environment, hostOf, READ_PATH, regionsOf } from './environment.ts';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const COMMAND_MS = 30_000;
const LONG_MS = 120_000;
/** Each caller in a crowd waits as long as the read probe, and pauses like a careless client. */
const [CALLER_MS, CALLER_PAUSE_MS] = [5_000, 200];
/** The product's own commands wait for their end and say when it does not come: three hosts are restarted within this. */
const REGENT_MS = 1_200_000;
/**
 * The postmaster and its children; they can be found only by this file, because Patroni starts them. Children come and go: what counts is
 * done when the postmaster has the signal.
 */
const POSTGRES =
  'p=$(head -n1 /var/lib/postgresql/17/regent/postmaster.pid); c=$(pgrep -P "$p"); kill "-$1" "$p" && { kill "-$1" $c 2>/dev/null || :; }';
const SWITCHOVER =
  'set -a; . /etc/regent/secrets/patroni.env; set +a; exec patronictl -c /etc/patroni/regent/patroni.yml switchover regent --force';
/**
 * Nothing when it leads already. etcdctl finds the leader, the only member that can hand over the leadership, among all
 * endpoints. A busy etcd may find that it takes too long, and be called again.
 */
const LEAD = `e() { etcdctl --cacert=/etc/regent/pki/ca.crt --cert=/etc/regent/pki/node.crt --key=/etc/regent/pki/node.key "$@"; }
  own=--endpoints=https://127.0.0.1:2379
  field() { printf '%s\\n' "$status" | sed -n "s/^.$1. : //p"; }
  for left in 2 1 0; do
    status=$(e $own endpoint status --write-out=fields); members=$(e $own member list)
    [ "$(field MemberID)" != "$(field Leader)" ] || exit 0
    id=$(printf '%s\\n' "$members" | awk -F', ' -v name="$1" '$3 == name { print $1 }')
    ends=$(printf '%s\\n' "$members" | awk -F', ' '{ print $5 }' | paste -sd,)
    e --endpoints="$ends" move-leader "$id" && exit 0
    [ "$left" = 0 ] || sleep 1
  done
  exit 1`;
const HALVE = 'size=$(stat -c %s "$1") && truncate -s $((size / 2)) "$1"';
const TERMINATE = `select count(pg_terminate_backend(pid)) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;

/** Does one thing to the cluster. Throws AppError when it could not be done: a fault that did not happen proves nothing. */
export async function perform(environment: Environment, act: Act): Promise<void> {
  const { layout, topology } = environment;
  switch (act.do) {
    case 'kill':
      return kill(layout, act.host);
    case 'stop':
      await stop(layout, act.host);
      return;
    case 'start':
      return environment.boot(act.host);
    case 'reboot':
      await stop(layout, act.host);
      return environment.boot(act.host);
    case 'freeze':
      // The kernel of a machine that hangs answers nobody; that of a container goes on: so its cables go first.
      await addFault(layout, { kind: 'cut', host: act.host });
      return setHostFrozen(layout, act.host, true);
    case 'thaw':
      setHostFrozen(layout, act.host, false);
      return healNetwork(layout, act.host);
    case 'pause':
      return pause(environment, act);
    case 'signal':
      return sendSignal(environment, act);
    case 'unit':
      // The agent starts what it finds stopped: not before it is.
      return inHost(environment, act.host, ['systemctl', '--job-mode=replace-irreversibly', act.verb, act.unit]);
    case 'regent':
      return inHost(environment, act.host, ['/usr/local/bin/regent', ...act.argv], REGENT_MS);
    case 'terminate':
      return inHost(environment, act.host, asPostgres(['psql', '-XAtq', '-d', 'regent', '-c', TERMINATE]));
    case 'switchover':
      return inHost(environment, regionsOf(topology)[0] ?? '', asPostgres(['sh', '-c', SWITCHOVER]), LONG_MS);
    case 'lead':
      return inHost(environment, act.host, ['sh', '-c', LEAD, 'sh', act.host]);
    case 'fill':
      return fillDisk(layout, hostOf(topology, act.host), act.path);
    case 'empty':
      return emptyDisks(layout, hostOf(topology, act.host), act.path);
    case 'halve':
      return inHost(environment, act.host, ['sh', '-c', HALVE, 'sh', act.path]);
    case 'clock':
      return inHost(environment, act.host, ['sh', '-c', setClock(act.aheadS)], LONG_MS);
    case 'recover':
      return recoverOn(environment, act.host);
    case 'rejoin':
      return rejoin(environment, act);
    case 'jobs':
      return waitForJobs(environment, REGENT_MS);
    case 'burn':
      return burn(act.seconds);
    case 'crowd':
      return crowd(environment, act);
    case 'heal':
      return healAll(environment, act.host);
    case 'cut':
    case 'partition':
    case 'oneway':
    case 'loss':
    case 'halfopen':
    case 'block':
      return addFault(layout, ...faultsOf(act));
  }
}

/**
 * A machine that stands still for a moment: it answers nobody, no carrier goes, and datagrams and what its connections carry wait for it. It is out of reach from
 * just before it freezes to just after it goes on, because its kernel, which does not freeze, would answer for its addresses.
 */
async function pause(environment: Environment, { host, ms }: Extract<Act, { do: 'pause' }>): Promise<void> {
  const { layout } = environment;
  await addFault(layout, { kind: 'still', host });
  setHostFrozen(layout, host, true);
  await environment.wait(ms);
  setHostFrozen(layout, host, false);
  await healNetwork(layout, host);
}

/** Asks what the read probe asks. Throws when nobody of it was answered: then no crowd was there. */
async function crowd(
  { layout, vip, apiKey }: Environment,
  { callers, seconds }: Extract<Act, { do: 'crowd' }>,
): Promise<void> {
  const place = { host: vip, port: API_PORT, path: READ_PATH, apiKey };
  const order = { ...place, callers, seconds, timeoutMs: CALLER_MS, pauseMs: CALLER_PAUSE_MS };
  const { answered, failed } = await playCrowd(layout.clientNetns(CLIENT), order);
  if (answered === 0) throw new AppError('drill', `No caller of the crowd got an answer; ${failed} calls failed`);
}

type NetworkAct = Extract<Act, { do: 'cut' | 'partition' | 'oneway' | 'loss' | 'halfopen' | 'block' }>;

function faultsOf(act: NetworkAct): NetworkFault[] {
  switch (act.do) {
    case 'halfopen':
      return [{ kind: 'halfopen', sides: [act.from, act.to] }];
    case 'cut':
      return [{ kind: 'cut', host: act.host, ...(act.network === undefined ? {} : { network: act.network }) }];
    case 'partition':
      return [{ kind: 'partition', sides: act.sides }];
    case 'oneway':
      return act.from.flatMap((from) => act.to.map((to): NetworkFault => ({ kind: 'oneway', from, to })));
    case 'loss':
      return [{ kind: 'loss', host: act.host, percent: act.percent }];
    case 'block':
      return [{ kind: 'block', host: act.host, port: act.port }];
  }
}

async function sendSignal(environment: Environment, act: Extract<Act, { do: 'signal' }>): Promise<void> {
  const { host, unit, signal } = act;
  // What hangs may be what a command inside would need.
  if (signal === 'CONT') return resumeUnits(environment.layout, host, unit === 'postgres' ? 'patroni.service' : unit);
  if (unit === 'postgres') return inHost(environment, host, ['sh', '-c', POSTGRES, 'sh', signal]);
  // PostgreSQL lives in Patroni's group and is a fault of its own.
  const whom = unit === 'patroni.service' ? 'main' : 'all';
  return inHost(environment, host, ['systemctl', 'kill', `--kill-whom=${whom}`, `--signal=${signal}`, unit]);
}

/** Takes everything away, and boots what is off. */
export async function healAll(environment: Environment, host?: string): Promise<void> {
  await heal(environment.layout, host);
  const off = labStatus(environment.layout).hosts.filter(
    (item) => !item.isRunning && (host === undefined || item.name === host),
  );
  for (const { name } of off) await environment.boot(name);
  const racks = environment.topology.hosts.filter(({ roles }) => roles?.includes('rack'));
  for (const { name } of racks.filter((rack) => host === undefined || rack.name === host))
    await inHost(environment, name, ['sh', '-c', REAL_TIME]);
}

const asPostgres = (argv: readonly string[]): string[] => ['runuser', '-u', 'postgres', '--', ...argv];

async function inHost(
  environment: Environment,
  host: string,
  argv: readonly string[],
  timeoutMs = COMMAND_MS,
): Promise<void> {
  const result = await execHost(environment.layout, host, argv, { timeoutMs });
  if (result.code === 0) return;
  const why = result.isTimeout
    ? `it did not end within ${timeoutMs / 1000} s`
    : (result.stderr || result.stdout).trim();
  throw new AppError('drill', `${argv.slice(0, 4).join(' ')} in ${host}: ${why}`);
}

/** Keeps every processor of the machine busy for so long, by processes that end by themselves. */
export async function burn(seconds: number): Promise<void> {
  const ends = Array.from({ length: availableParallelism() }, () => {
    const child = spawn('timeout', [String(seconds), 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
    return new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => resolve());
    });
  });
  await Promise.all(ends);
}
