import { rejected } from '../../../src/core/errors.ts';
import type { ExecResult, UnitState } from '../../../src/core/host-values.ts';
import type { Host } from '../../../src/host/interface.ts';
import { textDigest } from '../../../src/core/stable-json.ts';
import type { InitOptions } from '../../../src/join/init/options.ts';
import type { InitPorts, NewKey, SiteRows } from '../../../src/join/ports.ts';
import { MortalHost } from './mortal-host.ts';

const NOW = Date.UTC(2026, 10, 20);
const AGENT = 'regent-agent.service';

/** `regent init` as it is called without a word. */
export const INIT_OPTIONS: InitOptions = {
  name: null,
  domain: null,
  address: null,
  vip: null,
  virtualRouter: null,
  isRack: true,
  databaseFile: null,
  isJson: false,
  deadlineMs: 60_000,
};

interface KeyRow extends NewKey {
  isRevoked: boolean;
}

/** A host and a database that survive the kills of the processes that work on them. */
export class FakeSite extends MortalHost {
  readonly units = new Map<string, UnitState['active']>();
  readonly enabled = new Set<string>();
  readonly listening: string[] = [];
  isMigrated = false;
  /** Power was cut while the cluster's database was made: nobody serves from what is there. */
  isHalfMade = false;
  /** An own database, which needs no cluster. */
  isDatabaseUp = false;
  site: SiteRows | null = null;
  credentialDigest: string | null = null;
  keys: KeyRow[] = [];
  /** Names of the units that an agent or region was started with after its inputs had changed. */
  starts: string[] = [];
  shown: string[] = [];
  said: string[] = [];
  #counter = 0;
  #now = 0;

  constructor() {
    super();
    this.put('/etc/regent/regent.conf', '# mine\nLOG_LEVEL=debug\n#NODE_NAME=\n');
  }

  ports(changes: Partial<InitPorts> = {}): InitPorts {
    return {
      host: this.#host(),
      database: {
        readSite: async () => this.#look(),
        migrate: async () => this.effect(() => this.#migrate()),
        writeSite: async (rows) => this.effect(() => this.#set(() => (this.site = rows))),
        writeCluster: async () => null,
        writeCredential: async (_nodeId, digest) =>
          this.effect(() => this.#set(() => (this.credentialDigest = digest))),
        replaceKey: async (key) => this.effect(() => this.#replaceKey(key)),
      },
      askRegion: async (_url, apiKey) => this.#ask(apiKey),
      hex: (bytes) => {
        this.#counter += 1;
        return this.#counter.toString(16).padStart(bytes * 2, '0');
      },
      monotonic: () => this.#now,
      sleep: async (ms) => {
        this.#now += ms;
      },
      say: (line) => void this.said.push(line),
      show: async (text) => this.effect(() => void this.shown.push(text)),
      uid: 0,
      productRoot: '/opt/regent/releases/0.1.0',
      version: '0.1.0',
      now: () => NOW + this.#now,
      compile: (seed) => ({ body: { services: {} }, versions: [], refusals: seed.nodes.length === 1 ? [] : ['?'] }),
      hasOwnDatabase: false,
      databaseUrl: null,
      ...changes,
    };
  }

  neighbours = '';
  /** The kernel still has it in its table, and nobody answers any more. */
  remembered = '';
  versionOf = (program: string): string => (program === 'etcd' ? '3.5.16' : program === 'patroni' ? '4.0.4' : '17.6');

  #host(): Host {
    return this.hostOf({
      facts: {
        hostname: 'r1.example.test',
        interfaces: [
          { name: 'eth0', mac: '52:54:00:00:00:01', addresses: ['10.77.0.11', 'fe80::1'] },
          { name: 'lo', mac: '00:00:00:00:00:00', addresses: ['127.0.0.1', '::1'] },
        ],
      },
      active: (unit) => this.units.get(unit) ?? 'inactive',
      act: (unit, verb) => this.#act(unit, verb),
      exec: (argv) => this.#exec(argv),
    });
  }

  #look() {
    if (!this.isDatabaseUp && !this.#isClusterUp()) return rejected('unavailable', 'The database is not up.');
    if (!this.isMigrated || this.site === null) return { isRegent: this.isMigrated, nodes: [] };
    const { nodeId, nodeName } = this.site;
    return { isRegent: true, nodes: [{ id: nodeId, name: nodeName }] };
  }

  /** The agent has brought the database up from its ledger; the region reaches it by the password. */
  #isClusterUp(): boolean {
    const needed = [
      '/etc/regent/pki/node.pem',
      '/etc/regent/secrets/patroni.env',
      '/etc/regent/secrets/database.password',
    ];
    const ledger = this.text('/var/lib/regent/agent/ledger.json');
    if (this.isHalfMade) return false;
    return this.units.get(AGENT) === 'active' && ledger !== null && needed.every((path) => this.text(path) !== null);
  }

  #migrate(): string[] {
    const applied = this.isMigrated ? [] : ['1 (names)'];
    this.isMigrated = true;
    return applied;
  }

  #set(change: () => unknown): null {
    change();
    return null;
  }

