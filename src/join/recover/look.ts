import type { Desired } from '../../contract/cluster/agent.ts';
import { parseDesired } from '../../contract/cluster/desired-check.ts';
import { PORTS, vipAddress } from '../../model/cluster/cluster.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { type ClusterParts, readClusterParts } from '../../services/cluster-parts.ts';
import { PATHS } from '../paths.ts';
import { parseObject } from '../texts.ts';
import type { RecoverPorts } from './ports.ts';

const CONNECT_MS = 2_000;
const COMMAND_MS = 10_000;
/** An election lasts a second; a host that is busy needs more. */
const MAJORITY_ATTEMPTS = 3;
const RETRY_MS = 2_000;
const OTHERS_MAX = 64;
const PEER_PORTS = [PORTS.agents, PORTS.https, PORTS.etcdPeer, 22];

/** The cluster as the ledger of this host's agent has it. */
export interface HeldCluster extends Omit<ClusterParts, 'dcs'> {
  readonly desired: Desired;
  readonly dcs: NonNullable<ClusterParts['dcs']>;
}

/** Another region node. `why`: of each port that was tried. `isThere`: something of it answered, if only with a refusal. */
export interface PeerState {
  readonly name: string;
  readonly address: string;
  readonly isThere: boolean;
  readonly why: string;
}

/** The newest state of the database in this host's own copy of etcd, with a majority or without. Null: it holds none. */
export interface EtcdMemory {
  readonly leader: string | null;
  readonly standbys: readonly string[] | null;
  /** Where the primary's log was at its last report. */
  readonly leaderPosition: bigint | null;
}

/** PostgreSQL on this host. Positions in bytes of its log. */
export interface DataState {
  readonly hasData: boolean;
  /** A copy from the primary was being made and is not complete. */
  readonly isHalfMade: boolean;
  readonly timeline: number | null;
  /** How far its log reaches; null: it does not run, and its control file has only `checkpoint`. */
  readonly position: bigint | null;
  readonly checkpoint: bigint | null;
  /** The time of the last transaction; as PostgreSQL prints it. */
  readonly lastAt: string | null;
  readonly wasPrimary: boolean;
}

/** All inputs of the judgement, gathered before any change. */
export interface RecoveryInputs {
  readonly uid: number;
  readonly held: HeldCluster | null;
  readonly unfinishedRun: 'init' | 'join' | 'leave' | null;
  readonly isOver: boolean;
  readonly hasAuthority: boolean;
  /** Null: etcd of this host answers with its majority; else why it does not. */
  readonly noMajority: string | null;
  readonly peers: readonly PeerState[];
  /** Another node that answers at the floating address; null: nobody but this one. */
  readonly vipNode: string | null;
  /** Hosts of the cluster that are no region nodes, such as racks. */
  readonly others: { readonly probed: number; readonly answered: number };
  readonly remembered: EtcdMemory;
  readonly data: DataState;
}

/** Reads the agent's ledger; null: it has none of a region node of a cluster. */
export function readHeld(text: string | null): HeldCluster | null {
  const desired = text === null ? null : parseDesired(parseObject(text));
  if (desired === null) return null;
  const { dcs, ...parts } = readClusterParts(desired.body.services);
  return dcs === null ? null : { desired, dcs, ...parts };
}

