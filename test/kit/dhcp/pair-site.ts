import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { askKea } from '../../../ha/dhcp/kea.ts';
import { testAuthority, testIdentity } from '../cluster/pki.ts';
import { DebianHost, type Ran } from '../debian-root.ts';
import { until } from '../until.ts';
import { keaOfPair, OWN_DAY_TIME, UNIT_WITHOUT_SYSTEMD } from './pair-kea.ts';

/* Two racks with a real Kea each, three regions, and machines on the racks' VLAN, in networks of their own: real programs, real sockets. */

const ROOT = join(import.meta.dirname, '../../..');
const CLIENTS = join(import.meta.dirname, 'pair-clients.ts');
export const KEY = 'k1_k2';
const NODE = '/usr/local/bin/node';
const EVERY_MS = 50;
/** Leases in one answer of Kea's. */
const PAGE = 1000;
/** A clock that goes back an hour must not make the certificates young. */
const DAY_MS = 86_400_000;
export const RACKS = ['k1', 'k2'] as const;
export const REGIONS = ['r1', 'r2', 'r3'] as const;
const ADDRESSES: Readonly<Record<string, string>> = {
  r1: '10.77.0.11',
  r2: '10.77.0.12',
  r3: '10.77.0.13',
  k1: '10.77.0.21',
  k2: '10.77.0.22',
};

export type Rack = (typeof RACKS)[number];

/** A lease that a machine got. Times: CLOCK_MONOTONIC, ms. */
export interface Given {
  readonly askedAt: number;
  readonly at: number;
  readonly mac: string;
  readonly address: string;
  readonly server: string;
}

/** What the controller says of the pair. */
export interface PairState {
  readonly state: string;
  readonly why: string;
  readonly owner: string;
  readonly epoch: number;
  readonly kea: string | null;
  readonly lacks: string;
  readonly isAlone: boolean;
  readonly isWhole: boolean;
  readonly regionsHeard: readonly string[];
}

export const monotonic = () => Number(process.hrtime.bigint()) / 1e6;

/** The site; `await using`. */
export class PairSite implements AsyncDisposable {
  readonly #hosts = new Map<string, DebianHost>();
  readonly #programs = new Map<string, ChildProcess>();
  readonly #stopped = new Set<string>();
  readonly given: Given[] = [];
  readonly words: string[] = [];
  #clients: ChildProcess | null = null;
  #key = KEY;
  readonly #pairs = new Map<string, object>();

