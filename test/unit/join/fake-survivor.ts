import { digestOf } from '../../../src/core/stable-json.ts';
import { rejected } from '../../../src/core/errors.ts';
import type { ExecResult, UnitVerb } from '../../../src/core/host-values.ts';
import type { Host } from '../../../src/host/interface.ts';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from '../../../src/join/paths.ts';
import type { RecoverPorts, RecoveryRows } from '../../../src/join/recover/ports.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import { compileSite } from '../../../src/services/compile-node.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { seedSnapshot } from '../../../src/join/init/seed.ts';
import { MortalHost } from './mortal-host.ts';

export const NOW = Date.UTC(2026, 10, 20);
export const SITE = 'regent-c1';
const OK = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };
const FAILED = { ...OK, code: 1, stderr: '{"error":"context deadline exceeded"}' };
const ETCD_DATA = `${PATHS.etcdData}/member`;
const CACHE = `${PATHS.postgresData}/patroni.dynamic.json`;

/** The product's compiler. */
export const compile: RecoverPorts['compile'] = (seed, nodeId) => {
  const { nodes, versions } = compileSite(seed, SERVICES, new Map(), NOW / 1000);
  const node = nodes.get(nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  return {
    body: node.body,
    versions,
    refusals: node.findings.filter(({ severity }) => severity === 'error').map(({ sentence }) => sentence),
  };
};

/** r2 of three region nodes, whose cluster was well a moment ago. */
function ledger(isDatabaseExternal: boolean): Desired {
  const seed = {
    clusterId: SITE,
    nodeId: 'n2',
    name: 'r2',
    address: '10.77.0.12',
    domain: 'a.test',
    vip: '10.77.0.10/24',
  };
  const one = seedSnapshot({ ...seed, virtualRouter: 51, isDatabaseExternal });
  const others = ['1', '3'].map((n) => ({ ...one.nodes[0], id: `n${n}`, name: `r${n}`, addresses: [`10.77.0.1${n}`] }));
  const rack = { ...one.nodes[0], id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: ['10.77.0.21'] };
  const snapshot = {
    ...one,
    cluster: { ...one.cluster, isSeed: false },
    nodes: [...one.nodes, ...others, rack],
  } as Snapshot;
  const { body } = compile(snapshot, 'n2');
  return { nodeId: 'n2', generation: 40, digest: digestOf(body), revision: 9, body };
}

/** The region node that is left, its daemons, and what is around it. It survives the kills of the processes that work on it. */
export class FakeSurvivor extends MortalHost {
  readonly active = new Set<string>([UNITS.agent, UNITS.region, ...Object.values(CLUSTER_UNITS)]);
  readonly enabled = new Set<string>([UNITS.agent, UNITS.region]);
  readonly said: string[] = [];
  readonly shown: string[] = [];
  readonly questions: string[] = [];
  /** Why each port of a host does not answer; null: it does. */
  reach: (address: string, port: number) => string | null = () => 'connect ETIMEDOUT';
  hasMajority = false;
  vipNode: string | null = null;
  sync: object | null = { leader: 'r1', sync_standby: 'r2,r3' };
  status: object | null = { optime: 0x3000150 };
  live: object | null = { isStandby: true, position: '0/3000148', lastAt: '2026-11-20 09:59:59+00', timeline: 4 };
  marks = ['PG_VERSION', 'standby.signal'];
  typed: string | null = SITE;
  rows: RecoveryRows[] = [];
  /** Acknowledged by a region after the recovery: it must survive repeated runs. */
  writes = 0;
  #counter = 0;
  #now = 0;
  readonly #authority: Authority;
  readonly #isExternal: boolean;

  constructor(authority: Authority, isExternal = false) {
    super();
    this.#authority = authority;
    this.#isExternal = isExternal;
    this.put(PATHS.ledger, JSON.stringify(ledger(isExternal)));
    this.put(PATHS.authority, authority.certificate);
    this.put(PATHS.authorityKey, authority.key);
    this.put(ETCD_DATA, 'old');
    this.put(CACHE, '{"synchronous_mode": true}');
  }

  copy(): FakeSurvivor {
    return new FakeSurvivor(this.#authority, this.#isExternal);
  }

  held(): Desired {
    return JSON.parse(this.text(PATHS.ledger) ?? '') as Desired;
  }

  part(name: string): Record<string, unknown> {
    return (this.held() as Partial<Desired>).body?.services[name]?.desired ?? {};
  }

  ports(): RecoverPorts {
    return {
      host: this.#host(),
      compile,
      database: {
        readSite: async () =>
          this.#isPrimary()
            ? { node: { name: 'r2', isRegion: true, state: 'member' }, clusterId: SITE }
            : rejected('unavailable', 'No primary answers.'),
        migrate: async () => [],
        write: async (rows) =>
          this.effect(() => {
            if (!this.#isPrimary()) return rejected('unavailable', 'No primary answers.');
            if (this.rows.length === 0) this.rows.push(rows);
            return null;
          }),
      },
      connect: async (address, port) => this.reach(address, port),
      askText: async (question) => {
        this.questions.push(question);
        return this.typed;
      },
      askReady: async () => {
        if (!this.active.has(UNITS.region) || !this.#isPrimary()) return 'the region does not answer';
        if (this.rows.length === 0) throw new Error('a region of the old epoch serves');
        this.writes += 1;
        return null;
      },
      hex: (bytes) => (this.#counter += 1).toString(16).padStart(bytes * 2, '0'),
      now: () => NOW,
      monotonic: () => this.#now,
      sleep: async (ms) => {
        this.#now += ms;
        this.settle();
      },
      say: (line) => void this.said.push(line),
      show: async (text) => this.effect(() => void this.shown.push(text)),
      uid: 0,
      productRoot: '/opt/regent/releases/0.4.0',
      version: '0.4.0',
    };
  }

  /** The database takes writes without waiting for anybody: etcd is the new cluster's, Patroni's old memory is gone. */
  #isPrimary(): boolean {
    const isNew = this.text(ETCD_DATA) === 'new' && this.active.has(CLUSTER_UNITS.dcs);
    return this.#isExternal ? isNew : isNew && this.text(CACHE) === null && this.active.has(CLUSTER_UNITS.db);
  }

  /** What the agent has brought up by now, by its ledger alone. A host that was rebooted does the same. */
  settle(): void {
    if (!this.active.has(UNITS.agent)) return;
    const members = ((this.part('dcs')['members'] ?? []) as readonly object[]).length;
    // etcd that begins without data among several members would join the lost ones.
    if (this.text(ETCD_DATA) === null) {
      if (members !== 1) throw new Error('etcd joins the lost members with an empty memory');
      this.put(ETCD_DATA, 'new');
    }
    for (const unit of [CLUSTER_UNITS.dcs, CLUSTER_UNITS.lb, CLUSTER_UNITS.vip]) this.active.add(unit);
    if (!this.#isExternal) this.active.add(CLUSTER_UNITS.db);
  }

  /** Its power was cut: what is enabled starts with it. */
  reboot(): void {
    this.active.clear();
    for (const unit of this.enabled) this.active.add(unit);
    this.settle();
    if (this.active.has(UNITS.region) && this.#isPrimary() && this.rows.length === 0)
      throw new Error('a region of the old epoch publishes');
  }

  #host(): Host {
    return this.hostOf({
      facts: { hostname: 'r2', interfaces: [] },
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
    if (program === 'etcdctl') return this.#etcdctl(argv);
    if (program === 'curl')
      return this.vipNode === null
        ? { ...FAILED, code: 28 }
        : { ...OK, stdout: `HTTP/1.1 200 OK\r\nRegent-Node: ${this.vipNode}\r\n\r\nlive` };
    if (program === 'psql') return this.live === null ? FAILED : { ...OK, stdout: JSON.stringify(this.live) };
    if (program.endsWith('pg_controldata'))
      return {
        ...OK,
        stdout:
          "Database cluster state:               in archive recovery\nLatest checkpoint location:           0/2000060\nLatest checkpoint's TimeLineID:       4\nMinimum recovery ending location:     0/3000100\nTime of latest checkpoint:            Fri 20 Nov 2026 09:58:00 AM UTC\n",
      };
    if (program.endsWith('pg_ctl')) return FAILED;
    if (program === 'find')
      return { ...OK, stdout: this.marks.map((name) => `${PATHS.postgresData}/${name}`).join('\n') };
    if (program === 'rm') return this.effect(() => this.#remove(argv));
    if (program === 'systemctl') return this.effect(() => this.#enable(argv));
    if (program === 'sync') return OK;
    throw new Error(`unexpected command ${argv.join(' ')}`);
  }

  #etcdctl(argv: readonly string[]): ExecResult {
    if (argv.includes('--consistency=l')) return this.hasMajority ? OK : FAILED;
    const value = argv.includes('/service/regent/sync') ? this.sync : this.status;
    return value === null ? FAILED : { ...OK, stdout: JSON.stringify(value) };
  }

  #remove(argv: readonly string[]): ExecResult {
    if (this.active.has(CLUSTER_UNITS.dcs) || this.active.has(CLUSTER_UNITS.db))
      throw new Error('data of a running daemon are removed');
    for (const path of argv) this.files.delete(path);
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