/** Inspects this host and the others; changes nothing. */
export async function inspectLoss(ports: RecoverPorts): Promise<RecoveryInputs> {
  const { files } = ports.host;
  const isThere = async (path: string) => (await files.read(path).catch(() => null)) !== null;
  const held = readHeld(await files.read(PATHS.ledger).catch(() => null));
  const others = held === null ? [] : held.dcs.members.filter(({ name }) => name !== held.dcs.name);
  return {
    uid: ports.uid,
    held,
    unfinishedRun: (await isThere(PATHS.initNote))
      ? 'init'
      : (await isThere(PATHS.joinNote))
        ? 'join'
        : (await isThere(PATHS.leaveNote))
          ? 'leave'
          : null,
    isOver: await isThere(PATHS.epochOver),
    hasAuthority: (await isThere(PATHS.authorityKey)) && (await isThere(PATHS.authority)),
    noMajority: await noMajority(ports),
    peers: await Promise.all(others.map((peer) => probePeer(ports, peer))),
    vipNode: held?.vip ? await vipNodeOf(ports, vipAddress({ vip: held.vip.vip }) ?? '', held.dcs.name) : null,
    others: held === null ? { probed: 0, answered: 0 } : await probeOthers(ports, held),
    remembered: await remember(ports),
    data: await inspectData(ports),
  };
}

async function etcdctl({ host }: RecoverPorts, args: readonly string[]) {
  const trust = [
    `--cacert=${TRUST_FILES.authority.path}`,
    `--cert=${TRUST_FILES.certificate.path}`,
    `--key=${TRUST_FILES.key.path}`,
  ];
  const endpoint = `--endpoints=https://127.0.0.1:${PORTS.etcdClient}`;
  const limits = ['--dial-timeout=2s', '--command-timeout=3s'];
  return await host.exec({ argv: ['etcdctl', endpoint, ...trust, ...limits, ...args], timeoutMs: COMMAND_MS });
}

async function noMajority(ports: RecoverPorts): Promise<string | null> {
  for (let left = MAJORITY_ATTEMPTS; ; left -= 1) {
    // A linearizable read: only a majority answers it.
    const answer = await etcdctl(ports, ['get', 'regent', '--consistency=l']);
    if (answer.code === 0) return null;
    const lastLine = answer.stderr.trim().split('\n').at(-1) ?? '';
    const [, etcdError] = /"error":"((?:[^"\\]|\\.)*)"/.exec(lastLine) ?? [];
    if (left <= 1)
      return (etcdError ?? (lastLine.slice(0, 200) || answer.failure) ?? 'no answer in time').replace(/^Error: /, '');
    await ports.sleep(RETRY_MS);
  }
}

async function probePeer(
  ports: RecoverPorts,
  { name, address }: { name: string; address: string },
): Promise<PeerState> {
  const answers = await Promise.all(
    PEER_PORTS.map(async (port) => ({ port, why: await ports.connect(address, port, CONNECT_MS) })),
  );
  const open = answers.find(({ why }) => why === null);
  if (open) return { name, address, isThere: true, why: `port ${open.port} answers` };
  // A refusal comes from a host that runs. A router in between reports instead that there is no route.
  const refused = answers.find(({ why }) => /refused/i.test(why ?? ''));
  if (refused) return { name, address, isThere: true, why: `it refuses port ${refused.port}, so the host runs` };
  return { name, address, isThere: false, why: `ports ${PEER_PORTS.join(', ')}: ${answers[0]?.why ?? 'no answer'}` };
}

/** Is it the others that are away, or this host? */
async function probeOthers(ports: RecoverPorts, held: HeldCluster): Promise<RecoveryInputs['others']> {
  const known = held.firewall?.nodes ?? [];
  const regions = held.dcs.members.map(({ address }) => address);
  const vip = held.vip === null ? null : vipAddress({ vip: held.vip.vip });
  const others = known.filter((address) => !regions.includes(address) && address !== vip).slice(0, OTHERS_MAX);
  const answers = await Promise.all(others.map((address) => ports.connect(address, PORTS.bootFiles, CONNECT_MS)));
  return { probed: others.length, answered: answers.filter((why) => why === null || /refused/i.test(why)).length };
}

/** haproxy names its node in a header. */
async function vipNodeOf({ host }: RecoverPorts, vip: string, own: string): Promise<string | null> {
  const url = `http://${vip}:${PORTS.http}/health/proxy`;
  const argv = ['curl', '-q', '--silent', '--include', '--noproxy', '*', '--max-time', '2', url];
  const answer = await host.exec({ argv, timeoutMs: COMMAND_MS });
  if (answer.code !== 0) return null;
  const node = /^regent-node:\s*(\S+)/im.exec(answer.stdout)?.[1] ?? 'a host that is not a region node';
  return node === own ? null : node;
}