  /** Everything runs, and both Keas work together. */
  static async open(): Promise<PairSite> {
    const site = new PairSite();
    const authority = await testAuthority('c1', Date.now() - DAY_MS);
    for (const name of ['sw', ...REGIONS, ...RACKS]) site.#hosts.set(name, await DebianHost.open());
    site.#wire();
    for (const name of [...REGIONS, ...RACKS]) {
      const address = ADDRESSES[name] ?? '';
      await site.#furnish(
        name,
        await testIdentity(authority, { nodeId: name, addresses: [address], notBefore: Date.now() - DAY_MS }),
      );
      site.startProgram(name);
    }
    site.#startClients();
    return site;
  }

  host(name: string): DebianHost {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(name);
    return host;
  }

  state(rack: Rack): PairState | null {
    try {
      return JSON.parse(readFileSync(this.host(rack).path(`/run/regent-pairs/${this.#key}.json`), 'utf8')) as PairState;
    } catch {
      return null;
    }
  }

  async kea(rack: Rack): Promise<string | null> {
    const answer = await askKea(this.host(rack).path(`/run/kea/kea4-${this.#key}.sock`), {
      command: 'ha-heartbeat',
    }).catch(() => null);
    return (answer as { state?: string } | null)?.state ?? null;
  }

  /** Both Keas work together and the primary owns the pair. */
  async whole(deadlineMs = 30_000): Promise<void> {
    const isWhole = () => {
      const [primary = 'k1', standby = 'k2'] = this.#key.split('_') as Rack[];
      const [one, two] = [this.state(primary), this.state(standby)];
      const isPaired = one?.kea === 'hot-standby' && two?.kea === 'hot-standby';
      return isPaired && one.state === 'serving' && one.owner === primary && two.owner === primary && two.isWhole;
    };
    await until(`the pair to be whole`, isWhole, { deadlineMs, everyMs: 50 }).catch((error: unknown) => {
      throw new Error(
        `${JSON.stringify([this.state('k1'), this.state('k2')], null, 1)}\n${this.words.slice(-60).join('\n')}`,
        {
          cause: error,
        },
      );
    });
  }

  startProgram(name: string): void {
    const isRack = name.startsWith('k');
    this.#stopped.delete(name);
    const file = `/opt/regent/current/ha/dhcp/${isRack ? 'pairs' : 'votes'}.ts`;
    const program = this.host(name).start(['sh', '-c', `${OWN_DAY_TIME}; exec ${NODE} "$0"`, file]);
    this.#programs.set(name, program);
    for (const stream of [program.stdout, program.stderr])
      if (stream)
        createInterface(stream).on('line', (line) =>
          this.words.push(`${(monotonic() / 1000).toFixed(3)} ${name}: ${line}`),
        );
    // As its unit does: what ends the controller fences, then it comes again.
    program.once('exit', () => {
      // Its host has power again, and a program with it.
      if (this.#hosts.size === 0 || this.#programs.get(name) !== program) return;
      if (isRack)
        void this.host(name)
          .run(['/opt/regent/current/ha/dhcp/ended'])
          .then(() => this.#programs.get(name) === program && this.#again(name));
      else setTimeout(() => this.#again(name), 300);
    });
  }

  #again(name: string): void {
    if (!this.#stopped.has(name) && this.#hosts.size > 0) this.startProgram(name);
  }

  /** Ends a program, and whatever would start it again. */
  async stopProgram(name: string, signal = 'KILL'): Promise<void> {
    this.#stopped.add(name);
    await this.host(name).run(['pkill', `-${signal}`, '-f', '/ha/dhcp/(pairs|votes).ts']);
  }

  /** Kills a program; it comes again as with its unit. */
  async killProgram(name: string, signal = 'KILL'): Promise<void> {
    await this.host(name).run(['pkill', `-${signal}`, '-f', '/ha/dhcp/(pairs|votes).ts']);
  }

  /** Stops or continues everything that runs on a host. */
  async signalAll(name: string, signal: 'STOP' | 'CONT'): Promise<void> {
    await this.host(name).run(['pkill', `-${signal}`, '-f', 'kea|/ha/dhcp/']);
    // nsenter stops with what it has started, and must be told apart to go on.
    if (signal === 'CONT') this.#programs.get(name)?.kill('SIGCONT');
  }

  /** A region comes back without its file. */
  async loseVotes(region: string): Promise<void> {
    await this.host(region).run(['rm', '-rf', '/var/lib/regent-votes']);
    await this.killProgram(region);
  }

  /** Whom a region has on its disk. */
  votes(region: string): { readonly owner: string; readonly epoch: number } | null {
    const text = readFileSync(this.host(region).path('/var/lib/regent-votes/votes.json'), 'utf8');
    return (JSON.parse(text) as { records: Record<string, { owner: string; epoch: number }> }).records[KEY] ?? null;
  }

  /** An operator's `serve-alone` for the pair; for `k3` of a pair that is not there. */
  order(rack: Rack | 'k3', options: readonly string[]): Promise<Ran> {
    const key = rack === 'k3' ? 'k3_k4' : KEY;
    return this.host(rack === 'k3' ? 'k1' : rack).run(['/opt/regent/current/ha/dhcp/serve-alone', key, ...options]);
  }

  /** A host without power: all at once, and nothing is ended in order. */
  async powerOff(name: string): Promise<void> {
    this.#stopped.add(name);
    this.#link(name, 'down');
    await this.host(name).run(['pkill', '-KILL', '-f', 'kea|/ha/dhcp/']);
    await this.host(name).run([
      'sh',
      '-c',
      'rm -rf /run/regent-pairs/*; while ip rule del pref 5256 2>/dev/null; do :; done',
    ]);
  }

  powerOn(name: string): void {
    this.#link(name, 'up');
    this.startProgram(name);
  }

  signalKea(rack: Rack, signal: string): Promise<unknown> {
    return this.host(rack).run(['pkill', `-${signal}`, 'kea-dhcp4']);
  }

  /** Changes what the pipeline says of the pair. */
  tell(rack: Rack, changes: object): void {
    const pair = { ...this.#pairs.get(rack), ...changes };
    this.#pairs.set(rack, pair);
    this.host(rack).write(`/etc/kea/regent-${this.#key}/pair.json`, JSON.stringify(pair));
  }

  /** Gives a rack's Kea another file; what is alike on both sides is named `tag`. */
  configure(rack: Rack, tag: string, isTls = false): void {
    const own = rack.padEnd(16, '-');
    const file = `/etc/kea/regent-${this.#key}/kea-dhcp4-${this.#key}.conf`;
    this.host(rack).write(file, keaOfPair(rack, `${own}${tag}`, this.#key, isTls));
  }

  /**
   * The racks become another pair: each lets the old one go in its own time, up to `lateMs` after the other, and only when both have do they get the new one,
   * as late again (`src/services/dhcp/README.md`).
   */
  async become(key: string, late: () => Promise<unknown>): Promise<void> {
    const [primary, standby] = key.split('_');
    await Promise.all(
      RACKS.map(async (rack) => {
        await late();
        await this.#letGo(rack);
      }),
    );
    this.#key = key;
    await Promise.all(
      RACKS.map(async (rack) => {
        await late();
        this.configure(rack, key);
        this.tell(rack, { key, role: rack === primary ? 'primary' : 'standby', primary, standby });
      }),
    );
  }

  /** As the agent does with an instance that is not wanted any more. */
  async #letGo(rack: Rack): Promise<void> {
    const [key, host] = [this.#key, this.host(rack)];
    const isGone = async () => {
      await host.run(['/opt/regent/current/ha/dhcp/unit', 'stop', key]);
      await host.run(['rm', '-rf', `/etc/kea/regent-${key}`]);
      const left = await host.run(['sh', '-c', `pgrep -f '[k]ea-dhcp4 -c' || ls /run/regent-pairs/${key}.may`]);
      return left.stdout.trim() === '';
    };
    await until(`${rack} to let ${key} go`, isGone);
  }

  /** Changes a rack's file of leases by a shell command, in which it is `$f`. */
  async spoil(rack: Rack, command: string): Promise<void> {
    const ran = await this.host(rack).run(['sh', '-ec', `f=/var/lib/kea/kea-leases4-${this.#key}.csv; ${command}`]);
    if (ran.code !== 0) throw new Error(ran.stderr);
  }

  /** The leases that a rack's Kea has, as `ADDRESS MAC STATE`. */
  async leases(rack: Rack): Promise<ReadonlySet<string>> {
    const socket = this.host(rack).path(`/run/kea/kea4-${this.#key}.sock`);
    const found = new Set<string>();
    for (let from = 'start'; ; ) {
      const page = { command: 'lease4-get-page', arguments: { from, limit: PAGE } };
      // Kea answers 3 when there is none any more.
      const answer = (await askKea(socket, page, 10_000).catch((error: unknown) => {
        if (/no lease|0 IPv4 lease/i.test(String(error))) return null;
        throw error;
      })) as { leases?: { 'ip-address': string; 'hw-address': string; state: number }[] } | null;
      const leases = answer?.leases ?? [];
      for (const lease of leases) found.add(`${lease['ip-address']} ${lease['hw-address']} ${lease.state}`);
      from = leases.at(-1)?.['ip-address'] ?? '';
      if (leases.length < PAGE) return found;
    }
  }

  /** Lets a rack's Kea read its file anew, as the agent does. Gives what was waited for, and for how long, ms. */
  async reload(rack: Rack, isInTurn = true): Promise<{ readonly why: string; readonly ms: number }> {
    const from = monotonic();
    const why = isInTurn
      ? (await this.host(rack).run(['/opt/regent/current/ha/kea/in-turn', this.#key])).stdout.trim()
      : '';
    const ms = monotonic() - from;
    await askKea(this.host(rack).path(`/run/kea/kea4-${this.#key}.sock`), { command: 'config-reload' }, 10_000);
    return { why, ms };
  }

  /** Tells a rack's Kea to give no lease, as the other's Kea does while it takes all leases: with its id of origin, for a minute. */
  async pauseKea(rack: Rack): Promise<void> {
    const order = { command: 'dhcp-disable', arguments: { 'origin-id': 2001, 'max-period': 60 } };
    await askKea(this.host(rack).path(`/run/kea/kea4-${KEY}.sock`), order);
  }

  /** From now on a rack's programs, started anew for it, have the day's time that `dayTime` says. */
  async ownDay(rack: Rack): Promise<void> {
    // One that was not waited for (a zombie) stays for ever: no first process of these hosts looks after it.
    const look = ['pgrep', '--runstates', 'D,R,S,T', 'kea-dhcp4'];
    const running = async () => (await this.host(rack).run(look)).stdout.trim().split('\n');
    const before = await running();
    this.dayTime(rack, 0);
    await this.killProgram(rack);
    await this.signalKea(rack, 'KILL');
    const isNew = async () => !(await running()).some((pid) => before.includes(pid)) && (await this.kea(rack)) !== null;
    await until(`the Kea of ${rack} to be a new one`, isNew, { deadlineMs: 20_000 });
  }

  /** Its programs that have a day of their own have the real time again; those that start later have it anyway. */
  endOwnDay(rack: Rack): void {
    if (!existsSync(this.host(rack).path('/run/day-time'))) return;
    this.dayTime(rack, 0);
  }

  /** Leases that were given in this time are nobody's. */
  forget(from: number, to: number): void {
    for (let index = this.given.length - 1; index >= 0; index -= 1) {
      const { at = 0 } = this.given[index] ?? {};
      if (at >= from && at < to) this.given.splice(index, 1);
    }
  }

  /** Sets a rack's clock, s ahead of the real one; that since the boot stays. */
  dayTime(rack: Rack, aheadS: number): void {
    const host = this.host(rack);
    // Programs read it at each look at the clock, and end by one that is written half.
    host.write('/run/day-time.new', `${aheadS < 0 ? '' : '+'}${aheadS}\n`);
    renameSync(host.path('/run/day-time.new'), host.path('/run/day-time'));
  }

  /** Pulls the cable of a rack's VLAN, or puts it in. */
  cable(rack: Rack, state: 'up' | 'down'): void {
    this.#inNet('sw', ['ip', 'link', 'set', `v-${rack}`, state], true);
  }

  /** Leaves no room where the leases are, or makes it again. */
  async room(rack: Rack, has: boolean): Promise<void> {
    const fill =
      'dd if=/dev/zero of=/var/lib/kea/ballast bs=64k 2>/dev/null; dd if=/dev/zero of=/var/lib/kea/rest bs=1 count=65536 2>/dev/null';
    await this.host(rack).run(['sh', '-c', has ? 'rm -f /var/lib/kea/ballast /var/lib/kea/rest' : `${fill}; true`]);
  }

  /** Drops what goes between hosts on the network of the racks and regions, both ways; silently. */
  async cut(name: string, others: readonly string[]): Promise<void> {
    const rules = others.flatMap((other) => [
      `add rule bridge cut forward ip saddr ${ADDRESSES[name]} ip daddr ${ADDRESSES[other]} drop`,
      `add rule bridge cut forward ip saddr ${ADDRESSES[other]} ip daddr ${ADDRESSES[name]} drop`,
    ]);
    await this.#nft(rules);
  }

  async heal(): Promise<void> {
    await this.#nft(['flush chain bridge cut forward']);
  }

  async #nft(lines: readonly string[]): Promise<void> {
    const base = ['add table bridge cut', 'add chain bridge cut forward { type filter hook forward priority 0; }'];
    const ran = await this.host('sw').run(['nft', [...base, ...lines].join('; ')]);
    if (ran.code !== 0) throw new Error(ran.stderr);
  }

  #link(name: string, state: 'up' | 'down'): void {
    for (const port of [`m-${name}`, `v-${name}`]) this.#inNet('sw', ['ip', 'link', 'set', port, state], true);
  }

  #inNet(name: string, argv: readonly string[], mayFail = false): void {
    try {
      execFileSync('nsenter', ['--target', String(this.host(name).pid), '--net', '--', ...argv], { stdio: 'pipe' });
    } catch (error) {
      if (!mayFail) throw error;
    }
  }

  #wire(): void {
    for (const bridge of ['mg', 'vl']) {
      this.#inNet('sw', ['ip', 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0']);
      this.#inNet('sw', ['ip', 'link', 'set', bridge, 'up']);
    }
    this.#inNet('sw', ['ip', 'address', 'add', '10.20.0.1/16', 'dev', 'vl']);
    this.#inNet('sw', ['ip', 'route', 'add', 'default', 'dev', 'vl']);
    const plug = (name: string, [port, bridge]: [string, string], [device, address]: [string, string]) => {
      const pid = String(this.host(name).pid);
      this.#inNet('sw', ['ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', pid]);
      this.#inNet('sw', ['ip', 'link', 'set', port, 'master', bridge, 'up']);
      this.#inNet(name, ['ip', 'address', 'add', address, 'dev', device]);
      this.#inNet(name, ['ip', 'link', 'set', device, 'up']);
    };
    for (const [name, address] of Object.entries(ADDRESSES)) plug(name, [`m-${name}`, 'mg'], ['eth0', `${address}/24`]);
    for (const name of RACKS)
      plug(name, [`v-${name}`, 'vl'], ['vlan', `10.20.0.${ADDRESSES[name]?.split('.')[3] ?? ''}/16`]);
  }

  async #furnish(name: string, identity: { authority: string; certificate: string; key: string }): Promise<void> {
    const host = this.host(name);
    host.write('/etc/regent/pki/ca.crt', identity.authority);
    host.write('/etc/regent/pki/node.crt', identity.certificate);
    host.write('/etc/regent/pki/node.key', identity.key);
    for (const room of ['dhcp', 'kea', 'kit'])
      for (const file of readdirSync(join(ROOT, 'ha', room))) {
        const path = join(ROOT, 'ha', room, file);
        const mode = statSync(path).mode & 0o111 ? 0o755 : 0o644;
        host.write(`/opt/regent/current/ha/${room}/${file}`, readFileSync(path, 'utf8'), { mode });
      }
    host.write('/opt/regent/current/package.json', '{"type":"module"}\n');
    host.write('/opt/regent/current/ha/dhcp/unit', UNIT_WITHOUT_SYSTEMD, { mode: 0o755 });
    host.write(NODE, '', { mode: 0o755 });
    await host.show(process.execPath, NODE);
    const regions = REGIONS.map((region) => ({ name: region, address: ADDRESSES[region] }));
    if (name.startsWith('r')) {
      host.write('/etc/regent/votes/votes.json', JSON.stringify({ name, address: ADDRESSES[name], racks: RACKS }));
      return;
    }
    const [role, other] = name === 'k1' ? ['primary', 'k2'] : ['standby', 'k1'];
    const [haPort, partnerPort] = name === 'k1' ? [21_003, 21_004] : [21_004, 21_003];
    const partner = { name: other, address: ADDRESSES[other] };
    this.#pairs.set(name, {
      key: KEY,
      role,
      self: name,
      primary: 'k1',
      standby: 'k2',
      partner,
      address: ADDRESSES[name],
      haPort,
      partnerPort,
      regions,
      vlans: ['vlan'],
      interfaces: ['vlan'],
    });
    this.tell(name as Rack, {});
    this.configure(name as Rack, 'first');
    for (const folder of [`/run/kea/${KEY}`, '/run/kea/k2_k1', '/var/lib/kea', '/var/log/kea', '/run/regent-pairs'])
      await host.run(['mkdir', '-p', folder]);
    await host.run(['mount', '-t', 'sysfs', 'sysfs', '/sys']);
    await host.run(['mount', '-t', 'tmpfs', '-o', 'size=8m,mode=755', 'tmpfs', '/var/lib/kea']);
    // Kea takes no other (2.6.3).
    await host.run(['chmod', '750', '/run/kea']);
  }

  #startClients(): void {
    const child = this.host('sw').startBeside([process.execPath, CLIENTS, String(EVERY_MS)]);
    this.#clients = child;
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.given.push(JSON.parse(line) as Given));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#programs.keys()) this.#stopped.add(name);
    this.#clients?.stdin?.end();
    const hosts = [...this.#hosts.values()];
    this.#hosts.clear();
    for (const host of hosts) await host[Symbol.asyncDispose]();
  }
}
