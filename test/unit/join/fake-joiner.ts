import type { ExecResult, UnitVerb } from '../../../src/core/host-values.ts';
import type { Host } from '../../../src/host/interface.ts';
import type { MemberPorts } from '../../../src/join/member/ports.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from '../../../src/join/paths.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import { rackKey } from '../../kit/rack.ts';
import { FakeCluster, HOST, NOW, type Roles } from './fake-cluster.ts';
import { MortalHost } from './mortal-host.ts';

const OK = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };
const ETCD_DATA = `${PATHS.etcdData}/member`;
const VERSIONS: Readonly<Record<string, string>> = { etcd: '3.5.16', patroni: '4.0.4' };

/** A host that joins a cluster, with what its agent and the daemons do there meanwhile. */
export class FakeJoiner extends MortalHost {
  readonly active = new Set<string>();
  readonly enabled = new Set<string>();
  readonly said: string[] = [];
  readonly shown: string[] = [];
  readonly cluster: FakeCluster;
  readonly roles: Roles;
  readonly #authority: Authority;
  #counter = 0;
  #now = 0;

  constructor(authority: Authority, roles: Roles) {
    super();
    this.#authority = authority;
    this.roles = roles;
    this.cluster = new FakeCluster(this, authority, roles);
    this.cluster.isCarrying = () => this.isCarrying();
    this.put(PATHS.conf, '# mine\nLOG_LEVEL=debug\n');
  }

  /** Another one in the same state, at another cluster in the same state. */
  copy(): FakeJoiner {
    const other = new FakeJoiner(this.#authority, this.roles);
    other.files.clear();
    for (const [path, file] of this.files) other.files.set(path, file);
    for (const unit of this.active) other.active.add(unit);
    for (const unit of this.enabled) other.enabled.add(unit);
    other.#counter = this.#counter;
    other.cluster.takeOver(this.cluster);
    return other;
  }

  /** All that a region waits for before it counts the node as a member. */
  isCarrying(): boolean {
    const own = this.cluster.members.find(({ name }) => name === HOST.name);
    const isVoter = own !== undefined && !own.isLearner && this.text(ETCD_DATA) === own.id;
    return this.active.has(UNITS.agent) && (!this.roles.isRegion || (isVoter && this.active.has(UNITS.region)));
  }

  /** Why the operator's own database does not answer; null: it does. */
  databaseTrouble: string | null = null;

  ports(): MemberPorts {
    return {
      host: this.#host(),
      askDatabase: async () => this.databaseTrouble,
      hex: (bytes) => {
        this.#counter += 1;
        return this.#counter.toString(16).padStart(bytes * 2, '0');
      },
      now: () => NOW,
      monotonic: () => this.#now,
      sleep: async (ms) => {
        this.#now += ms;
        this.#settle();
      },
      say: (line) => void this.said.push(line),
      show: async (text) => this.effect(() => void this.shown.push(text)),
      uid: 0,
      productRoot: '/opt/regent/releases/0.3.0',
      version: '0.3.0',
      call: async (call) => await this.cluster.call(call),
      connect: async () => null,
      newRackKey: () => rackKey(),
      confirm: async () => true,
    };
  }

  /** What the agent has brought up by now. etcd does not start on data of another membership. */
  #settle(): void {
    const isSetUp = this.text(PATHS.pem) !== null && this.text(PATHS.agentConf)?.includes(`NODE_NAME=${HOST.name}`);
    if (!this.active.has(UNITS.agent) || !isSetUp || !this.roles.isRegion) return;
    this.active.add(CLUSTER_UNITS.firewall);
    const own = this.cluster.members.find(({ url }) => url === `https://${HOST.address}:2380`);
    if (own === undefined || (this.text(ETCD_DATA) ?? own.id) !== own.id) return;
    this.put(ETCD_DATA, own.id);
    own.name = HOST.name;
    this.active.add(CLUSTER_UNITS.dcs);
    if (own.isLearner) return;
    this.active.add(CLUSTER_UNITS.db);
    this.active.add(CLUSTER_UNITS.lb);
    this.put(`${PATHS.postgresData}/PG_VERSION`, '17\n');
    this.put('/etc/haproxy/regent/haproxy.cfg', 'global\n');
    this.put(PATHS.ledger, '{}');
  }

  #host(): Host {
    const interfaces = [{ name: 'eth0', mac: '52:54:00:00:00:02', addresses: [HOST.address] }];
    return this.hostOf({
      facts: { hostname: HOST.name, interfaces },
      active: (unit) => (this.active.has(unit) ? 'active' : 'inactive'),
      act: (unit, verb) => this.#act(unit, verb),
      exec: (argv) => this.#exec(argv),
    });
  }

  #act(unit: string, verb: UnitVerb): void {
    if (verb === 'stop') this.active.delete(unit);
    else this.active.add(unit);
  }

  #exec(argv: readonly string[]): ExecResult {
    const [program = ''] = argv;
    if (program === 'etcdctl' && !argv.includes('--version')) return this.#etcdctl(argv);
    if (argv.includes('--version')) return { ...OK, stdout: `${program} ${VERSIONS[program] ?? '17.6'}\n` };
    if (program === 'df') return { ...OK, stdout: 'Avail\n9000000\n' };
    if (program === 'rm') return this.effect(() => this.#remove([argv.at(-1) ?? ''], []));
    if (program === 'find' && argv.includes('-delete')) return this.effect(() => this.#find(argv));
    if (program === 'find') return { ...OK, stdout: argv.filter((path) => this.#isThere(path)).join('\n') };
    if (program === 'systemctl') return this.effect(() => this.#enable(argv));
    if (program === 'ss' || program === 'sync') return OK;
    throw new Error(`unexpected command ${argv.join(' ')}`);
  }

  #etcdctl(argv: readonly string[]): ExecResult {
    const hasTrust = [PATHS.authority, PATHS.certificate, PATHS.key].every((path) => this.text(path) !== null);
    const told = hasTrust ? this.cluster.etcdctl(argv.slice(argv.indexOf('member') + 1)) : null;
    return told === null ? { ...OK, code: 1, stderr: '{"error":"etcd refuses"}' } : { ...OK, stdout: told };
  }

  #isThere(path: string): boolean {
    return [...this.files.keys()].some((file) => file === path || file.startsWith(`${path}/`));
  }

  #find(argv: readonly string[]): ExecResult {
    const kept = argv.filter((_, index) => argv[index - 1] === '-name');
    return this.#remove(
      argv.filter((word) => word.startsWith('/')),
      kept,
    );
  }

  #remove(folders: readonly string[], kept: readonly string[]): ExecResult {
    for (const path of Array.from(this.files.keys())) {
      const isKept = kept.includes(path.split('/').at(-1) ?? '');
      if (!isKept && folders.some((folder) => path === folder || path.startsWith(`${folder}/`)))
        this.files.delete(path);
    }
    return OK;
  }

  #enable(argv: readonly string[]): ExecResult {
    for (const unit of argv.filter((word) => word.startsWith('regent-'))) {
      if (argv.includes('enable')) this.enabled.add(unit);
      else this.enabled.delete(unit);
    }
    return OK;
  }
}