async function remember(ports: RecoverPorts): Promise<EtcdMemory> {
  const valueOf = async (key: string): Promise<Record<string, unknown> | null> => {
    // A serializable read: from this member's own memory.
    const args = ['get', `/service/regent/${key}`, '--consistency=s', '--print-value-only'];
    const answer = await etcdctl(ports, args);
    return answer.code === 0 ? parseObject(answer.stdout) : null;
  };
  const [sync, status] = [await valueOf('sync'), await valueOf('status')];
  const leader = sync?.['leader'];
  const standbys = sync?.['sync_standby'];
  const position = status?.['optime'];
  return {
    leader: typeof leader === 'string' ? leader : null,
    standbys:
      typeof standbys === 'string' ? standbys.split(',').filter((name) => name !== '') : sync === null ? null : [],
    leaderPosition: typeof position === 'number' ? BigInt(position) : null,
  };
}

const ASK = `select json_build_object('isStandby', pg_is_in_recovery(),
  'position', (case when pg_is_in_recovery() then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_flush_lsn() end)::text,
  'lastAt', pg_last_xact_replay_timestamp()::text, 'timeline', (select timeline_id from pg_control_checkpoint()))`;

async function inspectData({ host }: RecoverPorts): Promise<DataState> {
  const marks = ['PG_VERSION', 'backup_label', 'standby.signal'].map((name) => `${PATHS.postgresData}/${name}`);
  const found = await host.exec({ argv: ['find', ...marks, '-maxdepth', '0'], timeoutMs: COMMAND_MS });
  const has = (name: string) => found.stdout.split('\n').includes(`${PATHS.postgresData}/${name}`);
  const control = await host.exec({
    argv: ['/usr/lib/postgresql/17/bin/pg_controldata', '-D', PATHS.postgresData],
    user: 'postgres',
    timeoutMs: COMMAND_MS,
  });
  const field = (label: string) => new RegExp(`^${label}: +(.*)$`, 'm').exec(control.stdout)?.[1] ?? null;
  const live = await host.exec({
    argv: ['psql', '-XAtq', '-h', '/run/postgresql', '-d', 'postgres', '-c', ASK],
    user: 'postgres',
    timeoutMs: COMMAND_MS,
  });
  const liveState = live.code === 0 ? parseObject(live.stdout) : null;
  const timeline = Number(liveState?.['timeline'] ?? field("Latest checkpoint's TimeLineID") ?? Number.NaN);
  const state = field('Database cluster state');
  return {
    hasData: has('PG_VERSION') && control.code === 0,
    isHalfMade: has('backup_label'),
    timeline: Number.isInteger(timeline) ? timeline : null,
    position: typeof liveState?.['position'] === 'string' ? positionOf(liveState['position']) : null,
    checkpoint:
      positionOf(field('Minimum recovery ending location') ?? '') ||
      positionOf(field('Latest checkpoint location') ?? ''),
    lastAt: typeof liveState?.['lastAt'] === 'string' ? liveState['lastAt'] : field('Time of latest checkpoint'),
    wasPrimary:
      liveState === null
        ? !has('standby.signal') && state !== null && !/recovery/.test(state)
        : liveState['isStandby'] === false,
  };
}

/** Bytes of a position such as `0/5000148`; null: it is none. */
export function positionOf(text: string): bigint | null {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text.trim());
  return match ? BigInt(`0x${match[1]}`) * 0x1_0000_0000n + BigInt(`0x${match[2]}`) : null;
}

/** A position as PostgreSQL writes it. */
export function formatPosition(position: bigint): string {
  return `${(position / 0x1_0000_0000n).toString(16)}/${(position % 0x1_0000_0000n).toString(16)}`.toUpperCase();
}