  #replaceKey(key: NewKey): null {
    for (const row of this.keys) if (row.label === key.label) row.isRevoked = true;
    this.keys.push({ ...key, isRevoked: false });
    return null;
  }

  #act(unit: string, verb: string): void {
    this.starts.push(`${verb} ${unit}`);
    if (verb === 'stop') {
      this.units.set(unit, 'inactive');
      this.#reads.delete(unit);
      return;
    }
    this.units.set(unit, 'active');
    // What a process reads at its start is what it goes by from then on.
    if (verb === 'restart' || !this.#reads.has(unit)) this.#reads.set(unit, this.#inputsOf());
  }

  readonly #reads = new Map<string, string>();

  #inputsOf(): string {
    return `${this.text('/etc/regent/regent.conf')}|${this.text('/etc/regent/agent.conf')}|${this.text('/var/lib/regent/agent/credential')}`;
  }

  #exec(argv: readonly string[]): ExecResult {
    const ok = { code: 0, signal: null, stderr: '', timedOut: false, failure: null };
    if (argv[0] === 'df') return { ...ok, stdout: 'Avail\n9000000\n' };
    if (argv[0] === 'curl' || argv[0] === 'sync') return { ...ok, stdout: '' };
    if (argv[0] === 'ip' && argv.includes('flush')) this.remembered = '';
    if (argv[0] === 'ip') return { ...ok, stdout: this.neighbours || this.remembered };
    if (argv[0] === 'find') return { ...ok, stdout: '' };
    if (argv.includes('--version')) return { ...ok, stdout: `${argv[0]} ${this.versionOf(argv[0] ?? '')}\n` };
    if (argv[0] === 'ss') return { ...ok, stdout: `${this.listening.join('\n')}\n` };
    if (argv.includes('enable')) {
      return this.effect(() => {
        for (const word of argv) if (word.startsWith('regent-')) this.enabled.add(word);
        return { ...ok, stdout: '' };
      });
    }
    if (argv[0] === 'rm') return this.effect(() => this.#removeData(argv, ok));
    throw new Error(`unexpected command ${argv.join(' ')}`);
  }

  #removeData(argv: readonly string[], ok: Omit<ExecResult, 'stdout'>): ExecResult {
    const both = ['/var/lib/postgresql/17/regent', '/var/lib/etcd/regent/member'];
    if (this.units.get(AGENT) === 'active' || !both.every((path) => argv.includes(path)))
      throw new Error(argv.join(' '));
    this.isHalfMade = false;
    this.isMigrated = false;
    this.site = null;
    return { ...ok, stdout: '' };
  }

  /** Healthy when both processes run with what is on disk, and the agent's secret is the one that the database knows. */
  #ask(apiKey: string) {
    const key = this.keys.find((row) => `${row.consumer}:${row.token}:${row.secret}` === apiKey);
    const secret = this.text('/var/lib/regent/agent/credential')?.trim().split(':')[2] ?? '';
    const isKnown = textDigest(secret) === this.credentialDigest;
    const isCurrent = this.#reads.get('regent-agent.service') === this.#inputsOf();
    if (!key || key.isRevoked) return { isReady: false, why: 'the key is not known' };
    if (!isKnown) return { isReady: false, why: 'the agent is refused' };
    if (!isCurrent) return { isReady: false, why: 'the agent runs with an old credential or name' };
    return { isReady: true, why: '' };
  }
}
